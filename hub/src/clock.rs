//! The only place that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use choo_protocol::Timestamp;

use crate::core::Moment;

/// Both clocks of the machine, the monotonic one counted from the hub's start.
#[derive(Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "the shell's clock")]
    pub(crate) fn start() -> Self {
        Clock { start: Instant::now() }
    }

    /// What both clocks say.
    #[expect(clippy::disallowed_methods, reason = "the shell's clock")]
    pub(crate) fn now(&self) -> Moment {
        let wall = match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => i128::try_from(since.as_nanos()).unwrap_or(i128::MAX),
            Err(before) => -i128::try_from(before.duration().as_nanos()).unwrap_or(i128::MAX),
        };
        Moment { at: self.start.elapsed(), time: Timestamp::from_unix_nanos(wall) }
    }

    /// When a timer has to fire for a deadline.
    pub(crate) fn instant(&self, at: Duration) -> Instant {
        self.start + at
    }
}
