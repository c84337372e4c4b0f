use crate::cargo::cargo;
use crate::error::Error;
use crate::npm;
use crate::process::Run as _;
use crate::repo::Repo;

/// Writes the JSON Schema from the Rust types, and the TypeScript types from the JSON Schema.
pub(crate) fn write(repo: &Repo) -> Result<(), Error> {
    generate(repo, &[])
}

/// The same, but nothing is written: a difference is an error, and so is what breaks a released version.
pub(crate) fn check(repo: &Repo) -> Result<(), Error> {
    generate(repo, &["--check"])
}

/// What [`check`] does, and the samples as Ajv sees them.
pub(crate) fn test(repo: &Repo) -> Result<(), Error> {
    check(repo)?;
    npm::script(repo, "@choo/schema-tests", "test").run()
}

/// Freezes the schemas and the sample lines of a version that is being released.
pub(crate) fn release(repo: &Repo, version: &str) -> Result<(), Error> {
    run(repo, &["--release", version])
}

fn generate(repo: &Repo, flags: &[&str]) -> Result<(), Error> {
    npm::install(repo)?;
    run(repo, flags)?;
    npm::script(repo, "@choo/wire", "generate").arg("--").args(flags).run()
}

fn run(repo: &Repo, flags: &[&str]) -> Result<(), Error> {
    cargo(repo).args(["run", "--quiet", "-p", "choo-schema", "--"]).args(flags).run()
}
