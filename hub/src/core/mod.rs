//! What the hub decides, without sockets, clocks, threads or randomness of its own.

mod cursor;
mod history;
mod hub;
mod ingest;
mod moment;
mod opening;
mod rejects;
mod replies;
mod run;
mod runs;
mod sequence;
mod subscription;

#[cfg(test)]
mod tests;

pub(crate) use cursor::{Cursor, Epoch};
pub(crate) use history::Body;
pub(crate) use hub::Core;
pub(crate) use ingest::Ingest;
pub(crate) use moment::Moment;
pub(crate) use replies::Reply;
pub(crate) use run::{Run, RunSummary};
pub(crate) use subscription::{BLOCK_BYTES, Block, Frame, Item, Selection, Since, Step, Subscription};
