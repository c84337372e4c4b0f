use crate::cargo::cargo;
use crate::checks;
use crate::error::Error;
use crate::fuzz;
use crate::npm;
use crate::packages;
use crate::process::Run as _;
use crate::repo::Repo;
use crate::schema;
use crate::step::{self, Step};
use crate::ui;
use crate::wasm;

const SET_UP: Step<Repo> = Step { name: "set-up", needs: &[], run: set_up };

/// Everything that must hold before a change goes in. Cheap checks come first, and the page before the hub,
/// which embeds it.
const STEPS: &[Step<Repo>] = &[
    Step { name: "fmt", needs: &[], run: |repo| format(repo, true) },
    Step { name: "npm-lock", needs: &[], run: checks::npm_lock },
    Step { name: "tokio", needs: &[], run: checks::tokio_features },
    Step { name: "wasm", needs: &[], run: wasm::build },
    Step { name: "wire", needs: &["wasm"], run: ui::build_wire },
    Step { name: "wire-tests", needs: &["wire"], run: |repo| npm_test(repo, "@choo/wire") },
    Step { name: "ui", needs: &["wire"], run: ui::build_page },
    Step { name: "ui-tests", needs: &["ui"], run: |repo| npm_test(repo, "ui") },
    Step { name: "clippy", needs: &[], run: clippy },
    Step { name: "docs", needs: &[], run: docs },
    // All programs and tests at once: one resolution of features, so nothing is compiled twice.
    Step { name: "build", needs: &[], run: build },
    Step { name: "schema", needs: &[], run: schema::test },
    Step { name: "tests", needs: &["build", "wire"], run: tests },
    Step { name: "fuzz", needs: &[], run: fuzz::for_a_minute },
    Step { name: "browser", needs: &["ui", "build"], run: |repo| npm_test(repo, "@choo/browser-tests") },
];

/// Runs the steps of these names, or all if there are none, and says whether all went well.
pub(crate) fn test(repo: &Repo, only: &[String]) -> bool {
    step::run(&SET_UP, STEPS, only, repo)
}

/// What a step can be called on the command line.
pub(crate) fn step_names() -> impl Iterator<Item = &'static str> {
    std::iter::once(&SET_UP).chain(STEPS).map(|step| step.name)
}

/// Formats, or with `check` only tells what is not formatted.
pub(crate) fn format(repo: &Repo, check: bool) -> Result<(), Error> {
    let flag: &[&str] = if check { &["--check"] } else { &[] };
    cargo(repo).args(["fmt", "--all"]).args(flag).run()
}

fn set_up(repo: &Repo) -> Result<(), Error> {
    packages::ensure(repo, &packages::FOR_TESTS)?;
    npm::install(repo)
}

fn npm_test(repo: &Repo, workspace: &str) -> Result<(), Error> {
    npm::script(repo, workspace, "test").run()
}

fn clippy(repo: &Repo) -> Result<(), Error> {
    cargo(repo).args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]).run()
}

fn docs(repo: &Repo) -> Result<(), Error> {
    cargo(repo).env("RUSTDOCFLAGS", "-D warnings").args(["doc", "--workspace", "--no-deps"]).run()
}

fn build(repo: &Repo) -> Result<(), Error> {
    cargo(repo).args(["build", "--workspace", "--all-targets"]).run()
}

fn tests(repo: &Repo) -> Result<(), Error> {
    // The set-up has seen to all that they ask for, so nothing may be skipped.
    cargo(repo).args(["test", "--workspace", "--no-fail-fast"]).env("CHOO_SKIP_NOTHING", "1").run()
}
