use crate::cargo::cargo;
use crate::error::Error;
use crate::process::Run as _;
use crate::repo::Repo;

/// Run one thing for long.
#[derive(Debug, clap::Args)]
pub(crate) struct Soak {
    #[command(subcommand)]
    campaign: Campaign,
}

#[derive(Debug, clap::Subcommand)]
enum Campaign {
    /// Kill and restart `choo web` under 5,000 events a second, and hold what the last one has against what was
    /// emitted. The ordinary tests do it three times.
    Kills {
        /// How often.
        #[arg(long, value_name = "N", default_value_t = 50)]
        times: u32,
        /// Decides when.
        #[arg(long, value_name = "S", default_value_t = 1)]
        seed: u64,
    },
}

pub(crate) fn soak(repo: &Repo, options: &Soak) -> Result<(), Error> {
    let Campaign::Kills { times, seed } = options.campaign;
    cargo(repo).args(["build", "-p", "choo"]).run()?;
    let mut test = cargo(repo);
    test.env("CHOO_KILLS", times.to_string()).env("CHOO_SEED", seed.to_string());
    test.args(["test", "-p", "choo-tests", "--test", "kills", "--", "--nocapture"]).run()
}
