use crate::cargo::cargo;
use crate::error::Error;
use crate::process::Run as _;
use crate::repo::Repo;

/// Play simulated worlds of the pusher: crashes, stalls, torn lines, full buffers.
///
/// A broken promise is told with the seed that shows it.
#[derive(Debug, clap::Args)]
pub(crate) struct Sim {
    /// How many worlds [default: 2000, or 1 with --seed]
    #[arg(long, value_name = "N")]
    seeds: Option<u64>,
    /// The first one.
    #[arg(long, value_name = "S")]
    seed: Option<u64>,
}

pub(crate) fn sim(repo: &Repo, options: &Sim) -> Result<(), Error> {
    let mut run = cargo(repo);
    // Optimised: the worlds take ten times as long otherwise.
    run.args([
        "run",
        "--quiet",
        "--release",
        "-p",
        "choo-transport",
        "--features",
        "sim",
        "--example",
        "sim",
    ]);
    run.arg("--");
    for (flag, value) in [("--seeds", options.seeds), ("--seed", options.seed)] {
        if let Some(value) = value {
            run.arg(flag).arg(value.to_string());
        }
    }
    run.run()
}
