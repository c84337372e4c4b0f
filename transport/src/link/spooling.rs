//! What the link sees to for the spool.

use std::time::Instant;

use super::{Link, State};
use crate::Warning;
use crate::spool::{FLUSH_AFTER, RETRY_AFTER, SpoolAction, SpoolFailure};
use crate::timers::Timer;

impl Link {
    /// Sees to it that what belongs on the disk gets there in time.
    pub(super) fn arm_spool(&mut self, now: Instant) {
        self.outbox.note_stalled(self.stalled);
        if self.outbox.is_spooling_urgent() {
            self.gather(now);
        } else if self.timers.get(Timer::Spool).is_some() || self.state == State::Closed {
        } else if self.outbox.has_unspooled() {
            self.timers.set_after(Timer::Spool, now, FLUSH_AFTER);
        } else if self.outbox.may_retry_spool() {
            self.timers.set_after(Timer::Spool, now, RETRY_AFTER);
        }
    }

    pub(super) fn gather(&mut self, now: Instant) {
        self.outbox.gather(self.config.anchor.timestamp(now));
        self.note_spool_warning();
    }

    pub(super) fn note_spool_warning(&mut self) {
        let warning = self.outbox.take_spool_warning();
        if let Some(failure) = warning
            && self.spool_told.as_ref() != Some(&failure)
        {
            self.spool_told = Some(failure.clone());
            self.warnings.push_back(Warning::Spool { failure });
        }
    }

    /// The next thing to do with the spool's file, also after the end.
    pub(crate) fn poll_spool(&mut self) -> Option<SpoolAction<'_>> {
        self.outbox.poll_spool()
    }

    /// What [`SpoolAction::Append`] came to.
    pub(crate) fn handle_appended(&mut self, now: Instant, result: Result<(), SpoolFailure>) {
        if result.is_ok() {
            self.spool_told = None;
        }
        self.outbox.handle_appended(result);
        self.note_spool_warning();
        self.arm_spool(now);
    }

    /// What [`SpoolAction::Read`] came to.
    pub(crate) fn handle_read(&mut self, result: Result<Vec<u8>, SpoolFailure>) {
        self.outbox.handle_read(result);
        self.note_spool_warning();
        if self.outbox.is_unreadable() && self.state != State::Closed {
            self.end();
        }
    }
}
