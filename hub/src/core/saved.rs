//! What the core and the store of the history hand each other.

use std::sync::Arc;

use choo_protocol::{RunId, RunState, RunStatus, Timestamp};
use serde::{Deserialize, Serialize};

use super::cursor::Epoch;
use super::history::Record;
use super::sequence::Sequence;

/// Everything that is new since the last batch was stored; one commit.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// The epoch that all of it belongs to.
    pub(crate) span: OpenSpan,
    /// The offset of the last record that was stored before, or behind which the epoch began. If the
    /// first record lies further on, what is between could not be stored in time and is lost.
    pub(crate) after: u64,
    /// The records, oldest first; none if only runs are to be saved.
    pub(crate) records: Vec<Arc<Record>>,
    /// How the runs stand behind the last record, of those that changed.
    pub(crate) runs: Vec<SavedRun>,
    /// States behind the last record, so that the next start has less to fold.
    pub(crate) states: Vec<SavedState>,
    /// Runs that are to be forgotten.
    pub(crate) forgotten: Vec<RunId>,
    pub(crate) time: Timestamp,
}

impl Batch {
    /// The offset of its last record.
    pub(crate) fn through(&self) -> u64 {
        self.records.last().map_or(self.after, |record| record.offset)
    }
}

/// The epoch of the hub that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OpenSpan {
    pub(crate) epoch: Epoch,
    /// The offset behind which it begins.
    pub(crate) start: u64,
}

/// The epoch of an earlier hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) epoch: Epoch,
    /// The offset behind which it began.
    pub(crate) start: u64,
    /// The last offset that was stored in it.
    pub(crate) end: u64,
}

/// What the hub has to know of a run, besides its state, to go on with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct SavedRun {
    pub(crate) run: RunId,
    pub(crate) sequence: Sequence,
    pub(crate) phase: SavedPhase,
    pub(crate) begun: bool,
    /// When it began, and the how manieth it was that the hub met.
    pub(crate) met: (Timestamp, u64),
    /// When its latest record was made.
    pub(crate) latest: Timestamp,
    /// The offsets of its first and its last record.
    pub(crate) offsets: (u64, u64),
    /// The process that sent it, for lines that name no run.
    pub(crate) pid: Option<u32>,
}

/// Where a run is in its life, as far as that outlives the hub.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SavedPhase {
    Live,
    Stale { before: RunStatus },
    Over { end: u64 },
}

/// A run's state at an offset.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SavedState {
    pub(crate) through: u64,
    pub(crate) state: Arc<RunState>,
}

/// What a batch has become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    /// The offset up to which everything is stored, or told by the store to be missing.
    pub(crate) through: u64,
    /// The offset behind which it still has everything.
    pub(crate) floor: u64,
    /// Whether the store had to begin anew and has nothing but this batch.
    pub(crate) fresh: bool,
    /// Whether something waits to be settled.
    pub(crate) pending: bool,
}

/// What a hub begins with.
#[derive(Debug, Default)]
pub(crate) struct Restored {
    /// The epochs before, oldest first.
    pub(crate) spans: Vec<Span>,
    /// The offset behind which the new epoch begins.
    pub(crate) start: u64,
    /// The offset behind which the store has everything.
    pub(crate) floor: u64,
    /// The runs, their states folded up to the end of the last epoch, and the offset behind which the
    /// fold began.
    pub(crate) runs: Vec<(SavedRun, RunState, u64)>,
}

/// A question to the store: what comes behind an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fetch {
    pub(crate) after: u64,
    /// The last offset that is of interest.
    pub(crate) through: u64,
    /// Only records of this run are of interest, and those of no run.
    pub(crate) run: Option<RunId>,
    /// Only these of them are, if that is set.
    pub(crate) only: Option<Only>,
}

/// Some kinds of records, which a store can find without reading the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Only {
    Logs(Logs),
    /// How files differ, told by the question's run under one of these numbers, in rising order.
    Diffs(Arc<[u64]>),
}

/// Lines of output of a unit, or of one of its tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Logs {
    pub(crate) unit: Option<String>,
    pub(crate) task: Option<i64>,
}

/// The answer: a stretch of the history.
#[derive(Debug)]
pub(crate) struct Page {
    /// Oldest first. May hold records that were not asked for.
    pub(crate) pieces: Vec<Piece>,
    /// What lies behind the question's offset up to this one has been looked at; further than the
    /// question's.
    pub(crate) through: u64,
}

/// A piece of the history.
#[derive(Clone, Debug)]
pub(crate) enum Piece {
    Record(Arc<Record>),
    Hole(Hole),
}

/// Events that are not in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Hole {
    /// The first missing offset.
    pub(crate) from: u64,
    /// The last one.
    pub(crate) to: u64,
    pub(crate) why: HoleReason,
}

/// Why they are not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HoleReason {
    /// They were removed, for their age or number.
    Evicted,
    /// They are there but not whole.
    Damaged,
    /// The disk took nothing at that time.
    Unstored,
}

impl HoleReason {
    /// As `hub.gap` says it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            HoleReason::Evicted => "evicted",
            HoleReason::Damaged => "damaged",
            HoleReason::Unstored => "unstored",
        }
    }
}
