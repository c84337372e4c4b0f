//! Set-up and every routine of the repository: `cargo xtask --help`.
//!
//! Each routine can be called on a fresh clone: it brings what it needs up to date first, and what is
//! already up to date costs it milliseconds.
#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal: it says what it does"
)]

mod bench;
mod bindgen;
mod cargo;
mod checks;
mod cli;
mod demo;
mod error;
mod fuzz;
mod goals;
mod harness;
mod npm;
mod packages;
mod process;
mod repo;
mod schema;
mod signals;
mod sim;
mod soak;
mod stamp;
mod step;
mod system;
mod test;
mod toolchain;
mod ui;
mod wasm;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match cli::Cli::parse().run() {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error}");
            ExitCode::FAILURE
        }
    }
}
