//! What the hub decides, without sockets, clocks, threads or randomness of its own.

mod cold;
mod commands;
mod cursor;
mod diffs;
mod epochs;
mod extract;
mod frame;
mod gathering;
mod history;
mod hub;
mod ingest;
mod moment;
mod names;
mod opening;
mod pages;
mod patch;
mod process;
mod rank;
mod rejects;
mod replies;
mod run;
mod runs;
mod saved;
mod saving;
mod sequence;
mod storing;
mod subscription;
mod summary;

#[cfg(test)]
pub(crate) mod tests;

pub(crate) use commands::{Asked, Refusal, Wish};
pub(crate) use cursor::{Cursor, Epoch, Since};
pub(crate) use diffs::{DiffFilter, DiffSearch, Looking};
pub(crate) use epochs::Epochs;
pub(crate) use extract::{Extract, Extracted, Work};
pub(crate) use frame::{Block, Frame};
pub(crate) use history::{Body, Record};
pub(crate) use hub::{Core, Keep};
pub(crate) use ingest::{Ingest, IntakeStatus};
pub(crate) use moment::Moment;
pub(crate) use patch::{Patch, whole};
pub(crate) use process::{Ends, Part, Process};
pub(crate) use rank::Rank;
pub(crate) use replies::Reply;
pub(crate) use run::Run;
pub(crate) use saved::{
    Batch, Fetch, Hole, HoleReason, Logs, Only, OpenSpan, Page, Piece, Restored, SavedRun, SavedState, Span,
    Stored,
};
pub(crate) use storing::{Removable, Storing};
pub(crate) use subscription::{BLOCK_BYTES, Item, Selection, Step, Subscription};
pub(crate) use summary::RunSummary;
