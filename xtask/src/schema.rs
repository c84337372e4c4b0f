use crate::cargo::cargo;
use crate::error::Error;
use crate::npm;
use crate::process::Run as _;
use crate::repo::Repo;

/// Writes the JSON Schema from the Rust types, and the TypeScript types from the JSON Schema. With `check`
/// nothing is written, and a difference is an error.
pub(crate) fn generate(repo: &Repo, check: bool) -> Result<(), Error> {
    npm::install(repo)?;
    let flag: &[&str] = if check { &["--check"] } else { &[] };
    cargo(repo).args(["run", "--quiet", "-p", "choo-schema", "--"]).args(flag).run()?;
    npm::script(repo, "@choo/wire", "generate").arg("--").args(flag).run()
}
