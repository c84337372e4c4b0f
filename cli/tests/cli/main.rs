//! The built `choo` as its users meet it: arguments, output, exit codes, signals and sockets.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ask;
mod attach;
mod commands;
mod common;
mod plan_errors;
mod push;
mod run;
mod schema;
mod tail;
mod web;
