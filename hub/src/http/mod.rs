//! The HTTP side: who may ask what, and the answers.

mod assets;
mod authority;
mod encoding;
mod events;
mod guard;
mod health;
mod lines;
mod ndjson;
mod query;
mod respond;
mod router;
mod runs;
mod server;
mod sse;
mod views;

pub(crate) use guard::{BadEntry, Guard};
pub(crate) use server::{Door, serve};
