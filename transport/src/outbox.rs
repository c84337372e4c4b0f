//! What the peer is to be sent next.

use choo_protocol::{Limits, LinkPong, RunId, RunState};

use crate::Redaction;
use crate::base::Base;
use crate::begun::Begun;
use crate::block::{Block, Role};
use crate::hole::Holes;
use crate::redactor::Redactor;
use crate::ring::{Bounds, Ring};
use crate::session::{Mode, Session};
use crate::spool::Spool;
use crate::staging::Staged;
use crate::started::{Graph, enrich};
use crate::telling::Telling;
use crate::wire::Wire;

mod pressure;
mod sending;
mod spooled;

/// Ring, base and holes of one run, and the order in which they go out.
///
/// Lines stay in the ring when they are sent, as long as there is room, and are folded into *base* as they
/// leave it. A hub says what it has, and gets the rest: lines from the ring, and where those are gone,
/// `orch.started` and a snapshot of base. For a peer that says nothing, what was written counts as
/// delivered, unless a hub has spoken before: then it is taken for one that is slow to. Where lines were
/// dropped unsent, `link.lost` stands in their place, followed by a snapshot if they could have changed the
/// state.
///
/// A line begun is finished before anything else; if the connection ends first, the whole line goes out
/// on the next one, or is announced if the ring had to drop it meanwhile.
///
/// In the order of a driver: [`Outbox::accept`] what was emitted; [`Outbox::open`] at each connection, then
/// [`Outbox::begin_one_way`] or [`Outbox::handle_welcome`] when it is known what the peer is;
/// [`Outbox::poll_bytes`] and [`Outbox::handle_written`] in turn; [`Outbox::close`] at its end.
#[derive(Debug)]
pub(crate) struct Outbox {
    run: RunId,
    wire: Wire,
    ring: Ring,
    holes: Holes,
    base: Base,
    /// What no line may show.
    redactor: Option<Redactor>,
    /// The first `orch.started`, unchanged for ever.
    pinned: Option<Pinned>,
    session: Option<Session>,
    sessions: u64,
    /// The line being written, unless it lies in the ring.
    begun: Option<Begun>,
    /// The snapshot that is being told, and how large a part of one is.
    telling: Option<Telling>,
    part_bytes: usize,
    /// How many bytes of the line at the ring's cursor are written.
    front_written: usize,
    /// The last event emitted.
    last: u64,
    /// The last event some peer has been sent or told of.
    reached: u64,
    /// The last event known to be delivered, with all before it.
    delivered: u64,
    /// The last event that a hub has said it stored, once one has.
    stored: Option<u64>,
    /// The last event of a run that closes.
    bye: Option<u64>,
    counts: Counts,
    spool: Option<Spool>,
    /// Whether the peer takes nothing though it should.
    stalled: bool,
}

/// Events that have left, by how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Written whole.
    pub(crate) sent: u64,
    /// Dropped unsent by the full ring.
    pub(crate) evicted: u64,
    /// Dropped unsent in favour of a later progress of the same task.
    pub(crate) conflated: u64,
    /// Told of by a `link.lost` that was written whole.
    pub(crate) announced: u64,
}

#[derive(Debug)]
struct Pinned {
    seq: u64,
    line: Vec<u8>,
    sent: bool,
}

impl Outbox {
    pub(crate) fn new(run: RunId, wire: Wire, bounds: Bounds, redaction: &Redaction) -> Self {
        Outbox {
            base: Base::new(run.clone(), wire == Wire::Full),
            run,
            wire,
            ring: Ring::new(bounds),
            holes: Holes::default(),
            redactor: Redactor::new(redaction),
            pinned: None,
            session: None,
            sessions: 0,
            begun: None,
            telling: None,
            part_bytes: RunState::PART_BYTES,
            front_written: 0,
            last: 0,
            reached: 0,
            delivered: 0,
            stored: None,
            bye: None,
            counts: Counts::default(),
            spool: None,
            stalled: false,
        }
    }

    /// With snapshots in parts of about so many bytes.
    pub(crate) fn with_part_bytes(mut self, part_bytes: usize) -> Self {
        self.part_bytes = part_bytes;
        self
    }

    /// Takes what was emitted, then makes room.
    pub(crate) fn accept(&mut self, staged: Staged) {
        self.last = self.last.max(staged.emitted.events);
        let mut graphs = staged.graphs.into_iter();
        for mut block in staged.blocks {
            if let Some(redactor) = &mut self.redactor {
                redactor.redact_block(&mut block);
            }
            for index in 0..block.lines().len() {
                if block.lines()[index].role == Role::Started {
                    let graph = graphs.next().flatten();
                    self.accept_started(&mut block, index, graph.as_deref());
                }
            }
            self.ring.push(block);
        }
        // Nobody can be told of them on the original tool's wire.
        if self.wire == Wire::Full {
            self.holes.append(staged.holes);
        }
        self.make_room();
    }

    fn accept_started(&mut self, block: &mut Block, index: usize, graph: Option<&Graph>) {
        let seq = block.lines()[index].seq;
        let mut line = block.replace(index, Role::Pinned, b"");
        let limits = Limits::default();
        if let Some(enriched) =
            graph.and_then(|graph| enrich(&line, graph, (&self.run, seq), self.wire, &limits))
        {
            let redacted = self.redactor.as_mut().and_then(|redactor| redactor.redact(&enriched, false));
            line = redacted.unwrap_or(enriched);
        }
        if self.pinned.is_none() {
            self.pinned = Some(Pinned { seq, line, sent: false });
        } else {
            // A run that starts twice: the second time is an event like any other.
            block.replace(index, Role::Event, &line);
        }
    }

    /// A connection was made. Nothing but a greeting is said until it is known what the peer is.
    pub(crate) fn open(&mut self) {
        self.sessions += 1;
        self.session = Some(Session::new(self.sessions));
        if self.wire == Wire::Seed {
            self.begin_one_way();
        }
    }

    /// The peer says nothing, or is not to be talked with: it gets what was not delivered, and a picture of
    /// what was, since it may be a new one.
    pub(crate) fn begin_one_way(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        while self.ring.front().is_some_and(|(meta, _)| meta.seq <= self.delivered) {
            self.drop_front();
        }
        self.base.reach(self.delivered);
        self.fold_told_holes();
        self.sessions += 1;
        let (cursor, told_by_spool) = self.begin_spool_one_way();
        session.begin(self.sessions, Mode::OneWay, cursor, self.delivered);
        session.hello_owed &= self.wire == Wire::Full;
        session.started_owed = self
            .pinned
            .as_ref()
            .is_some_and(|pinned| pinned.seq <= self.base.through() && pinned.seq > told_by_spool);
        self.session = Some(session);
        self.ring.seek(0);
    }

    /// The peer is a hub and says up to where it has the run; it gets the rest, from the next line on.
    /// Answers whether that can be so: `false` if it has more than it was ever sent.
    pub(crate) fn handle_welcome(&mut self, have: u64) -> bool {
        let Some(session) = &mut self.session else { return true };
        if session.mode == Mode::Acking {
            // It said so before.
            self.handle_ack(have);
            return true;
        }
        let reached = self.reached;
        session.rewind = Some(have.min(reached));
        if self.is_inherited() && self.begun.is_none() && !self.has_chunk() {
            // There may be nothing more to write, and so nobody to ask for it.
            self.rewind(have.min(reached));
        }
        // Of an earlier process nobody knows how much it sent.
        have <= reached || self.is_inherited()
    }

    /// The stream goes on behind an event, back or forth.
    fn rewind(&mut self, have: u64) {
        let Some(session) = &mut self.session else { return };
        self.sessions += 1;
        self.telling = None;
        // Whoever has a line has what went before it. But what it has may end with the word that something
        // is lost, and the state that makes up for that may have died with the connection.
        let through = self.base.through();
        let told_only = have >= through && self.ring.front().is_none_or(|(meta, _)| meta.seq > have);
        let (mut cursor, mut known) = (if told_only { through.saturating_sub(1) } else { have }, have);
        if let Some(spool) = &mut self.spool {
            spool.rewind();
            if spool.is_inherited() {
                cursor = have;
            }
            if spool.feeds(cursor, through) {
                known = spool.extent().through();
            }
        }
        session.begin(self.sessions, Mode::Acking, cursor, have);
        session.started_owed =
            self.pinned.as_ref().is_some_and(|pinned| pinned.seq > known && pinned.seq <= through);
        (self.delivered, self.stored) = (have, Some(have));
        self.ring.seek(have);
        self.clear_spool_if_done();
    }

    /// The hub has stored everything up to an event.
    pub(crate) fn handle_ack(&mut self, seq: u64) {
        let seq = seq.min(self.reached);
        match &mut self.session {
            Some(Session { rewind: Some(have), .. }) => *have = seq.max(*have),
            Some(Session { mode: Mode::Acking, .. }) => {
                self.delivered = seq.max(self.delivered);
                self.stored = Some(self.delivered);
            }
            _ => {}
        }
        self.clear_spool_if_done();
    }

    /// The peer asks whether somebody is there.
    pub(crate) fn handle_ping(&mut self, pong: LinkPong) {
        if let Some(session) = &mut self.session {
            session.owe_pong(pong);
        }
    }

    /// The connection ended.
    pub(crate) fn close(&mut self) {
        (self.session, self.telling) = (None, None);
        self.abandon_begun();
        self.holes.abandon();
        self.spool.iter_mut().for_each(Spool::rewind);
    }

    /// Asks for `link.bye` once everything else is said.
    pub(crate) fn say_bye(&mut self, last: u64) {
        self.bye.get_or_insert(last);
    }

    /// Whether everything is said, `link.bye` included, and a hub has said that it has it.
    pub(crate) fn is_finished(&self) -> bool {
        let Some(last) = self.bye else { return false };
        // Without a single event there is no run to take leave from.
        if last == 0 {
            return true;
        }
        let Some(session) = &self.session else { return false };
        let said = match self.wire {
            // What the hub says it has need not be said again.
            Wire::Full if self.is_inherited() => session.cursor.max(self.delivered) >= last,
            Wire::Full => session.bye_said,
            Wire::Seed => self.ring.next().is_none() && !session.started_owed,
        };
        // A hub that has spoken has to say that it stored everything.
        said && self.begun.is_none() && (self.stored.is_none() || self.delivered >= last)
    }

    /// What the peer is, while there is one.
    pub(crate) fn mode(&self) -> Option<Mode> {
        self.session.as_ref().map(|session| session.mode)
    }

    /// What became of the events so far.
    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// The last event known to be delivered, with all before it; and the last one sent.
    pub(crate) fn delivered(&self) -> (u64, u64) {
        (self.delivered, self.reached)
    }

    /// How many events were never sent, and the bytes of their lines.
    pub(crate) fn queued(&self) -> (u64, u64) {
        let pinned = self.pinned.as_ref().filter(|pinned| !pinned.sent).map(|pinned| pinned.line.len());
        let held = self.begun.as_ref().and_then(Begun::first_held).map(|(_, line)| line.len());
        let extra = [pinned, held].into_iter().flatten();
        let (count, bytes) = extra.fold((0, 0), |(count, sum), bytes| (count + 1, sum + bytes));
        let (all, written) = (self.ring.all(), self.ring.written());
        let (events, spooled) = self.spool.as_ref().map_or((0, 0), Spool::unsent);
        (
            (all.events - written.events + count) as u64 + events,
            (all.bytes - written.bytes + bytes) as u64 + spooled,
        )
    }

    /// Empty blocks for the emitter.
    pub(crate) fn take_spare(&mut self) -> Vec<Block> {
        self.ring.take_spare()
    }
}

#[cfg(any(test, feature = "sim"))]
impl Outbox {
    /// How many lost events nobody has been told of.
    pub(crate) fn untold(&self) -> u64 {
        self.holes.untold()
    }

    /// Bytes of all lines that are kept, sent ones included, but for the pinned one.
    pub(crate) fn kept_bytes(&self) -> usize {
        self.ring.all().bytes
            + self.begun.as_ref().and_then(Begun::first_held).map_or(0, |(_, line)| line.len())
    }

    /// What a welcome said that does not count yet.
    pub(crate) fn welcomed(&self) -> Option<u64> {
        self.session.as_ref().and_then(|session| session.rewind)
    }

    /// Whether a line was dropped while it was being written.
    pub(crate) fn holds(&self) -> bool {
        self.begun.as_ref().is_some_and(|begun| matches!(begun.what, crate::begun::What::Held { .. }))
    }

    /// Whether lines were dropped that were written but not acknowledged.
    pub(crate) fn has_forgotten(&self) -> bool {
        self.base.through() > self.delivered && self.base.through() <= self.reached
    }
}
