use crate::cargo::cargo;
use crate::checks;
use crate::error::Error;
use crate::npm;
use crate::packages;
use crate::process::Run as _;
use crate::repo::Repo;
use crate::schema;
use crate::step::Steps;
use crate::ui;
use crate::wasm;

/// Everything that must hold before a change goes in. Cheap checks come first, and the page before the hub,
/// which embeds it.
pub(crate) fn test(repo: &Repo, only: Vec<String>) -> bool {
    let mut steps = Steps::new(only);
    steps.run("set-up", &[], || {
        packages::ensure(repo, &packages::FOR_TESTS)?;
        npm::install(repo)
    });
    steps.run("fmt", &[], || format(repo, true));
    steps.run("npm lock", &[], || checks::npm_lock(repo));
    steps.run("tokio", &[], || checks::tokio_features(repo));
    steps.run("wasm", &["set-up"], || wasm::build(repo));
    steps.run("wire build", &["wasm"], || ui::build_wire(repo));
    steps.run("wire tests", &["wire build"], || npm::script(repo, "@choo/wire", "test").run());
    steps.run("ui build", &["wire build"], || ui::build_page(repo));
    steps.run("ui tests", &["ui build"], || npm::script(repo, "ui", "test").run());
    steps.run("clippy", &[], || {
        cargo(repo).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()
    });
    steps.run("docs", &[], || {
        cargo(repo).env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--workspace", "--no-deps"]).run()
    });
    // All programs and tests at once: one resolution of features, so nothing is compiled twice.
    steps.run("build", &[], || cargo(repo).args(["build", "--workspace", "--all-targets"]).run());
    steps.run("schema", &["set-up", "build"], || schema::generate(repo, true));
    steps.run("tests", &["build"], || cargo(repo).args(["test", "--workspace"]).run());
    steps.run("browser tests", &["ui build", "build"], || {
        npm::script(repo, "@choo/browser-tests", "test").run()
    });
    steps.finish()
}

/// Formats, or with `check` only tells what is not formatted.
pub(crate) fn format(repo: &Repo, check: bool) -> Result<(), Error> {
    let flag: &[&str] = if check { &["--check"] } else { &[] };
    cargo(repo).args(["fmt", "--all"]).args(flag).run()
}
