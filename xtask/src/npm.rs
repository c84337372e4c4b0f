use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::error::{At as _, Error};
use crate::process::Run as _;
use crate::repo::Repo;

const LOCK: &str = "package-lock.json";
/// A copy of the lock that was last installed. It lies inside, so that it goes where the packages go.
const INSTALLED: &str = "node_modules/.installed-lock.json";

/// Installs the packages of the lock, unless they are there already.
pub(crate) fn install(repo: &Repo) -> Result<(), Error> {
    let _turn = repo.lock("npm")?;
    let path = repo.path(LOCK);
    let wanted = fs::read(&path).at("read", &path)?;
    let installed = repo.path(INSTALLED);
    if fs::read(&installed).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    npm(repo).args(["ci", "--no-audit", "--no-fund"]).run()?;
    fs::write(&installed, &wanted).at("write", &installed)
}

/// A script of a workspace's package.json.
pub(crate) fn script(repo: &Repo, workspace: &str, name: &str) -> Command {
    let mut command = npm(repo);
    command.args(["run", name, "-w", workspace]);
    command
}

/// Node with the program of an installed package.
pub(crate) fn tool(repo: &Repo, program: &str) -> Command {
    let mut command = node(repo);
    command.arg(repo.path("node_modules").join(program));
    command
}

pub(crate) fn node(repo: &Repo) -> Command {
    let mut command = Command::new("node");
    command.current_dir(repo.root());
    command
}

/// The lock file, for those who check or fingerprint it.
pub(crate) fn lock_file(repo: &Repo) -> PathBuf {
    repo.path(LOCK)
}

fn npm(repo: &Repo) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(repo.root()).env("npm_config_update_notifier", "false");
    command
}
