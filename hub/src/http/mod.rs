//! The HTTP side: who may ask what, and the answers.

mod assets;
mod authority;
mod caller;
mod commands;
mod connected;
mod cors;
mod diffs;
mod extracts;
mod guard;
mod head;
mod health;
mod metrics;
mod outcome;
mod query;
mod respond;
mod rewound;
mod router;
mod runs;
mod schemas;
mod server;
mod streams;
mod tickets;
mod version;
mod views;

pub(crate) use guard::{BadEntry, Guard};
pub(crate) use schemas::routes;
pub(crate) use server::{Door, Visit, serve};
