//! Signs of life, and goodbyes.

use std::time::Duration;

use choo_protocol::{HubBye, control_line, kind};

use super::seat::Place;
use super::{Closing, Fan};
use crate::core::{Frame, Moment, Since};
use crate::encoding::{CloseCode, Encoding, Framing, close_frame, ping_frame};
use crate::fan::reader::Phase;

/// A reader that nothing is sent to for this long gets a sign of life.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// How often is looked for readers that need one, or are dead.
pub(crate) const SWEEP: Duration = Duration::from_secs(1);

/// The peer of a WebSocket is asked this often whether it is there (S3-15) ...
pub(crate) const PING: Duration = Duration::from_secs(54);

/// ... and is dead if it has shown no sign of life for this long (S3-14).
pub(crate) const DEAD: Duration = Duration::from_mins(1);

/// Who takes less than 64 KiB in this long of what was looked up for it is let go of if others have to wait
/// for the room. It comes back for it.
pub(crate) const STUCK: Duration = Duration::from_secs(5);

/// A peer may take this long to close its side.
pub(crate) const LINGER: Duration = Duration::from_secs(5);

/// When readers are asked to come back after a shutdown.
pub(crate) const RETRY_MS: u32 = 1000;

impl Fan {
    /// The hub shuts down, and no more records will come.
    pub(crate) fn handle_closing(&mut self, now: Moment) {
        self.now = now;
        self.closing = true;
        let readers: Vec<usize> = self.readers.iter().map(|(index, _)| index).collect();
        for reader in readers {
            self.part(reader);
        }
    }

    /// The time has come to look after everybody.
    pub(crate) fn handle_tick(&mut self, now: Moment) {
        self.now = now;
        self.look_at_boards();
        if self.sweep.is_none_or(|sweep| now.at < sweep) {
            return;
        }
        self.sweep = Some(now.at + SWEEP);
        // Not everything that is shown of the hub tells when it changes.
        self.handle_stirred(now);
        for index in 0..self.channels.capacity() {
            let Some(channel) = self.channels.get_mut(index) else { continue };
            // The next look would be too late.
            if channel.sent_at + KEEP_ALIVE > now.at + SWEEP {
                continue;
            }
            let pieces = channel.keep_alive(self.head, self.epoch, now);
            for slot in 0..self.channels[index].members.len() {
                let seat = &self.seats[self.channels[index].members[slot]];
                let reader = seat.reader;
                let it = &self.readers[reader];
                if matches!(seat.place, Place::Live) && !it.blocked && it.has_room() {
                    for piece in &pieces {
                        self.readers[reader].push(piece.clone());
                    }
                    self.queue(reader);
                }
            }
        }
        let readers: Vec<usize> = self.readers.iter().map(|(index, _)| index).collect();
        for reader in readers {
            self.look_after(reader);
        }
        if self.readers.is_empty() {
            self.sweep = None;
        }
    }

    /// Pings peers, and lets go of those that are gone.
    pub(super) fn look_after(&mut self, reader: usize) {
        let (it, now) = (&mut self.readers[reader], self.now.at);
        let stuck = it.unsent.as_ref().is_some_and(|unsent| unsent.is_stuck(now, STUCK));
        if self.pressed && stuck {
            tracing::debug!(reader, "a reader that does not read its snapshot makes room for others");
            return self.handle_gone(reader);
        }
        if let Phase::Closed { until } | Phase::Ending { until } = it.phase {
            if until <= now {
                self.handle_gone(reader);
            }
        } else if it.encoding == Encoding::WebSocket {
            if it.heard + DEAD <= now {
                self.close(reader, CloseCode::Policy, "no pong within 60 s");
            } else if it.pinged + PING <= now {
                it.pinged = now;
                it.push(ping_frame());
                self.queue(reader);
            }
        }
    }

    /// A connection to be closed.
    pub(crate) fn poll_close(&mut self) -> Option<Closing> {
        self.closed.pop()
    }

    /// Everything a reader was given has left.
    pub(super) fn settle(&mut self, reader: usize) {
        let it = &mut self.readers[reader];
        match it.phase {
            Phase::Open if self.closing => self.part(reader),
            // The reader of a response has nothing to say that would be waited for.
            Phase::Ending { .. } if it.encoding != Encoding::WebSocket => self.handle_gone(reader),
            Phase::Ending { .. } => {
                let linger = if self.closing { SWEEP } else { LINGER };
                it.phase = Phase::Closed { until: self.now.at + linger };
                self.closed.push(Closing::Write(reader));
            }
            Phase::Open | Phase::Closed { .. } => {}
        }
    }

    /// Says goodbye to a reader that has everything, if the hub shuts down.
    pub(super) fn part(&mut self, reader: usize) {
        let it = &self.readers[reader];
        let live = it.seats.iter().all(|seat| matches!(self.seats[*seat].place, Place::Live));
        if it.phase == Phase::Open && live && it.is_clear() {
            self.say_bye(reader, it.seats.first().copied());
        }
    }

    pub(super) fn say_bye(&mut self, reader: usize, seat: Option<usize>) {
        let bye = HubBye { code: "shutdown".to_owned(), retry_ms: RETRY_MS };
        let bye = control_line(kind::HUB_BYE, self.now.time, None, &bye);
        match seat {
            None => self.say(reader, &bye),
            Some(seat) => {
                let channel = &self.channels[self.seats[seat].channel];
                let cursor = self.epoch.cursor(self.head);
                let pieces =
                    channel.encode(vec![Frame::Control(bye)], cursor, Since::Cursor(cursor), self.now);
                let it = &mut self.readers[reader];
                for piece in pieces {
                    it.push(piece);
                }
            }
        }
        let it = &mut self.readers[reader];
        let end = match it.framing {
            Framing::Message => close_frame(CloseCode::Away, "the hub shuts down"),
            framing => framing.end(),
        };
        it.push(end);
        it.phase = Phase::Ending { until: Duration::MAX };
        self.queue(reader);
    }

    /// Closes a WebSocket with a reason. Whoever reads on is told; nobody is waited for.
    pub(super) fn close(&mut self, reader: usize, code: CloseCode, reason: &str) {
        for seat in self.readers[reader].seats.clone() {
            self.leave(reader, seat);
        }
        self.unwatch(reader);
        let it = &mut self.readers[reader];
        it.push(close_frame(code, reason));
        it.phase = Phase::Ending { until: self.now.at + LINGER };
        self.queue(reader);
    }
}
