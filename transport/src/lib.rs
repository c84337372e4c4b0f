//! Live events from an orchestrator to whoever watches it, without ever getting in its way.
//!
//! An [`EventBus`] hands events to handlers; a [`SocketPusher`] is one of them and sends every event as
//! one JSON line to the hub (`choo web`) at a Unix socket. Whether a hub is there, comes late, hangs or is
//! restarted in the middle of the run, `emit` costs the same: it encodes into memory and returns. What
//! cannot be kept is counted, and the hub is told what is missing.
//!
//! ```
//! use std::time::Duration;
//!
//! use choo_protocol::{Event, GraphPayload, kind};
//! use choo_transport::{EventBus, SocketPusher};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # let socket = dir.path().join("web.sock");
//!
//! let graph = GraphPayload::build([("setup", vec![]), ("app", vec!["setup"])])?;
//! let bus = EventBus::new();
//! let pusher = SocketPusher::builder()
//!     .socket(socket) // left out: choo_transport::default_socket_path()
//!     .graph(graph, 2)
//!     .on_warning(|warning| eprintln!("WARN: {warning}"))
//!     .start(&bus)?; // does not fail because no hub is there
//!
//! bus.emit(Event::new(kind::ORCH_STARTED)?); // any thread, never waits
//! bus.emit(Event::unit_started("setup"));
//!
//! let report = pusher.close(Duration::from_secs(5)); // in order; says what was left
//! assert_eq!(report.unsent, 2); // nobody listened
//! # Ok(()) }
//! ```
//!
//! What people want done at the hub's page comes back by [`SocketPusher::commands`], for an orchestrator that asks
//! for it.
//!
//! `examples/attach.rs` attaches it to an orchestrator that has events of its own.
//!
//! The other end is [`Listener`], used by the hub.
//!
//! Left to others: what a line is and how a run's state follows from lines (`choo-protocol`), printing
//! warnings (the program). Unix only.
//!
//! Inside, everything that decides is a plain state machine that is handed the time: staging, ring and
//! base, spool, and the link. One thread per pusher moves the bytes.

mod arrivals;
mod backoff;
mod base;
mod begun;
mod block;
mod builder;
mod bus;
mod claim;
mod clock;
mod command_log;
mod commands;
mod desk;
mod driver;
mod failure;
mod hole;
mod inbound;
mod link;
mod listener;
mod lock;
mod mailbox;
mod outbox;
mod pace;
mod path;
mod peer;
mod pusher;
mod redaction;
mod redactor;
mod refusals;
mod request;
mod ring;
mod segment;
mod session;
mod shared;
mod socket;
mod spool;
mod staging;
mod started;
mod stats;
mod status;
mod sync;
mod telling;
mod timers;
mod warning;
mod watch;
mod wire;

#[cfg(any(test, feature = "sim"))]
pub mod sim;
#[cfg(test)]
mod tests;

pub use backoff::Delay;
pub use builder::{
    BACKOFF_INITIAL, BACKOFF_MAX, BUFFER_BYTES, Builder, DIAL_TIMEOUT, STALL_TIMEOUT, StartError,
    WRITE_TIMEOUT,
};
pub use bus::{EventBus, Subscription};
pub use claim::Claim;
pub use commands::{Commands, PendingCommand, RunningCommand};
pub use failure::Failure;
pub use link::WELCOME_WAIT;
pub use listener::{ListenError, Listener};
pub use path::{MAX_SOCKET_PATH, SocketPathError, check_socket_path, default_socket_path};
pub use peer::Peer;
pub use pusher::{CLOSE_TIMEOUT, SocketPusher};
pub use redaction::{MAX_SECRET, MAX_SECRET_BYTES, MAX_SECRETS, MIN_SECRET, Redaction, RedactionError};
pub use spool::orphan::{SpooledRun, default_spool_dir, spooled_runs};
pub use spool::{SPOOL_BYTES, SpoolFailure};
pub use stats::{CloseReport, Stats};
pub use status::{Status, StatusWatch};
pub use warning::Warning;
pub use wire::Wire;
