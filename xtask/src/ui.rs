use crate::error::Error;
use crate::npm;
use crate::process::Run as _;
use crate::repo::Repo;
use crate::stamp::Stamp;
use crate::wasm;

/// Brings the page up to date, and everything below it.
pub(crate) fn build(repo: &Repo) -> Result<(), Error> {
    wasm::build(repo)?;
    build_wire(repo)?;
    build_page(repo)
}

/// `@choo/wire`: the package around the module.
pub(crate) fn build_wire(repo: &Repo) -> Result<(), Error> {
    let inputs = [
        "wasm/js/src",
        "wasm/js/pkg",
        "wasm/js/package.json",
        "wasm/js/tsconfig.json",
        "wasm/js/tsconfig.build.json",
    ];
    run_if_stale(repo, "wire", &inputs, "wasm/js/dist", "@choo/wire")
}

/// The files that the hub serves.
pub(crate) fn build_page(repo: &Repo) -> Result<(), Error> {
    let inputs = [
        "ui/src",
        "ui/public",
        "ui/index.html",
        "ui/package.json",
        "ui/tsconfig.json",
        "ui/vite.config.ts",
        "wasm/js/dist",
        "wasm/js/pkg",
        "wasm/js/package.json",
    ];
    run_if_stale(repo, "ui", &inputs, "ui/dist", "ui")
}

/// Building what is there already would only give the files new times, and the hub, which embeds them, a
/// reason to be compiled again.
fn run_if_stale(
    repo: &Repo,
    name: &str,
    inputs: &[&str],
    output: &str,
    workspace: &str,
) -> Result<(), Error> {
    let _turn = repo.lock(name)?;
    let mut inputs: Vec<_> = inputs.iter().map(|input| repo.path(input)).collect();
    inputs.push(npm::lock_file(repo));
    let stamp = Stamp::new(repo, name, "npm run build", inputs, vec![repo.path(output)])?;
    if stamp.is_fresh() {
        return Ok(());
    }
    npm::script(repo, workspace, "build").run()?;
    stamp.press()
}
