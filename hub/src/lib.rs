//! The hub of `choo`: orchestrators send it event lines, people and programs watch.
//!
//! It listens on a Unix socket for any number of producers, numbers, folds and keeps what they send (in
//! memory and in an SQLite file, both bounded), hands them commands, and serves it over HTTP: NDJSON,
//! server-sent events and `WebSocket`s with cursors that resume without gap or duplicate, the runs' states as
//! JSON, the views of the original daemon, and the dashboard. Loopback only, behind a token; on the Unix
//! socket HTTP works without one.
//!
//! What a line means, and what a run's state is, is decided by [`choo_protocol`]; how the socket is made
//! and guarded, by [`choo_transport::Listener`]. Printing, signals and flags are the program's.
//!
//! Start with [`Config`] and [`Hub::start`]:
//!
//! ```
//! use choo_hub::{Config, HistorySource, Hub, TokenSource};
//! # let dir = tempfile::tempdir()?;
//! let mut config = Config::default();
//! config.socket = dir.path().join("web.sock");
//! config.listen = "127.0.0.1:0".parse()?;
//! config.token = TokenSource::File(dir.path().join("token"));
//! config.history = HistorySource::File(dir.path().join("history.db"));
//! let hub = Hub::start(config)?;
//! assert!(hub.url().contains("/#token="));
//! hub.run_until(std::future::ready(())); // in earnest: until a signal comes
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Inside, `core` decides and does no I/O: it is handed bytes, the time and a seed, and is tested in
//! virtual time. `http` decides who may ask what, on the caller's thread. Producers' sockets, readers'
//! sockets, what readers need from the history, and storing have threads of their own, so that none of them
//! waits for another.

mod accept;
mod claimed;
mod clock;
mod config;
mod core;
mod encoding;
mod fan;
mod history;
mod http;
mod hub;
mod port;
mod producers;
mod shared;
mod start_error;
mod ticket;
mod token;
mod topic;

pub use config::{Config, HistorySource, TokenSource, default_data_dir};
pub use hub::Hub;
pub use start_error::StartError;
pub use token::TokenError;
