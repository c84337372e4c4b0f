//! The latest events of all runs, in memory, bounded by bytes: the hot end of the history.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use choo_protocol::{Line, RunId, RunState};

use super::names::Kind;
use super::pages::Pages;
use super::patch::{Patch, state_cost};

/// One entry of the history. Readers share it; it is never changed and never copied.
#[derive(Debug)]
pub(crate) struct Record {
    /// Its place in the history: rises over all runs, by one within an epoch.
    pub(crate) offset: u64,
    /// The run it belongs to; none for the hub's own complaints.
    pub(crate) run: Option<RunId>,
    pub(crate) body: Body,
    /// How the run's state changed by it, if it did and somebody reads patches.
    pub(crate) patch: Option<Box<Patch>>,
    /// What all records up to and including this one have cost, in bytes; 0 for one read back.
    cost: u64,
}

impl Record {
    /// One read back from the store.
    pub(crate) fn stored(offset: u64, run: Option<RunId>, body: Body) -> Self {
        Record { offset, run, body, patch: None, cost: 0 }
    }
}

/// What an entry holds.
#[derive(Debug)]
pub(crate) enum Body {
    /// A line: as received and completed, or one of the hub's own.
    Line {
        kind: Kind,
        /// Empty for none.
        unit: Arc<str>,
        task: Option<i64>,
        /// The line without its newline.
        json: Bytes,
    },
    /// The run's state as it was here, told anew to every reader, since no event says what changed.
    State(Arc<RunState>),
}

impl Body {
    pub(crate) fn line(
        kind: &str,
        unit: impl Into<Arc<str>>,
        task: Option<i64>,
        json: impl Into<Bytes>,
    ) -> Self {
        Body::Line { kind: kind.into(), unit: unit.into(), task, json: json.into() }
    }

    /// A line of the hub's own.
    pub(crate) fn own(kind: &str, json: Vec<u8>) -> Self {
        Body::line(kind, "", None, json)
    }

    /// Bytes of memory, near enough.
    fn cost(&self) -> usize {
        /// The record itself, its pointers in the queue and what the allocator adds.
        const RECORD: usize = 192;
        RECORD
            + match self {
                Body::Line { kind: Kind::Known(_), unit, json, .. } => unit.len() + json.len(),
                Body::Line { kind: Kind::Other(kind), unit, json, .. } => {
                    kind.len() + unit.len() + json.len()
                }
                Body::State(state) => state_cost(state),
            }
    }
}

/// The newest records, as many as fit into a number of bytes, and always the newest one. Records that
/// wait to be stored stay longer, up to [`BACKLOG`] more bytes.
#[derive(Debug)]
pub(crate) struct History {
    records: VecDeque<Arc<Record>>,
    /// The record that left last, in whose place the next one is made.
    gone: Option<Arc<Record>>,
    pages: Pages,
    /// The offset of the newest record ever, or behind which they begin.
    last: u64,
    /// Records up to this offset may leave: they are stored, or there is nowhere to store them.
    released: u64,
    /// What all records ever have cost.
    cost: u64,
    /// What the records that are gone have cost.
    evicted_cost: u64,
    limit: u64,
    /// The offset behind which all changes have their patch; none before somebody reads them.
    patched_behind: Option<u64>,
}

/// How much more may be held for a store that is slow, in bytes: some seconds of the highest rate.
const BACKLOG: u64 = 64 << 20;

impl History {
    /// An empty history of at most `limit` bytes, whose offsets go on behind `start`.
    pub(crate) fn new(limit: usize, start: u64) -> Self {
        let records = VecDeque::new();
        History {
            records,
            gone: None,
            pages: Pages::default(),
            last: start,
            released: u64::MAX,
            cost: 0,
            evicted_cost: 0,
            limit: limit as u64,
            patched_behind: None,
        }
    }

    /// The same, empty, with offsets behind `start`, and for a store to take from.
    pub(crate) fn continued(self, start: u64) -> Self {
        History { last: start, released: start, ..self }
    }

    /// Records behind this offset are wanted by the store.
    pub(crate) fn release(&mut self, through: u64) {
        self.released = through;
    }

    /// From now on records carry patches, so that those who never read any pay for none.
    pub(crate) fn begin_patches(&mut self) {
        self.patched_behind.get_or_insert(self.last);
    }

    /// Whether records are to carry patches.
    pub(crate) fn is_patched(&self) -> bool {
        self.patched_behind.is_some()
    }

    /// Whether all patches behind an offset are here.
    pub(crate) fn has_patches_behind(&self, offset: u64) -> bool {
        self.patched_behind.is_some_and(|from| offset >= from && offset >= self.floor())
    }

    /// Keeps the bytes of a line that comes next.
    pub(crate) fn keep(&mut self, line: &[u8]) -> Bytes {
        self.pages.keep(line)
    }

    /// The same of one that is yet to be written.
    pub(crate) fn keep_written(&mut self, write: impl FnOnce(&mut Vec<u8>)) -> Bytes {
        self.pages.keep_written(write)
    }

    /// What a line says, its names shared with the records before.
    pub(crate) fn body(&mut self, line: &Line<'_>, json: Bytes) -> Body {
        let (kind, unit) = (self.pages.kind(&line.kind), self.pages.unit(&line.unit));
        Body::Line { kind, unit, task: line.task, json }
    }

    /// Appends a record, evicts the oldest ones as needed, and says which offset it got.
    pub(crate) fn push(&mut self, run: Option<RunId>, body: Body) -> u64 {
        self.push_patched(run, body, None)
    }

    /// The same for one that changes its run's state.
    pub(crate) fn push_patched(&mut self, run: Option<RunId>, body: Body, patch: Option<Box<Patch>>) -> u64 {
        self.last += 1;
        self.cost += (body.cost() + patch.as_ref().map_or(0, |patch| patch.cost())) as u64;
        while self.bytes() > self.limit
            && let Some(first) = self.records.front()
        {
            let held = first.offset > self.released;
            if held && self.bytes() <= self.limit + BACKLOG {
                break;
            }
            self.evicted_cost = first.cost;
            self.gone = self.records.pop_front();
        }
        let record = Record { offset: self.last, run, body, patch, cost: self.cost };
        let record = match self.gone.take() {
            Some(mut gone) => match Arc::get_mut(&mut gone) {
                Some(place) => {
                    *place = record;
                    gone
                }
                None => Arc::new(record),
            },
            None => Arc::new(record),
        };
        self.records.push_back(record);
        self.last
    }

    /// The offset of the newest record ever, or behind which they begin.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// The offset behind which everything is still here.
    pub(crate) fn floor(&self) -> u64 {
        self.last - self.records.len() as u64
    }

    /// How many records are here.
    pub(crate) fn len(&self) -> usize {
        self.records.len()
    }

    /// How much memory they take, near enough.
    pub(crate) fn bytes(&self) -> u64 {
        self.cost - self.evicted_cost
    }

    /// The records behind an offset, oldest first.
    pub(crate) fn after(&self, offset: u64) -> impl Iterator<Item = &Arc<Record>> {
        self.records.range(self.index_after(offset)..)
    }

    fn index_after(&self, offset: u64) -> usize {
        let index = usize::try_from(offset.saturating_sub(self.floor())).unwrap_or(usize::MAX);
        index.min(self.records.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(history: &mut History, bytes: usize) -> u64 {
        history.push(None, Body::line("log.stdout", "", None, vec![b' '; bytes]))
    }

    fn offsets(history: &History, after: u64) -> Vec<u64> {
        history.after(after).map(|record| record.offset).collect()
    }

    #[test]
    fn the_oldest_leave_and_offsets_go_on() {
        let mut history = History::new(10_000, 0);
        for expected in 1..=100 {
            assert_eq!(push(&mut history, 808), expected);
            assert!(history.bytes() <= 10_000);
        }
        assert_eq!((history.len(), history.floor(), history.last()), (10, 90, 100));
        assert_eq!(offsets(&history, 97), [98, 99, 100]);
        assert_eq!(offsets(&history, 90).len(), 10);
        assert_eq!(offsets(&history, 0).len(), 10, "all that is left");
        assert_eq!(offsets(&history, 100), [0; 0]);
        assert_eq!(offsets(&history, u64::MAX), [0; 0]);
    }

    #[test]
    fn what_waits_to_be_stored_stays_within_bounds() {
        let mut history = History::new(10_000, 40);
        history.release(45);
        for _ in 0..100 {
            push(&mut history, 808);
        }
        assert_eq!((history.floor(), history.last()), (45, 140));
        for _ in 0..BACKLOG / 1000 {
            push(&mut history, 808);
        }
        assert!(history.floor() > 45 && history.bytes() <= 10_000 + BACKLOG);
        history.release(u64::MAX);
        push(&mut history, 808);
        assert_eq!(history.bytes(), 10_000);
    }

    #[test]
    fn a_limit_of_nothing_keeps_the_newest() {
        for limit in [0, 1] {
            let mut history = History::new(limit, 0);
            push(&mut history, 10);
            push(&mut history, 1_000_000);
            assert_eq!((history.len(), history.floor()), (1, 1));
            push(&mut history, 1);
            assert_eq!(offsets(&history, 0), [3]);
            assert_eq!(history.bytes(), 193);
        }
    }
}
