use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{Parser, Subcommand};

use crate::bench::{self, Bench};
use crate::demo;
use crate::error::Error;
use crate::fuzz::{self, Fuzz};
use crate::repo::Repo;
use crate::schema;
use crate::sim::{self, Sim};
use crate::soak::{self, Soak};
use crate::test;
use crate::ui;
use crate::wasm;

/// Set-up and every routine of the repository.
///
/// Each one installs npm packages as needed. System packages are installed by root on Debian only;
/// elsewhere the command that installs them is printed.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
pub(crate) struct Cli {
    #[command(subcommand)]
    routine: Routine,
}

#[derive(Debug, Subcommand)]
enum Routine {
    /// Build everything, start `choo web`, and run this repository's own checks as a plan.
    Demo {
        /// Stop when the run has ended, with its exit code, instead of keeping the page up.
        #[arg(long)]
        exit: bool,
    },
    /// Run every check: what CI runs.
    Test {
        /// Only these steps.
        #[arg(value_name = "STEP", value_parser = PossibleValuesParser::new(test::step_names()))]
        only: Vec<String>,
    },
    /// Build the browser's module into wasm/js/pkg.
    Wasm,
    /// Build the page into ui/dist, and what it needs.
    Ui,
    /// Write the JSON Schema and the TypeScript types made from it.
    Schema {
        /// Write nothing; fail if what is committed differs, or breaks programs of a released version.
        #[arg(long)]
        check: bool,
        /// Freeze the schemas and the sample lines of a version that is being released.
        #[arg(long, value_name = "VERSION", conflicts_with = "check")]
        release: Option<String>,
    },
    /// Measure ourselves, beside other tools where their programs are at hand.
    Bench(Bench),
    /// Feed the protocol hostile bytes.
    Fuzz(Fuzz),
    /// Play simulated worlds of the pusher.
    Sim(Sim),
    /// Run one thing for long.
    Soak(Soak),
    /// Format the sources.
    Fmt {
        /// Change nothing; fail if something is not formatted.
        #[arg(long)]
        check: bool,
    },
}

impl Cli {
    pub(crate) fn run(self) -> Result<ExitCode, Error> {
        let repo = Repo::find()?;
        match self.routine {
            Routine::Demo { exit } => return demo::demo(&repo, exit),
            Routine::Test { only } => {
                if !test::test(&repo, &only) {
                    return Ok(ExitCode::FAILURE);
                }
            }
            Routine::Wasm => wasm::build(&repo)?,
            Routine::Ui => ui::build(&repo)?,
            Routine::Schema { release: Some(version), .. } => schema::release(&repo, &version)?,
            Routine::Schema { check: true, .. } => schema::check(&repo)?,
            Routine::Schema { .. } => schema::write(&repo)?,
            Routine::Bench(bench) => bench::bench(&repo, &bench)?,
            Routine::Fuzz(fuzz) => fuzz::fuzz(&repo, &fuzz)?,
            Routine::Sim(options) => sim::sim(&repo, &options)?,
            Routine::Soak(options) => soak::soak(&repo, &options)?,
            Routine::Fmt { check } => test::format(&repo, check)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}
