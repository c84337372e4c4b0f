//! What the reader is to be sent next.

use choo_protocol::{Class, Limits, LinkBye, RunId, Timestamp, control_line, kind};

use crate::base::Base;
use crate::begun::{Begun, Held, What};
use crate::block::{Block, Meta, Role, kind_of};
use crate::hole::{Holes, Reason};
use crate::ring::{Bounds, Ring};
use crate::staging::Staged;
use crate::started::enrich;

/// Ring, base and holes of one run, and the order in which they go out.
///
/// A line leaves the ring when it is written whole or when the ring is full, and is folded into *base*
/// as it leaves. Every connection begins with what a reader needs that was not there before:
/// `orch.started`, then a snapshot of base; then come the ring and what is emitted meanwhile. Where
/// lines were dropped, `link.lost` stands in their place, followed by a snapshot if they could have
/// changed the state.
///
/// A line begun is finished before anything else; if the connection ends first, the whole line goes out
/// on the next one.
///
/// In the order of a driver: [`Outbox::accept`] what was emitted, [`Outbox::open`] at each connection,
/// then [`Outbox::poll_bytes`] and [`Outbox::handle_written`] in turn, [`Outbox::close`] at its end.
#[derive(Debug)]
pub(crate) struct Outbox {
    run: RunId,
    ring: Ring,
    holes: Holes,
    base: Base,
    /// The first `orch.started`, unchanged for ever.
    pinned: Option<Pinned>,
    /// The line being written, unless it is the ring's first.
    begun: Option<Begun>,
    /// How many bytes of the ring's first line are written.
    front_written: usize,
    held: Option<Held>,
    owed: Owed,
    connected: bool,
    bye: Bye,
    counts: Counts,
}

/// Events that have left, by how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Written whole.
    pub(crate) sent: u64,
    /// Dropped by the full ring.
    pub(crate) evicted: u64,
    /// Told of by a `link.lost` that was written whole.
    pub(crate) announced: u64,
}

#[derive(Debug)]
struct Pinned {
    seq: u64,
    line: Vec<u8>,
    sent: bool,
}

/// What this connection still has to be told besides the ring.
#[derive(Debug, Default)]
struct Owed {
    started: bool,
    before_held: bool,
    snapshot: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Bye {
    NotYet,
    /// To be said when everything else is, with the last `seq`.
    Wanted(u64),
    Said,
}

impl Outbox {
    pub(crate) fn new(run: RunId, bounds: Bounds) -> Self {
        Outbox {
            base: Base::new(run.clone()),
            run,
            ring: Ring::new(bounds),
            holes: Holes::default(),
            pinned: None,
            begun: None,
            front_written: 0,
            held: None,
            owed: Owed::default(),
            connected: false,
            bye: Bye::NotYet,
            counts: Counts::default(),
        }
    }

    /// Takes what was emitted, then makes room.
    pub(crate) fn accept(&mut self, staged: Staged) {
        let mut graphs = staged.graphs.into_iter();
        for mut block in staged.blocks {
            for index in 0..block.lines().len() {
                if block.lines()[index].role == Role::Started {
                    let graph = graphs.next().flatten();
                    self.accept_started(&mut block, index, graph.as_deref());
                }
            }
            self.ring.push(block);
        }
        self.holes.append(staged.holes);
        self.make_room();
    }

    fn accept_started(&mut self, block: &mut Block, index: usize, graph: Option<&crate::started::Graph>) {
        let seq = block.lines()[index].seq;
        let mut line = block.replace(index, Role::Pinned, b"");
        if let Some(enriched) = graph.and_then(|graph| enrich(&line, graph, &self.run, &Limits::default())) {
            line = enriched;
        }
        if self.pinned.is_none() {
            self.pinned = Some(Pinned { seq, line, sent: false });
        } else {
            // A run that starts twice: the second time is an event like any other.
            block.replace(index, Role::Event, &line);
        }
    }

    /// Drops the oldest lines of a full ring.
    fn make_room(&mut self) {
        if !self.ring.is_over(self.holes.len()) {
            return;
        }
        self.withdraw_unwritten();
        while self.ring.is_above_low_water(self.holes.len()) {
            let Some((meta, line)) = self.ring.front() else { return };
            if meta.role == Role::Pinned {
                self.evict_pinned(meta);
            } else if self.front_written > 0 {
                let held = Held { line: line.to_vec(), before: self.base.clone() };
                self.base.fold(meta, line);
                self.begun = Some(Begun::held(held.line.clone(), std::mem::take(&mut self.front_written)));
                self.held = Some(held);
            } else {
                self.base.fold(meta, line);
                self.holes.add(meta.seq, kind_of(line), line.len(), Reason::Overflow);
                self.owed.snapshot |= self.connected && meta.class == Class::Lifecycle;
                self.counts.evicted += 1;
            }
            self.ring.pop_front();
        }
    }

    /// A line made here of which no byte is written yet will be made anew, to tell of what is dropped
    /// now as well.
    fn withdraw_unwritten(&mut self) {
        let Some(begun) = self.begun.take_if(|begun| !begun.is_on_the_wire()) else { return };
        match begun.what {
            What::Lost(hole) => self.holes.insert(hole),
            What::Snapshot if self.held.is_some() => self.owed.before_held = true,
            What::Snapshot => self.owed.snapshot = true,
            What::Started | What::Held | What::Bye => self.begun = Some(begun),
        }
    }

    /// The pinned line keeps its bytes, so it only loses its place.
    fn evict_pinned(&mut self, meta: Meta) {
        let Some(pinned) = &self.pinned else { return };
        self.base.fold(meta, &pinned.line);
        let being_written = matches!(&self.begun, Some(Begun { what: What::Started, .. }));
        self.owed.started = self.connected && !being_written;
    }

    /// A connection was made, to a reader that may have seen nothing yet.
    pub(crate) fn open(&mut self) {
        self.connected = true;
        self.owed = Owed {
            started: self.pinned.as_ref().is_some_and(|pinned| pinned.seq <= self.base.through()),
            before_held: self.held.as_ref().is_some_and(|held| held.before.holds_more()),
            snapshot: self.base.holds_more(),
        };
    }

    /// The connection ended.
    pub(crate) fn close(&mut self) {
        self.connected = false;
        self.owed = Owed::default();
        self.front_written = 0;
        if let Some(Begun { what: What::Lost(hole), .. }) = self.begun.take() {
            self.holes.insert(hole);
        }
    }

    /// The next bytes to write, `None` when there is nothing to say. `time` is the present, for lines
    /// that are made here.
    pub(crate) fn poll_bytes(&mut self, time: Timestamp) -> Option<&[u8]> {
        if !self.connected {
            return None;
        }
        if self.begun.is_none() && self.front_written == 0 {
            self.begun = self.next_made_line(time);
        }
        if let Some(begun) = &self.begun {
            return Some(begun.rest());
        }
        let span = self.ring.span(self.holes.front().map(|hole| hole.from));
        Some(&span[self.front_written..]).filter(|bytes| !bytes.is_empty())
    }

    /// The line that comes before the ring's first, if there is one.
    fn next_made_line(&mut self, time: Timestamp) -> Option<Begun> {
        if self.held.is_some() {
            return self.next_line_up_to_held(time);
        }
        self.next_opening_line(time).or_else(|| self.next_line_in_place(time))
    }

    /// What stands for events that have left the ring, as far as this reader may not have it.
    fn next_opening_line(&mut self, time: Timestamp) -> Option<Begun> {
        let through = self.base.through();
        let hole = self.holes.front().map(|hole| hole.from).filter(|from| *from <= through);
        if let Some(pinned) = self.pinned.as_ref().filter(|_| self.owed.started) {
            // A snapshot that reaches no further than `orch.started` would be ignored behind it, and a
            // hole before it would look as if nobody told of it.
            let snapshot_first = pinned.seq == through && self.owed.snapshot;
            if !snapshot_first && hole.is_none_or(|from| pinned.seq < from) {
                return self.begin_started();
            }
        }
        if hole.is_some() {
            return self.begin_lost(time);
        }
        if std::mem::take(&mut self.owed.snapshot) {
            return Some(Begun::new(self.base.snapshot(time), What::Snapshot));
        }
        self.begin_started()
    }

    /// What comes in its turn before the next ordinary line.
    fn next_line_in_place(&mut self, time: Timestamp) -> Option<Begun> {
        let front = self.ring.front().map(|(meta, _)| meta);
        if self.holes.front().is_some_and(|hole| front.is_none_or(|meta| hole.from < meta.seq)) {
            return self.begin_lost(time);
        }
        match (front, &self.pinned) {
            (Some(meta), Some(pinned)) if meta.role == Role::Pinned => {
                Some(Begun::new(pinned.line.clone(), What::Started))
            }
            (Some(_), _) => None,
            (None, _) => self.begin_bye(time),
        }
    }

    /// The line that was dropped while it was begun has to go out again: what comes before it, or it.
    fn next_line_up_to_held(&mut self, time: Timestamp) -> Option<Begun> {
        let held = self.held.as_ref()?;
        let through = held.before.through();
        let pinned = self.pinned.as_ref().map(|pinned| pinned.seq).filter(|seq| *seq <= through);
        let snapshot_first = pinned == Some(through) && self.owed.before_held;
        if pinned.is_some()
            && !snapshot_first
            && let Some(started) = self.begin_started()
        {
            return Some(started);
        }
        let held = self.held.as_ref()?;
        if std::mem::take(&mut self.owed.before_held) {
            return Some(Begun::new(held.before.snapshot(time), What::Snapshot));
        }
        let line = held.line.clone();
        let started = pinned.and_then(|_| self.begin_started());
        Some(started.unwrap_or_else(|| Begun::new(line, What::Held)))
    }

    fn begin_started(&mut self) -> Option<Begun> {
        let owed = std::mem::take(&mut self.owed.started);
        let pinned = self.pinned.as_ref().filter(|_| owed)?;
        Some(Begun::new(pinned.line.clone(), What::Started))
    }

    fn begin_lost(&mut self, time: Timestamp) -> Option<Begun> {
        let hole = self.holes.pop_front()?;
        let line = self.control_line(kind::LINK_LOST, time, &hole);
        Some(Begun::new(line, What::Lost(hole)))
    }

    fn begin_bye(&mut self, time: Timestamp) -> Option<Begun> {
        let Bye::Wanted(last) = self.bye else { return None };
        let line = self.control_line(kind::LINK_BYE, time, &LinkBye { last });
        Some(Begun::new(line, What::Bye))
    }

    fn control_line<T: serde::Serialize>(&self, kind: &str, time: Timestamp, payload: &T) -> Vec<u8> {
        let mut line = control_line(kind, time, Some(&self.run), payload);
        line.push(b'\n');
        line
    }

    /// The reader's side took the first `n` bytes of what [`Outbox::poll_bytes`] gave.
    pub(crate) fn handle_written(&mut self, n: usize) {
        if let Some(begun) = &mut self.begun {
            begun.advance(n);
            if let Some(begun) = self.begun.take_if(|begun| begun.rest().is_empty()) {
                self.finish(&begun);
            }
            return;
        }
        self.front_written += n;
        while let Some((meta, line)) = self.ring.front() {
            // The pinned line's place is empty here and is not passed by a write.
            if meta.role == Role::Pinned || self.front_written < line.len() {
                break;
            }
            self.front_written -= line.len();
            self.base.fold(meta, line);
            self.counts.sent += 1;
            self.ring.pop_front();
        }
    }

    fn finish(&mut self, begun: &Begun) {
        match &begun.what {
            What::Started => {
                if let Some(pinned) = &mut self.pinned {
                    self.counts.sent += u64::from(!std::mem::replace(&mut pinned.sent, true));
                }
                if let Some((meta, _)) = self.ring.front().filter(|(meta, _)| meta.role == Role::Pinned) {
                    self.base.fold(meta, begun.line());
                    self.ring.pop_front();
                }
            }
            What::Lost(hole) => {
                self.base.fold_lost(hole, begun.line());
                self.counts.announced += hole.count;
            }
            What::Snapshot => {}
            What::Held => {
                self.held = None;
                self.counts.sent += 1;
            }
            What::Bye => self.bye = Bye::Said,
        }
    }

    /// Asks for `link.bye` once everything else is said.
    pub(crate) fn say_bye(&mut self, last: u64) {
        if self.bye == Bye::NotYet {
            // Without a single event there is no run to take leave from.
            self.bye = if last == 0 { Bye::Said } else { Bye::Wanted(last) };
        }
    }

    /// Whether everything is said, `link.bye` included.
    pub(crate) fn is_finished(&self) -> bool {
        let empty = self.begun.is_none() && self.held.is_none() && self.ring.front().is_none();
        let told = self.holes.len() == 0 && !(self.owed.started || self.owed.snapshot);
        empty && told && self.bye == Bye::Said
    }

    /// What became of the events so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// How many events are queued, and the bytes of their lines.
    pub(crate) fn queued(&self) -> (u64, u64) {
        let pinned = self.pinned.as_ref().filter(|pinned| !pinned.sent).map(|pinned| pinned.line.len());
        let held = self.held.as_ref().map(|held| held.line.len());
        let extra = [pinned, held].into_iter().flatten();
        let (count, bytes) = extra.fold((0, 0), |(count, sum), bytes| (count + 1, sum + bytes));
        ((self.ring.events() + count) as u64, (self.ring.bytes() + bytes) as u64)
    }

    /// Empty blocks for the emitter.
    pub(crate) fn take_spare(&mut self) -> Vec<Block> {
        self.ring.take_spare()
    }

    /// How many lost events nobody has been told of.
    #[cfg(test)]
    pub(crate) fn untold(&self) -> u64 {
        let being_told = match &self.begun {
            Some(Begun { what: What::Lost(hole), .. }) => hole.count,
            _ => 0,
        };
        self.holes.events() + being_told
    }
}
