//! What goes out next, and what becomes of it once it is written.

use choo_protocol::{LinkBye, LinkHello, PROTO, Timestamp, control_line, kind};

use super::Outbox;
use crate::begun::{Begun, What};
use crate::block::{Meta, Role};
use crate::hole::is_dense;
use crate::session::{Mode, Session};
use crate::spool::Chunk;
use crate::telling::Telling;
use crate::wire::Wire;

impl Outbox {
    /// The next bytes to write, `None` when there is nothing to say. `time` is the present, for lines
    /// that are made here.
    pub(crate) fn poll_bytes(&mut self, time: Timestamp) -> Option<&[u8]> {
        if self.begun.is_none() && self.front_written == 0 && !self.has_chunk() {
            if let Some(have) = self.session.as_mut()?.rewind.take() {
                self.rewind(have);
            }
            self.begun = self.next_made_line(time);
            if self.begun.is_none() {
                self.load_chunk();
            }
        }
        if let Some(begun) = &self.begun {
            return Some(begun.rest());
        }
        if self.has_chunk() {
            return self.spool.as_ref()?.peek_chunk().map(Chunk::rest);
        }
        if self.feeds() {
            // Waits for the disk.
            return None;
        }
        let session = self.session.as_ref().filter(|session| session.mode != Mode::Greeting)?;
        let span = match self.ring.next() {
            Some(meta) if session.is_urgent() => &self.ring.span(None)[..meta.len()],
            _ => self.ring.span(self.holes.next(session.number, session.floor)),
        };
        span.get(self.front_written..).filter(|bytes| !bytes.is_empty())
    }

    /// The line that comes before that at the ring's cursor, if there is one.
    fn next_made_line(&mut self, time: Timestamp) -> Option<Begun> {
        let session = self.session.as_ref()?;
        if session.hello_owed {
            let first = self.ring.front().map_or(0, |(meta, _)| meta.seq);
            let hello = LinkHello { proto: PROTO, run: self.run.clone(), first, last: self.last };
            return Some(Begun::new(self.control_line(kind::LINK_HELLO, time, &hello), What::Hello));
        }
        if let Some(pong) = session.next_pong() {
            return Some(Begun::new(self.control_line(kind::LINK_PONG, time, pong), What::Pong));
        }
        if session.mode == Mode::Greeting {
            return None;
        }
        if let Some(part) = self.telling.as_mut().and_then(Telling::next) {
            return Some(Begun::new(part, What::Snapshot));
        }
        if self.feeds() {
            return None;
        }
        if let Some(what) = self.next_of_the_past(session) {
            return self.begin(what, time);
        }
        if let Some(session) = &mut self.session {
            session.cursor = session.cursor.max(self.base.through());
        }
        self.next_in_place(time)
    }

    /// What the peer lacks of the events in base, which are no longer in the ring.
    fn next_of_the_past(&self, session: &Session) -> Option<What> {
        let through = self.base.through();
        let started = self.pinned.as_ref().filter(|pinned| session.started_owed && pinned.seq <= through);
        let snapshot = session.cursor < through && self.base.holds_more();
        let hole = self.holes.next(session.number, session.floor).filter(|from| *from <= through);
        if let Some(pinned) = started {
            // A snapshot that reaches no further than `orch.started` would be ignored behind it, and a hole
            // before it would look as if nobody told of it. And before the snapshot is due the ring may leave
            // to the spool what lies before `orch.started`, which nobody takes behind it.
            let snapshot_first = snapshot && (pinned.seq == through || self.spool.is_some());
            if !snapshot_first && hole.is_none_or(|from| pinned.seq < from) {
                return Some(What::Started);
            }
        }
        if hole.is_some() {
            return Some(What::Lost);
        }
        if snapshot {
            return Some(What::Snapshot);
        }
        started.map(|_| What::Started)
    }

    /// What comes in its turn before the ordinary line at the cursor.
    fn next_in_place(&mut self, time: Timestamp) -> Option<Begun> {
        let session = self.session.as_ref()?;
        let next = self.ring.next();
        let hole = self.holes.next(session.number, session.floor);
        if hole.is_some_and(|from| next.is_none_or(|meta| from < meta.seq)) {
            return self.begin(What::Lost, time);
        }
        match next {
            Some(Meta { role: Role::Pinned, .. }) => self.begin(What::Started, time),
            None if self.bye.is_some() && !session.bye_said && !self.is_inherited() => {
                self.begin(What::Bye, time)
            }
            Some(_) | None => None,
        }
    }

    fn begin(&mut self, what: What, time: Timestamp) -> Option<Begun> {
        let line = match what {
            What::Started => self.pinned.as_ref()?.line.clone(),
            What::Lost => {
                let session = self.session.as_ref()?;
                let lost = self.holes.begin(session.number, session.floor)?;
                self.control_line(kind::LINK_LOST, time, &lost)
            }
            What::Snapshot => {
                let lines = self.base.snapshot(self.part_bytes, time);
                self.telling.insert(Telling::new(self.base.through(), lines)).next()?
            }
            What::Bye if self.wire == Wire::Seed => return None,
            What::Bye => self.control_line(kind::LINK_BYE, time, &LinkBye { last: self.bye? }),
            What::Hello | What::Pong | What::Held { .. } => return None,
        };
        Some(Begun::new(line, what))
    }

    pub(super) fn control_line<T: serde::Serialize>(
        &self,
        kind: &str,
        time: Timestamp,
        payload: &T,
    ) -> Vec<u8> {
        let mut line = control_line(kind, time, Some(&self.run), payload);
        line.push(b'\n');
        line
    }

    /// The peer's side took the first `n` bytes of what [`Outbox::poll_bytes`] gave.
    pub(crate) fn handle_written(&mut self, n: usize) {
        if let Some(begun) = &mut self.begun {
            begun.advance(n);
            if let Some(begun) = self.begun.take_if(|begun| begun.rest().is_empty()) {
                self.finish(begun.what);
            }
            return;
        }
        if self.has_chunk() {
            self.advance_chunk(n);
            return;
        }
        self.front_written += n;
        while let Some(meta) = self.ring.next() {
            // The pinned line's place is empty here and is not passed by a write.
            if meta.role == Role::Pinned || self.front_written < meta.len() {
                break;
            }
            self.front_written -= meta.len();
            self.counts.sent += u64::from(self.ring.pass());
            self.carry(meta.seq);
        }
        self.trim();
        self.clear_spool_if_done();
    }

    /// The peer has been sent, or told the fate of, an event and all before it.
    pub(super) fn carry(&mut self, seq: u64) {
        self.reached = self.reached.max(seq);
        let Some(session) = &mut self.session else { return };
        session.cursor = session.cursor.max(seq);
        // Where a hub was, a hub will be that is slow to speak.
        if session.mode == Mode::OneWay && self.stored.is_none() {
            self.delivered = self.delivered.max(seq);
        }
    }

    /// A line made here was written whole.
    fn finish(&mut self, what: What) {
        let Some(session) = &mut self.session else { return };
        match what {
            What::Hello => session.hello_owed = false,
            What::Pong => session.finish_pong(),
            What::Bye => session.bye_said = true,
            What::Snapshot => {
                if let Some(through) = self.telling.as_mut().and_then(Telling::finish_part) {
                    self.telling = None;
                    self.carry(through);
                }
            }
            What::Started => {
                session.started_owed = false;
                if let Some(pinned) = &mut self.pinned {
                    self.counts.sent += u64::from(!std::mem::replace(&mut pinned.sent, true));
                    // Also out of its place: a hub may say at once that it has it.
                    self.reached = self.reached.max(pinned.seq);
                }
                if let Some(meta) = self.ring.next().filter(|meta| meta.role == Role::Pinned) {
                    self.ring.pass();
                    self.carry(meta.seq);
                }
            }
            What::Held { seq, first } => {
                self.counts.sent += u64::from(first);
                self.spool.iter_mut().for_each(|spool| spool.note_held(seq));
                self.carry(seq);
            }
            What::Lost => self.finish_lost(),
        }
    }

    fn finish_lost(&mut self) {
        let Some(session) = &self.session else { return };
        let Some((lost, first)) = self.holes.finish(session.number) else { return };
        if first {
            self.counts.announced += lost.count;
        }
        // Where base has changed, or more is missing than was told, a snapshot has yet to come.
        let complete = lost.from <= session.cursor + 1 && is_dense(&lost);
        if complete && self.base.changed() <= session.cursor {
            self.carry(lost.to);
        }
        self.reached = self.reached.max(lost.to);
        self.fold_told_holes();
    }
}
