//! Where the history lasts: the store, whoever moves events there, and how they are read back.

mod block;
mod keeper;
mod lock;
#[cfg(test)]
mod memory;
mod opened;
mod readers;
mod recovery;
mod sqlite;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use opened::{Opened, open};
pub(crate) use readers::Readers;
use recovery::recover;
use sqlite::Sqlite;
pub(crate) use writer::Writer;
