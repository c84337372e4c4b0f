//! What the cross-crate tests share: the real programs, started on sockets of their own, and streams
//! that are waited on line by line. Nothing sleeps; a watchdog turns a hang into a failure.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::missing_panics_doc,
    clippy::return_self_not_must_use,
    reason = "a test fails by panicking"
)]

mod gate;
mod hub;
mod program;
mod stream;

pub use gate::Gate;
pub use hub::Hub;
pub use program::{Program, choo, repository};
pub use stream::{Stream, numbers};

/// How long anything may take before a test gives up on it.
pub const WATCHDOG: std::time::Duration = std::time::Duration::from_mins(1);
