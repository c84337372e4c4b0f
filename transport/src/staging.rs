//! The emitter's side: events become lines under a short lock.

#![expect(clippy::inline_always, reason = "after a pause each call of an emit is a page that is not at hand")]

use std::sync::Arc;
use std::time::Instant;

use choo_protocol::{Class, Event, Limits, RunId};

use crate::arrivals::Arrivals;
use crate::block::{Block, Meta, Role};
use crate::bus::Sink;
use crate::clock::Moment;
use crate::hole::{Holes, Reason};
use crate::mailbox::Mailbox;
use crate::refusals::Refusals;
use crate::started::Graph;
use crate::sync::Listener;
use crate::wire::{LineEncoder, Wire};

/// What bulk may fill before it is refused. The writer empties staging within a millisecond unless it
/// gets no processor, so this bounds a burst, not the run.
const BULK_BYTES: usize = 4 << 20;

/// What lifecycle events may fill: their reserved share is the difference.
const LIFECYCLE_BYTES: usize = 6 << 20;

/// Blocks with memory in place that wait for the emitter, so that it needs none from the system.
pub(crate) const READY_BLOCKS: usize = 4;

/// Where emitting threads leave lines and the writer takes them.
///
/// The lock is held for one encoding or one exchange of buffers, never across I/O or a wait.
#[derive(Debug)]
pub(crate) struct Staging {
    limits: Limits,
    inner: Mailbox<Inner>,
}

#[derive(Debug)]
struct Inner {
    encoder: LineEncoder,
    /// The last number given.
    seq: u64,
    load: Load,
    graph: Option<Arc<Graph>>,
    started: bool,
    arrivals: Option<Arrivals>,
    closed: bool,
    close: Option<Instant>,
    emitted: Emitted,
}

/// What was emitted since the writer last looked, and room for what comes. The writer exchanges it as a
/// whole for one that it has prepared, since an emitter may be waiting for the lock.
#[derive(Debug, Default)]
struct Load {
    full: Vec<Block>,
    current: Block,
    spare: Vec<Block>,
    bytes: usize,
    holes: Holes,
    refusals: Refusals,
    /// One for each `orch.started` that waits, as the graph was when it was emitted.
    graphs: Vec<Option<Arc<Graph>>>,
}

/// What the writer takes at once.
#[derive(Debug, Default)]
pub(crate) struct Staged {
    pub(crate) blocks: Vec<Block>,
    pub(crate) holes: Holes,
    /// For each `orch.started` in `blocks`, the graph to put into it.
    pub(crate) graphs: Vec<Option<Arc<Graph>>>,
    /// When events came.
    pub(crate) arrivals: Option<Arrivals>,
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
    pub(crate) fn new(run: &RunId, wire: Wire, limits: Limits) -> Self {
        let inner = Inner {
            encoder: LineEncoder::new(run, wire),
            seq: 0,
            load: Load::default(),
            graph: None,
            started: false,
            arrivals: None,
            closed: false,
            close: None,
            emitted: Emitted::default(),
        };
        Staging { limits, inner: Mailbox::new(inner) }
    }

    /// Says what graph belongs into `orch.started`. Where that has been emitted, the graph goes out as
    /// an event of its own.
    pub(crate) fn set_graph(&self, graph: Graph, moment: &Moment<'_>) {
        self.inner.put(|inner| {
            if inner.closed {
                return;
            }
            if inner.started {
                inner.push_graph(&graph, moment, &self.limits);
            }
            inner.graph = Some(Arc::new(graph));
        });
    }

    /// Refuses further events and asks the writer to be done by `deadline`; the earliest one counts.
    pub(crate) fn close(&self, deadline: Instant) {
        self.inner.put(|inner| {
            inner.closed = true;
            inner.close = Some(inner.close.map_or(deadline, |earlier| earlier.min(deadline)));
        });
    }

    /// Takes everything. The emitter gets the blocks in `spare` and leaves there those it did not use.
    pub(crate) fn take(&self, spare: &mut Vec<Block>) -> Staged {
        let current = spare.pop().unwrap_or_default();
        let mut load = Load { current, spare: std::mem::take(spare), ..Load::default() };
        let (arrivals, close, emitted) = self.inner.take(|inner| {
            std::mem::swap(&mut inner.load, &mut load);
            (inner.arrivals, inner.close, inner.emitted)
        });
        let Load { full: mut blocks, current, spare: unused, mut holes, mut refusals, graphs, .. } = load;
        *spare = unused;
        if current.is_empty() {
            spare.push(current);
        } else {
            blocks.push(current);
        }
        refusals.drain_into(&mut holes);
        Staged { blocks, holes, graphs, arrivals, close, emitted }
    }

    /// Frees what waits for events that will not come: the bus holds on to its first pusher.
    pub(crate) fn release(&self) {
        let unused = self.inner.take(|inner| {
            let unused = if inner.load.current.is_empty() {
                std::mem::take(&mut inner.load.current)
            } else {
                Block::default()
            };
            (std::mem::take(&mut inner.load.spare), unused)
        });
        drop(unused);
    }

    /// Prepares to wait: `None` if there is something to take. `seen` is the deadline of the close
    /// request that the writer knows of.
    pub(crate) fn listen(&self, seen: Option<Instant>) -> Option<Listener> {
        self.inner.listen(|inner| !inner.load.is_empty() || inner.close != seen)
    }

    /// The numbers as of now.
    pub(crate) fn emitted(&self) -> Emitted {
        self.inner.peek(|inner| inner.emitted)
    }
}

impl Sink for Staging {
    /// Numbers and encodes an event, or counts it as lost if there is no room for it. Ignored once
    /// closed.
    #[inline]
    fn push(&self, event: &Event, moment: &Moment<'_>) {
        self.inner.put(|inner| {
            if !inner.closed {
                inner.push(event, moment, &self.limits);
            }
        });
    }
}

impl Load {
    fn is_empty(&self) -> bool {
        let no_lines = self.full.is_empty() && self.current.is_empty();
        no_lines && self.holes.is_empty() && self.refusals.is_empty()
    }

    #[inline(never)]
    fn refuse(&mut self, seq: u64, event: &Event) {
        if !self.refusals.add(seq, event) {
            self.refusals.drain_into(&mut self.holes);
            self.refusals.add(seq, event);
        }
    }

    #[cold]
    fn begin_block(&mut self) {
        let empty = self.spare.pop().unwrap_or_else(Block::with_buffer);
        let full = std::mem::replace(&mut self.current, empty);
        if !full.is_empty() {
            self.full.push(full);
        }
    }
}

impl Inner {
    #[inline(always)]
    fn push(&mut self, event: &Event, moment: &Moment<'_>, limits: &Limits) {
        self.seq += 1;
        self.emitted.events += 1;
        let (role, class) = Role::and_class(&event.kind);
        let room = match class {
            Class::Lifecycle => LIFECYCLE_BYTES,
            Class::Bulk => BULK_BYTES,
        };
        if self.load.bytes >= room {
            self.emitted.refused += 1;
            return self.load.refuse(self.seq, event);
        }
        // Under the lock, so that times rise with the numbers.
        let now = moment.elapsed();
        match &mut self.arrivals {
            Some(arrivals) => arrivals.note(now),
            none => *none = Some(Arrivals::begin(now)),
        }
        if !self.load.current.has_room() {
            self.load.begin_block();
        }
        let meta = Meta { seq: self.seq, len: 0, class, role };
        let time = event.time.unwrap_or_else(|| moment.timestamp());
        let encoder = &mut self.encoder;
        let encode = |out: &mut Vec<u8>| encoder.encode(event, meta.seq, time, out);
        let limit = if role == Role::Text { limits.line } else { limits.of(&event.kind) };
        match self.load.current.push(meta, limit, encode) {
            Ok(bytes) => self.load.bytes += bytes,
            Err(bytes) => return self.refuse_oversized(event, bytes),
        }
        if role == Role::Started {
            self.note_started();
        }
    }

    #[cold]
    fn push_graph(&mut self, graph: &Graph, moment: &Moment<'_>, limits: &Limits) {
        self.push(&Event::graph(graph.graph.clone()), moment, limits);
    }

    // What is rare stands apart: after a pause nothing of this is in the processor's caches, and the first
    // event pays for each line of code that it passes.

    #[cold]
    fn refuse_oversized(&mut self, event: &Event, bytes: usize) {
        self.emitted.oversized += 1;
        self.load.holes.add(self.seq, &event.kind, bytes, Reason::Oversized);
    }

    #[cold]
    fn note_started(&mut self) {
        self.started = true;
        self.load.graphs.push(self.graph.clone());
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::{GraphPayload, LogStream, kind};
    use event_listener::Listener as _;

    use super::*;
    use crate::clock::Anchor;

    fn staging() -> Staging {
        Staging::new(&"r".parse().unwrap(), Wire::Full, Limits::default())
    }

    fn moment<T>(use_it: impl FnOnce(&Moment<'_>) -> T) -> T {
        use_it(&Moment::new(&Anchor::read()))
    }

    fn push(staging: &Staging, event: &Event) {
        moment(|moment| staging.push(event, moment));
    }

    fn take(staging: &Staging) -> Staged {
        staging.take(&mut Vec::new())
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
        let staged = take(&staging);
        assert_eq!(seqs(&staged), (1..=2000).collect::<Vec<_>>());
        assert!(staged.blocks.len() > 1);
        assert!(seqs(&take(&staging)).is_empty());
    }

    #[test]
    fn full_staging_refuses_bulk_first_and_counts_it() {
        let staging = staging();
        let log = Event::log("a", None, LogStream::Stdout, "x".repeat(400 << 10), 1);
        (0..20).for_each(|_| push(&staging, &log));
        push(&staging, &Event::unit_completed("a"));
        let Emitted { events, refused, .. } = staging.emitted();
        assert_eq!((events, refused), (21, 9));
        let staged = take(&staging);
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
        let staged = take(&staging);
        assert_eq!((seqs(&staged), staging.emitted().oversized), (vec![2], 1));
        assert_eq!(staged.holes.list()[0].reason, "oversized");
    }

    #[test]
    fn s1_b02_a_graph_known_late_is_an_event_and_a_graph_known_early_is_not() {
        let staging = staging();
        let graph = || Graph { graph: GraphPayload::build([("a", vec![])]).unwrap(), parallelism: 1 };
        moment(|moment| staging.set_graph(graph(), moment));
        push(&staging, &Event::new(kind::ORCH_STARTED).unwrap());
        let staged = take(&staging);
        assert_eq!((seqs(&staged), staged.graphs.len()), (vec![1], 1));
        assert_eq!(staged.graphs[0].as_deref(), Some(&graph()));
        moment(|moment| staging.set_graph(graph(), moment));
        let staged = take(&staging);
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
        let staged = take(&staging);
        assert_eq!((seqs(&staged), staged.close), (vec![], Some(soon)));
        assert_eq!(staging.emitted(), Emitted::default());
    }

    #[test]
    fn the_writer_waits_only_when_there_is_nothing() {
        let staging = staging();
        assert!(staging.listen(None).is_some());
        push(&staging, &Event::unit_started("a"));
        assert!(staging.listen(None).is_none());
        take(&staging);
        let listener = staging.listen(None).unwrap();
        staging.close(crate::clock::now());
        assert!(listener.discard(), "was notified");
    }
}
