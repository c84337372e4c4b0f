//! The emitter's side: events become lines under a short lock.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use choo_protocol::{Class, Event, Limits, RunId, Timestamp};
use event_listener::{Event as Wake, EventListener};

use crate::block::{Block, Role};
use crate::hole::{Holes, Reason};
use crate::ring::SPARE_BLOCKS;
use crate::started::Graph;
use crate::wire::Wire;

/// What bulk may fill before it is refused. The writer empties staging within microseconds unless it
/// gets no processor, so this bounds a burst, not the run.
const BULK_BYTES: usize = 4 << 20;

/// What lifecycle events may fill: their reserved share is the difference.
const LIFECYCLE_BYTES: usize = 6 << 20;

/// Where emitting threads leave lines and the writer takes them.
///
/// The lock is held for one encoding or one exchange of buffers, never across I/O or a wait.
#[derive(Debug)]
pub(crate) struct Staging {
    run: RunId,
    wire: Wire,
    limits: Limits,
    inner: Mutex<Inner>,
    wake: Wake,
}

#[derive(Debug, Default)]
struct Inner {
    /// The last number given.
    seq: u64,
    full: Vec<Block>,
    current: Block,
    spare: Vec<Block>,
    bytes: usize,
    holes: Holes,
    graph: Option<Arc<Graph>>,
    /// One for each `orch.started` that waits, as the graph was when it was emitted.
    started_graphs: Vec<Option<Arc<Graph>>>,
    started: bool,
    /// Whether the writer waits for [`Staging::wake`].
    idle: bool,
    closed: bool,
    close: Option<Instant>,
    emitted: Emitted,
}

/// What the writer takes at once.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    pub(crate) blocks: Vec<Block>,
    pub(crate) holes: Holes,
    /// For each `orch.started` in `blocks`, the graph to put into it.
    pub(crate) graphs: Vec<Option<Arc<Graph>>>,
    /// When a closing pusher has to be done.
    pub(crate) close: Option<Instant>,
    /// The numbers as of now.
    pub(crate) emitted: Emitted,
}

/// Events by what became of them at `emit`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Emitted {
    /// All of them; the last `seq`.
    pub(crate) events: u64,
    /// Refused because staging was full.
    pub(crate) refused: u64,
    /// Refused because their line is longer than any reader takes.
    pub(crate) oversized: u64,
}

impl Staging {
    pub(crate) fn new(run: RunId, wire: Wire, limits: Limits) -> Self {
        Staging { run, wire, limits, inner: Mutex::default(), wake: Wake::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Every method leaves `Inner` whole at each point where it could panic.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Numbers and encodes an event, or counts it as lost if there is no room for it. Ignored once
    /// closed.
    pub(crate) fn push(&self, event: &Event, time: Timestamp) {
        let mut inner = self.lock();
        if inner.closed {
            return;
        }
        inner.push(event, time, (&self.run, self.wire), &self.limits);
        self.unlock_and_wake(inner);
    }

    /// Says what graph belongs into `orch.started`. Where that has been emitted, the graph goes out as
    /// an event of its own.
    pub(crate) fn set_graph(&self, graph: Graph, time: Timestamp) {
        let mut inner = self.lock();
        if inner.closed {
            return;
        }
        if inner.started {
            let event = Event::graph(graph.graph.clone());
            inner.push(&event, time, (&self.run, self.wire), &self.limits);
        }
        inner.graph = Some(Arc::new(graph));
        self.unlock_and_wake(inner);
    }

    /// Refuses further events and asks the writer to be done by `deadline`; the earliest one counts.
    pub(crate) fn close(&self, deadline: Instant) {
        let mut inner = self.lock();
        inner.closed = true;
        inner.close = Some(inner.close.map_or(deadline, |earlier| earlier.min(deadline)));
        self.unlock_and_wake(inner);
    }

    fn unlock_and_wake(&self, mut inner: MutexGuard<'_, Inner>) {
        let idle = std::mem::take(&mut inner.idle);
        drop(inner);
        if idle {
            self.wake.notify(1);
        }
    }

    /// Takes everything, giving empty blocks in exchange.
    pub(crate) fn take(&self, mut spare: Vec<Block>) -> Staged {
        let mut inner = self.lock();
        inner.idle = false;
        let mut blocks = std::mem::take(&mut inner.full);
        if !inner.current.is_empty() {
            let empty = spare.pop().unwrap_or_default();
            blocks.push(std::mem::replace(&mut inner.current, empty));
        }
        // What is not needed is freed by the writer, outside the lock.
        let kept = spare.len().min(SPARE_BLOCKS.saturating_sub(inner.spare.len()));
        inner.spare.extend(spare.drain(..kept));
        inner.bytes = 0;
        Staged {
            blocks,
            holes: std::mem::take(&mut inner.holes),
            graphs: std::mem::take(&mut inner.started_graphs),
            close: inner.close,
            emitted: inner.emitted,
        }
    }

    /// Prepares to wait: `None` if there is something to take. `seen` is the deadline of the close
    /// request that the writer knows of.
    pub(crate) fn listen(&self, seen: Option<Instant>) -> Option<EventListener> {
        let mut inner = self.lock();
        let news = !inner.full.is_empty()
            || !inner.current.is_empty()
            || !inner.holes.is_empty()
            || inner.close != seen;
        if news {
            return None;
        }
        inner.idle = true;
        Some(self.wake.listen())
    }

    /// The numbers as of now.
    pub(crate) fn emitted(&self) -> Emitted {
        self.lock().emitted
    }
}

impl Inner {
    fn push(&mut self, event: &Event, time: Timestamp, form: (&RunId, Wire), limits: &Limits) {
        self.seq += 1;
        self.emitted.events += 1;
        let room = match Class::of(&event.kind) {
            Class::Lifecycle => LIFECYCLE_BYTES,
            Class::Bulk => BULK_BYTES,
        };
        if self.bytes >= room {
            self.emitted.refused += 1;
            self.holes.add(self.seq, &event.kind, 0, Reason::Overflow);
            return;
        }
        if !self.current.has_room() {
            let empty = self.spare.pop().unwrap_or_else(Block::with_buffer);
            let full = std::mem::replace(&mut self.current, empty);
            if !full.is_empty() {
                self.full.push(full);
            }
        }
        match self.current.encode(event, form, self.seq, time, limits.of(&event.kind)) {
            Ok(bytes) => {
                self.bytes += bytes;
                if Role::of(&event.kind) == Role::Started {
                    self.started = true;
                    self.started_graphs.push(self.graph.clone());
                }
            }
            Err(bytes) => {
                self.emitted.oversized += 1;
                self.holes.add(self.seq, &event.kind, bytes, Reason::Oversized);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::{GraphPayload, LogStream, kind};
    use event_listener::Listener as _;

    use super::*;

    fn staging() -> Staging {
        Staging::new("r".parse().unwrap(), Wire::Full, Limits::default())
    }

    fn push(staging: &Staging, event: &Event) {
        staging.push(event, Timestamp::from_unix_nanos(0));
    }

    fn seqs(staged: &Staged) -> Vec<u64> {
        staged.blocks.iter().flat_map(|block| block.lines().iter().map(|meta| meta.seq)).collect()
    }

    #[test]
    fn numbers_are_contiguous_from_one_across_threads() {
        let staging = staging();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..500).for_each(|_| push(&staging, &Event::unit_started("a"))));
            }
        });
        let staged = staging.take(Vec::new());
        assert_eq!(seqs(&staged), (1..=2000).collect::<Vec<_>>());
        assert!(staged.blocks.len() > 1);
        assert!(seqs(&staging.take(Vec::new())).is_empty());
    }

    #[test]
    fn full_staging_refuses_bulk_first_and_counts_it() {
        let staging = staging();
        let log = Event::log("a", None, LogStream::Stdout, "x".repeat(400 << 10), 1);
        (0..20).for_each(|_| push(&staging, &log));
        push(&staging, &Event::unit_completed("a"));
        let Emitted { events, refused, .. } = staging.emitted();
        assert_eq!((events, refused), (21, 9));
        let staged = staging.take(Vec::new());
        assert_eq!(seqs(&staged), (1..=11).chain([21]).collect::<Vec<_>>());
        let [hole] = &staged.holes.list()[..] else { panic!("one hole") };
        assert_eq!((hole.from, hole.to, hole.count, hole.by_type[kind::LOG_STDOUT]), (12, 20, 9, 9));

        let failure = Event::unit_failed("a", "x".repeat(400 << 10));
        (0..20).for_each(|_| push(&staging, &failure));
        assert_eq!(staging.emitted().refused, 9 + 4, "even the reserved share has an end");
    }

    #[test]
    fn a_line_no_reader_takes_is_counted_and_the_stream_goes_on() {
        let staging = staging();
        push(&staging, &Event::unit_failed("a", "x".repeat(600 << 10)));
        push(&staging, &Event::unit_failed("a", "x"));
        let staged = staging.take(Vec::new());
        assert_eq!((seqs(&staged), staging.emitted().oversized), (vec![2], 1));
        assert_eq!(staged.holes.list()[0].reason, "oversized");
    }

    #[test]
    fn s1_b02_a_graph_known_late_is_an_event_and_a_graph_known_early_is_not() {
        let staging = staging();
        let graph = || Graph { graph: GraphPayload::build([("a", vec![])]).unwrap(), parallelism: 1 };
        staging.set_graph(graph(), Timestamp::from_unix_nanos(0));
        push(&staging, &Event::new(kind::ORCH_STARTED));
        let staged = staging.take(Vec::new());
        assert_eq!((seqs(&staged), staged.graphs.len()), (vec![1], 1));
        assert_eq!(staged.graphs[0].as_deref(), Some(&graph()));
        staging.set_graph(graph(), Timestamp::from_unix_nanos(0));
        let staged = staging.take(Vec::new());
        let seq = staged.blocks[0].lines()[0].seq;
        let (bytes, _) = staged.blocks.into_iter().next().unwrap().into_parts();
        assert_eq!((seq, crate::block::kind_of(&bytes)), (2, kind::GRAPH));
    }

    #[test]
    fn s0_b04_a_closed_staging_takes_nothing() {
        let staging = staging();
        let soon = crate::clock::now();
        let later = soon + std::time::Duration::from_secs(1);
        staging.close(soon);
        staging.close(later);
        push(&staging, &Event::unit_started("a"));
        let staged = staging.take(Vec::new());
        assert_eq!((seqs(&staged), staged.close), (vec![], Some(soon)));
        assert_eq!(staging.emitted(), Emitted::default());
    }

    #[test]
    fn the_writer_waits_only_when_there_is_nothing() {
        let staging = staging();
        assert!(staging.listen(None).is_some());
        push(&staging, &Event::unit_started("a"));
        assert!(staging.listen(None).is_none());
        staging.take(Vec::new());
        let listener = staging.listen(None).unwrap();
        staging.close(crate::clock::now());
        assert!(listener.discard(), "was notified");
    }
}
