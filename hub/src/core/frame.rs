//! What a reader is told.

use std::sync::Arc;

use choo_protocol::RunState;

use super::cursor::{Cursor, Since};
use super::history::Record;

/// What goes out together.
#[derive(Debug)]
pub(crate) struct Block {
    /// May be empty: then it is a sign of life.
    pub(crate) frames: Vec<Frame>,
    /// Where a reader that has the whole block stands.
    pub(crate) cursor: Cursor,
    /// Where it stands as long as it has not.
    pub(crate) before: Since,
    /// Whether that is further than it was told before.
    pub(crate) moved: bool,
}

/// One item of a stream.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A line from the history.
    Event(Arc<Record>),
    /// How a run stood at a cursor.
    Snapshot { state: Arc<RunState>, cursor: Cursor },
    /// The version of a run's state that patches lead on from.
    Document { state: Arc<RunState>, version: u64 },
    /// A line of the hub's own, to this reader alone.
    Control(Vec<u8>),
}
