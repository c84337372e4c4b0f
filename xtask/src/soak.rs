use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::cargo::cargo;
use crate::error::{At as _, Error};
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
    /// Fill up the disk of a hub, take its permission to write away, and give both back: on a small file system of
    /// its own, which only root may mount.
    Disk,
}

pub(crate) fn soak(repo: &Repo, options: &Soak) -> Result<(), Error> {
    cargo(repo).args(["build", "-p", "choo"]).run()?;
    match options.campaign {
        Campaign::Kills { times, seed } => {
            let mut test = cargo(repo);
            test.env("CHOO_KILLS", times.to_string()).env("CHOO_SEED", seed.to_string());
            test.args(["test", "-p", "choo-tests", "--test", "kills", "--", "--nocapture"]).run()
        }
        Campaign::Disk => {
            let disk = Disk::mount(repo)?;
            let mut test = cargo(repo);
            test.env("CHOO_DISK", &disk.0);
            test.args([
                "test",
                "-p",
                "choo-tests",
                "--test",
                "disk",
                "--",
                "--nocapture",
                "--include-ignored",
            ]);
            test.arg("--test-threads=1").run()
        }
    }
}

/// A file system in memory, small enough to be filled; unmounted when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(repo: &Repo) -> Result<Self, Error> {
        if !rustix::process::geteuid().is_root() {
            let why = "only root may mount the small file system that this fills up; the ordinary tests limit the \
                       hub's files instead";
            return Err(Error::Unsupported(why.to_owned()));
        }
        let dir = repo.scratch()?.join("disk");
        fs::create_dir_all(&dir).at("make", &dir)?;
        Command::new("mount").args(["-t", "tmpfs", "-o", "size=24m", "choo-disk"]).arg(&dir).run()?;
        Ok(Disk(dir))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        if let Err(error) = Command::new("umount").arg(&self.0).run() {
            anstream::eprintln!("{error}");
        }
    }
}
