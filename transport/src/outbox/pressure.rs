//! What leaves a full ring, and in which order.

use std::collections::HashMap;

use choo_protocol::{Class, Limits, Line};

use super::{Counts, Outbox};
use crate::begun::{Begun, What};
use crate::block::{Meta, Role, kind_of};
use crate::hole::{Holes, Reason};
use crate::session::Mode;
use crate::spool::Spool;
use crate::telling::Telling;
use crate::wire::Wire;

/// How many bytes of sent lines are kept for a peer that says nothing, where no hub has spoken yet: it may be
/// one that is slow to say what it has.
const ONE_WAY_KEEP: usize = 1 << 20;

impl Outbox {
    /// Makes room in a full ring, in the order of SPEC §4. What was written but not acknowledged is
    /// forgotten without a word: chances are that it arrived, and base tells of it if not. What was not
    /// written is announced.
    pub(super) fn make_room(&mut self) {
        if self.make_room_by_spool() {
            self.limit_holes();
            return;
        }
        if self.ring.is_over() {
            self.withdraw_unwritten();
            self.forget_written();
        }
        if self.ring.is_over() {
            self.conflate_progress();
        }
        if self.ring.is_over() {
            self.evict_bulk();
        }
        if self.ring.is_over() {
            while self.ring.is_above_low_water() && self.ring.front().is_some() {
                self.drop_front();
            }
        }
        self.limit_holes();
    }

    /// For a peer that says nothing hardly anything is kept that it was sent.
    pub(super) fn trim(&mut self) {
        let keep = match (self.wire, self.mode()) {
            (Wire::Seed, _) => 0,
            (Wire::Full, Some(Mode::OneWay)) if self.stored.is_none() => ONE_WAY_KEEP,
            (Wire::Full, _) => return,
        };
        if self.ring.written().bytes <= keep {
            return;
        }
        let delivered = self.delivered;
        while self.ring.written().bytes > keep
            && self.ring.front().is_some_and(|(meta, _)| meta.seq <= delivered)
        {
            self.drop_front();
        }
        self.fold_told_holes();
    }

    /// A line made here of which no byte is written yet will be made anew, to tell of what is dropped now
    /// as well.
    fn withdraw_unwritten(&mut self) {
        if self.telling.as_ref().is_some_and(Telling::is_begun) {
            // A snapshot of which a part is told is told to its end.
            return;
        }
        match self.begun.take_if(|begun| !begun.is_on_the_wire()).map(|begun| begun.what) {
            Some(What::Lost) => self.holes.abandon(),
            Some(What::Snapshot) => self.telling = None,
            _ => {}
        }
    }

    /// What is delivered or spooled may leave without a word; answers whether the rest waits for the disk.
    fn make_room_by_spool(&mut self) -> bool {
        let Some(spool) = self.spool.as_ref().filter(|_| self.ring.is_over()) else { return false };
        let extent = spool.extent();
        let spooled = if extent.is_empty() { 0 } else { extent.through() };
        let delivered = self.delivered;
        self.withdraw_unwritten();
        while let Some((meta, _)) = self.ring.front() {
            // What has to be read back goes in larger parts.
            let over =
                if meta.seq <= delivered { self.ring.is_over() } else { self.ring.is_above_low_water() };
            if !over || meta.seq > delivered.max(spooled) {
                break;
            }
            self.drop_front();
        }
        self.ring.is_over() && self.has_unspooled()
    }

    /// Up to which event lines were written whole, on whatever connection.
    fn written_through(&self) -> u64 {
        let spool = self.spool.as_ref().map_or(0, Spool::written_through);
        self.ring.written_through().max(spool)
    }

    fn forget_written(&mut self) {
        let through = self.ring.written_through();
        let cursor = self.session.as_ref().map_or(0, |session| session.cursor);
        while let Some((meta, _)) = self.ring.front().filter(|(meta, _)| meta.seq <= through) {
            // What the peer still waits for costs it a snapshot, so more goes at a time.
            let goes = if meta.seq > cursor { self.ring.is_above_low_water() } else { self.ring.is_over() };
            if !goes {
                return;
            }
            self.drop_front();
        }
    }

    /// Of the progress events of a task that wait, the latest stands for all.
    fn conflate_progress(&mut self) {
        let limits = Limits::default();
        let begun = self.begun_in_ring();
        let is_progress = |meta: Meta| meta.role == Role::Progress && Some(meta.seq) != begun;
        let task_of = |line: &[u8]| {
            let line = Line::parse(line.strip_suffix(b"\n").unwrap_or(line), &limits).ok()?;
            Some((line.unit.into_owned(), line.task))
        };
        let waiting = self.ring.unwritten().filter(|(meta, _)| is_progress(*meta));
        let latest: HashMap<_, u64> =
            waiting.filter_map(|(meta, line)| Some((task_of(line)?, meta.seq))).collect();
        if latest.is_empty() {
            return;
        }
        let Outbox { ring, holes, counts, wire, session, .. } = self;
        ring.evict(session.as_ref().map_or(0, |session| session.cursor), |meta, line| {
            let goes = is_progress(meta)
                && task_of(line).and_then(|task| latest.get(&task)).is_some_and(|last| meta.seq < *last);
            if goes {
                counts.conflated += 1;
                if *wire == Wire::Full {
                    holes.add(meta.seq, kind_of(line), line.len(), Reason::Conflated);
                }
            }
            goes
        });
    }

    fn evict_bulk(&mut self) {
        let begun = self.begun_in_ring();
        let Outbox { ring, holes, counts, wire, session, .. } = self;
        ring.evict(session.as_ref().map_or(0, |session| session.cursor), |meta, line| {
            let goes = meta.class == Class::Bulk && Some(meta.seq) != begun;
            if goes {
                note_evicted(counts, holes, *wire, meta.seq, line);
            }
            goes
        });
    }

    /// The line in the ring of which some bytes are written: it has to be finished.
    fn begun_in_ring(&self) -> Option<u64> {
        if self.front_written == 0 { None } else { self.ring.next().map(|meta| meta.seq) }
    }

    /// Moves the oldest line into base.
    pub(super) fn drop_front(&mut self) {
        let begun = self.begun_in_ring();
        let Some((meta, line)) = self.ring.front() else { return };
        let spooled = self.spool.as_ref().is_some_and(|spool| spool.covers(meta));
        let first = meta.seq > self.written_through();
        if meta.role == Role::Pinned {
            self.drop_pinned(meta, spooled);
        } else if begun == Some(meta.seq) {
            self.base.fold(meta, line);
            let written = std::mem::take(&mut self.front_written);
            self.begun = Some(Begun::held(line.to_vec(), written, meta.seq, first));
        } else {
            self.base.fold(meta, line);
            if let (true, true, Some(spool)) = (first, spooled, &mut self.spool) {
                spool.keep_unsent(line.len());
            } else if first {
                note_evicted(&mut self.counts, &mut self.holes, self.wire, meta.seq, line);
            }
        }
        self.ring.pop_front();
    }

    /// A line that the ring dropped does not outlive its connection: the next peer may know nothing, and
    /// base, which has gone on, cannot tell it how things stood before that line.
    pub(super) fn abandon_begun(&mut self) {
        if let Some((seq, line)) = self.begun.take().as_ref().and_then(Begun::first_held) {
            match self.spool.as_mut().filter(|spool| spool.extent().holds(seq)) {
                Some(spool) => spool.keep_unsent(line.len()),
                None => note_evicted(&mut self.counts, &mut self.holes, self.wire, seq, line),
            }
        }
        self.front_written = 0;
    }

    /// The pinned line keeps its bytes, so it only loses its place.
    fn drop_pinned(&mut self, meta: Meta, spooled: bool) {
        let Some(pinned) = &self.pinned else { return };
        self.base.fold(meta, &pinned.line);
        let being_written = self.begun.as_ref().is_some_and(|begun| begun.what == What::Started);
        if let Some(session) = &mut self.session {
            session.started_owed |= meta.seq > session.cursor && !being_written && !spooled;
        }
    }

    /// Holes that somebody has been told of are part of base once it has reached them.
    pub(super) fn fold_told_holes(&mut self) {
        while let Some(lost) = self.holes.pop_told(self.base.through()) {
            self.base.fold_lost(&lost);
        }
    }

    fn limit_holes(&mut self) {
        if self.holes.is_empty() {
            return;
        }
        self.fold_told_holes();
        self.holes.limit();
        // Those that were told stay as they are, and leave with the sent lines before them.
        let through = self.ring.written_through();
        while self.holes.is_over() && self.ring.front().is_some_and(|(meta, _)| meta.seq <= through) {
            self.drop_front();
            self.fold_told_holes();
        }
    }
}

/// An event that was never written whole is gone. Nobody can be told on the original tool's wire.
fn note_evicted(counts: &mut Counts, holes: &mut Holes, wire: Wire, seq: u64, line: &[u8]) {
    counts.evicted += 1;
    if wire == Wire::Full {
        holes.add(seq, kind_of(line), line.len(), Reason::Overflow);
    }
}
