//! What goes to the spool, and what is sent from there.

use choo_protocol::{LinkBye, LinkLost, RunId, Timestamp, kind};

use super::Outbox;
use crate::base::Base;
use crate::block::{Meta, Role};
use crate::hole::{Reason, is_dense};
use crate::ring::Bounds;
use crate::session::Mode;
use crate::spool::{Chunk, Entry, Extent, Page, Spool, SpoolAction};
use crate::wire::Wire;
use crate::{Redaction, SpoolFailure};

impl Outbox {
    /// With a spool that takes so many bytes. On the original tool's wire nobody could say what it has, so
    /// there is none.
    pub(crate) fn with_spool(mut self, limit: Option<u64>) -> Self {
        self.spool = limit.filter(|_| self.wire == Wire::Full).map(Spool::new);
        self
    }

    /// What an earlier process left behind, to be sent and no more.
    pub(crate) fn inherit(run: RunId, bounds: Bounds, extent: Extent) -> Self {
        let through = extent.through();
        let mut outbox = Outbox::new(run, Wire::Full, bounds, &Redaction::new());
        outbox.base.reach(through);
        // Nothing is known of what was sent, so no hub can have too much.
        (outbox.last, outbox.reached, outbox.bye) = (through, through, Some(through));
        outbox.spool = Some(Spool::inherited(extent));
        outbox
    }

    /// Whether it only sends what an earlier process left.
    pub(crate) fn is_inherited(&self) -> bool {
        self.spool.as_ref().is_some_and(Spool::is_inherited)
    }

    /// Whether that cannot be read, so that there is nothing more to send.
    pub(crate) fn is_unreadable(&self) -> bool {
        self.spool.as_ref().is_some_and(Spool::is_unreadable)
    }

    /// Whether something belongs on the disk that is not there: everything while no hub says that it stores
    /// events, and later until the hub has what is there; what else would be dropped from memory.
    pub(crate) fn has_unspooled(&self) -> bool {
        let Some(spool) = self.spool.as_ref().filter(|spool| spool.accepts() && !spool.is_busy()) else {
            return false;
        };
        let wanted = self.stalled || self.mode() != Some(Mode::Acking) || self.feeds() || self.ring.is_over();
        wanted && self.last > self.safe_through(spool)
    }

    /// Whether that cannot wait.
    pub(crate) fn is_spooling_urgent(&self) -> bool {
        self.ring.is_over() && self.has_unspooled()
    }

    /// Whether the disk failed and is to be tried again.
    pub(crate) fn may_retry_spool(&self) -> bool {
        self.spool.as_ref().is_some_and(Spool::may_retry)
    }

    /// Tries it again.
    pub(crate) fn retry_spool(&mut self) {
        self.spool.iter_mut().for_each(Spool::retry);
    }

    /// The last event that is not lost with this process.
    fn safe_through(&self, spool: &Spool) -> u64 {
        self.delivered.max(spool.extent().through())
    }

    /// The last event that a hub has said it stored, or that is on the disk, with all before it.
    #[cfg(any(test, feature = "sim"))]
    pub(crate) fn safe(&self) -> u64 {
        self.spool.as_ref().map_or(self.delivered, |spool| self.safe_through(spool))
    }

    /// The last event of those that are on the disk.
    #[cfg(any(test, feature = "sim"))]
    pub(crate) fn spooled_through(&self) -> u64 {
        let extent = self.spool.as_ref().map(Spool::extent).filter(|extent| !extent.is_empty());
        extent.map_or(0, Extent::through)
    }

    /// Hands everything that is neither delivered nor spooled over to be written; `time` is the present.
    pub(crate) fn gather(&mut self, time: Timestamp) {
        self.clear_passed_spool();
        let Some(spool) = self.spool.as_ref().filter(|spool| spool.accepts() && !spool.is_busy()) else {
            return;
        };
        let mut page = spool.begin_page();
        let begins = spool.extent().is_empty();
        let behind = if begins { self.start_through() } else { spool.extent().through() };
        // After the disk failed, events may have left the ring that are nowhere.
        let broken = self.base.through() > behind;
        let fits = !broken
            && (!begins || self.gather_start(behind, &mut page, time))
            && self.gather_lines(behind, begins, &mut page, time);
        if fits {
            page.reach(self.last);
        }
        let Some(spool) = &mut self.spool else { return };
        if !fits {
            spool.close_full(SpoolFailure::Full);
        }
        spool.submit(page);
        self.holes.freeze();
    }

    /// A file that lacks what was delivered, and left the ring, after everything in it was, is begun anew.
    fn clear_passed_spool(&mut self) {
        let (base, delivered) = (self.base.through(), self.delivered);
        let is_passed = |spool: &mut Spool| {
            let extent = spool.extent();
            !extent.is_empty() && extent.through() < base && base <= delivered
        };
        if let Some(spool) = self.spool.as_mut().filter(|spool| spool.accepts() && !spool.is_busy())
            && !spool.has_chunk()
            && is_passed(spool)
        {
            spool.clear();
        }
    }

    /// Up to which event a new file holds the state.
    fn start_through(&self) -> u64 {
        self.base.through().max(self.delivered)
    }

    /// The picture of what has been delivered, for a hub that never heard of it.
    fn gather_start(&self, start: u64, page: &mut Page, time: Timestamp) -> bool {
        let mut base = self.base.clone();
        for (meta, line) in self.ring.behind(0).take_while(|(meta, _)| meta.seq <= start) {
            base.fold(meta, self.bytes_of(meta, line));
        }
        base.reach(start);
        let mut lost = Vec::new();
        for (hole, told) in self.holes.iter().filter(|(hole, _)| hole.from <= start) {
            if told && hole.to <= start {
                base.fold_lost(hole);
            } else {
                lost.push(hole);
            }
        }
        // Behind the state, for who has `orch.started` alone waits for what lies before it, and the file may be
        // torn between them.
        let pinned = self.pinned.as_ref().filter(|pinned| pinned.seq <= start);
        lost.into_iter().all(|hole| self.push_lost(hole, page, time))
            && (!base.holds_more() || self.push_snapshot(&base, page, time))
            && pinned.is_none_or(|pinned| page.push(&pinned.line, &Entry::Other))
    }

    fn push_snapshot(&self, base: &Base, page: &mut Page, time: Timestamp) -> bool {
        let lines = base.snapshot(self.part_bytes, time);
        let last = lines.len();
        (1..).zip(&lines).all(|(n, line)| {
            let through = base.through();
            page.push(line, &if n == last { Entry::Snapshot(through) } else { Entry::Part(through) })
        })
    }

    /// The lines behind an event and the holes between them.
    fn gather_lines(&self, behind: u64, begins: bool, page: &mut Page, time: Timestamp) -> bool {
        let is_new = |hole: &LinkLost| if begins { hole.from > behind } else { hole.to > behind };
        let mut holes = self.holes.iter().map(|(hole, _)| hole).filter(|hole| is_new(hole)).peekable();
        for (meta, line) in self.ring.behind(behind) {
            while let Some(hole) = holes.next_if(|hole| hole.from < meta.seq) {
                if !self.push_lost(hole, page, time) {
                    return false;
                }
            }
            if !page.push(self.bytes_of(meta, line), &Entry::Event(meta.seq)) {
                return false;
            }
        }
        holes.all(|hole| self.push_lost(hole, page, time))
    }

    fn push_lost(&self, lost: &LinkLost, page: &mut Page, time: Timestamp) -> bool {
        page.push(&self.control_line(kind::LINK_LOST, time, lost), &Entry::Lost(lost.clone()))
    }

    fn bytes_of<'a>(&'a self, meta: Meta, line: &'a [u8]) -> &'a [u8] {
        match &self.pinned {
            Some(pinned) if meta.role == Role::Pinned => &pinned.line,
            _ => line,
        }
    }

    /// The run ends: what is not delivered goes to the disk, and last that it was closed.
    pub(crate) fn gather_rest(&mut self, time: Timestamp) {
        let Some(spool) = &self.spool else { return };
        if spool.is_inherited() || self.last <= self.safe_through(spool) && spool.extent().is_empty() {
            return;
        }
        self.gather(time);
        let (Some(spool), Some(last)) = (&mut self.spool, self.bye) else { return };
        if !spool.accepts() {
            return;
        }
        let bye = self.control_line(kind::LINK_BYE, time, &LinkBye { last });
        if let Some(spool) = &mut self.spool {
            spool.append_bye(&bye);
        }
    }

    /// The next thing to do with the file.
    pub(crate) fn poll_spool(&mut self) -> Option<SpoolAction<'_>> {
        self.spool.as_mut()?.poll_action()
    }

    /// What was gathered is on the disk, or could not be written.
    pub(crate) fn handle_appended(&mut self, result: Result<(), SpoolFailure>) {
        if let Some(spool) = &mut self.spool {
            spool.handle_appended(result);
        }
        self.make_room();
    }

    /// What was asked for was read, or is gone.
    pub(crate) fn handle_read(&mut self, result: Result<Vec<u8>, SpoolFailure>) {
        let Some(spool) = &mut self.spool else { return };
        let (unsent, bytes) = spool.unsent();
        let to = spool.extent().through().min(self.base.through());
        if spool.handle_read(result) || spool.is_inherited() {
            return;
        }
        // But for `orch.started`, which is kept here, what was there only is lost, and base tells what it led to.
        if let (Some(session), Some(pinned)) = (&mut self.session, &self.pinned) {
            session.started_owed |= pinned.seq > session.cursor && pinned.seq <= self.base.through();
        }
        let from = self.session.as_ref().map_or(0, |session| session.cursor) + 1;
        self.counts.evicted += unsent;
        if unsent > 0 && from <= to {
            let count = unsent.min(to - from + 1);
            let by_type = [("other".to_owned(), count)].into_iter().collect();
            let reason = Reason::Spool.as_str().to_owned();
            self.holes.add_lost(LinkLost { from, to, count, bytes, by_type, reason });
        }
    }

    /// What went wrong with the file since the last call.
    pub(crate) fn take_spool_warning(&mut self) -> Option<SpoolFailure> {
        self.spool.as_mut()?.take_warning()
    }

    /// A peer that says nothing begins: up to where it counts as having everything, and up to where the file
    /// tells it of the beginning.
    pub(super) fn begin_spool_one_way(&mut self) -> (u64, u64) {
        let through = self.base.through();
        let Some(spool) = &mut self.spool else { return (0, 0) };
        spool.rewind();
        // Nobody has folded the lines that were delivered from the file, so that a new peer gets them again.
        if spool.feeds(self.delivered, through) { (0, spool.extent().through()) } else { (0, 0) }
    }

    /// Whether the peer is to be sent lines that are no longer in the ring, but in the file.
    pub(super) fn feeds(&self) -> bool {
        let (Some(spool), Some(session)) = (&self.spool, &self.session) else { return false };
        session.mode != Mode::Greeting && spool.feeds(session.cursor, self.base.through())
    }

    /// Whether lines from the file are being sent.
    pub(super) fn has_chunk(&self) -> bool {
        self.spool.as_ref().is_some_and(Spool::has_chunk)
    }

    /// Prepares the next lines from the file, if the peer is to have any.
    pub(super) fn load_chunk(&mut self) {
        while self.feeds() {
            let (Some(spool), Some(session)) = (&mut self.spool, &self.session) else { return };
            let base = self.base.through();
            if spool.load(session.cursor, base) {
                return;
            }
            // The rest of it are holes.
            spool.rewind();
            let end = spool.extent().through().min(base);
            self.carry(end);
            self.ring.seek(end);
        }
    }

    /// The peer took so many bytes of lines from the file.
    pub(super) fn advance_chunk(&mut self, n: usize) {
        if let Some(chunk) = self.spool.as_mut().and_then(Spool::chunk) {
            chunk.advance(n);
        }
        while let Some((entry, len)) = self.spool.as_mut().and_then(Spool::chunk).and_then(Chunk::pop_written)
        {
            self.finish_spooled(&entry, len);
        }
        if let Some(spool) = &mut self.spool
            && spool.chunk().is_some_and(|chunk| chunk.is_empty())
        {
            spool.finish_chunk();
            let cursor = self.session.as_ref().map_or(0, |session| session.cursor);
            self.ring.seek(cursor);
        }
        self.clear_spool_if_done();
    }

    fn finish_spooled(&mut self, entry: &Entry, len: usize) {
        match entry {
            Entry::Event(seq) => {
                let written = self.ring.written_through();
                let first = match (&mut self.pinned, &mut self.spool) {
                    (Some(pinned), _) if pinned.seq == *seq => !std::mem::replace(&mut pinned.sent, true),
                    (_, Some(spool)) => spool.note_sent(*seq, len, written),
                    (_, None) => false,
                };
                self.counts.sent += u64::from(first);
                self.carry(*seq);
            }
            Entry::Snapshot(through) => self.carry(*through),
            Entry::Lost(lost) => {
                let session = self.session.as_ref().map_or(0, |session| session.number);
                let cursor = self.session.as_ref().map_or(0, |session| session.cursor);
                if self.holes.note_told(lost.from, session) {
                    self.counts.announced += lost.count;
                }
                if lost.from <= cursor + 1 && is_dense(lost) {
                    self.carry(lost.to);
                }
                self.reached = self.reached.max(lost.to);
            }
            Entry::Part(_) | Entry::Other | Entry::Bye => {}
        }
    }

    /// A file of which everything is delivered has done its work.
    pub(super) fn clear_spool_if_done(&mut self) {
        let acking = self.mode() == Some(Mode::Acking);
        let delivered = self.delivered;
        let Some(spool) = &mut self.spool else { return };
        let done = spool.is_done(delivered, acking || spool.is_inherited()) && !spool.has_chunk();
        let Some(spool) = self.spool.as_mut().filter(|_| done) else { return };
        // Of what an earlier process left, the hub may have had some.
        let (unsent, _) = spool.unsent();
        self.counts.sent += unsent;
        spool.clear();
    }

    /// The end: a file of which everything is delivered is not left behind.
    pub(crate) fn end_spool(&mut self) {
        let delivered = self.delivered;
        if let Some(spool) = self.spool.as_mut().filter(|spool| spool.is_done(delivered, true)) {
            let (unsent, _) = spool.unsent();
            self.counts.sent += unsent;
            spool.clear();
        }
    }

    /// Events that are in the file and not delivered, and the bytes of the file.
    pub(crate) fn spooled(&self) -> (u64, u64) {
        let Some(spool) = &self.spool else { return (0, 0) };
        let extent = spool.extent();
        let behind = self.delivered.max(extent.start()).max(extent.first().saturating_sub(1));
        let lost = self.holes.iter().map(|(hole, _)| hole);
        let lost: u64 = lost
            .filter(|hole| hole.from > behind && hole.to <= extent.through())
            .map(|hole| hole.count)
            .sum();
        (extent.through().saturating_sub(behind).saturating_sub(lost).min(extent.events()), extent.len())
    }

    /// Why lines cannot go to the disk.
    pub(crate) fn spool_failure(&self) -> Option<SpoolFailure> {
        self.spool.as_ref()?.failure().cloned()
    }

    /// Says whether the peer takes nothing though it should.
    pub(crate) fn note_stalled(&mut self, stalled: bool) {
        self.stalled = stalled;
    }
}
