//! The hub on real sockets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests fail by panicking")]

mod commands;
mod connected;
mod doors;
mod history;
mod lifetimes;
mod openapi;
mod patches;
mod processes;
mod routes;
mod statuses;
mod streams;
mod support;
mod topics;
mod websockets;
