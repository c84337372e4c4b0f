//! What the cross-crate tests share: the real programs, started on sockets of their own, and streams
//! that are waited on line by line. Nothing sleeps; a watchdog turns a hang into a failure.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "a test fails by panicking"
)]

use std::io::Write as _;

mod gate;
pub mod go;
mod hub;
pub mod json_text;
pub mod line_text;
mod oracle;
mod program;
mod random;
mod stream;

pub use gate::Gate;
pub use hub::Hub;
pub use oracle::Oracle;
pub use program::{Program, choo, repository};
pub use random::Random;
pub use stream::{Stream, numbers};

/// How long anything may take before a test gives up on it.
pub const WATCHDOG: std::time::Duration = std::time::Duration::from_mins(1);

/// Says that something could not be tested here. Not by `eprintln!`, which a test that passes keeps to
/// itself.
pub fn skipped(what: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "\n!! SKIPPED: {what}: {why}\n");
}

/// The same for want of a program. With `CHOO_SKIP_NOTHING` in the environment, as in `cargo xtask test`,
/// which has installed what tests ask for, that is a failure.
pub fn not_installed(what: &str, why: &str) {
    assert!(std::env::var_os("CHOO_SKIP_NOTHING").is_none(), "{what} cannot be skipped here: {why}");
    skipped(what, why);
}

/// The README's example compiles and runs, or this fails.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
