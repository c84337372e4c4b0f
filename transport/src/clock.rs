//! The only place of this crate that reads a clock.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use choo_protocol::Timestamp;

/// One reading of both clocks, which ties the monotonic one to the wall clock. Times on the wire come
/// from it, so they never run backwards when the wall clock is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    instant: Instant,
    unix_nanos: i128,
}

impl Anchor {
    /// Says that `instant` was `unix_nanos` nanoseconds after 1970.
    pub(crate) fn new(instant: Instant, unix_nanos: i128) -> Self {
        Anchor { instant, unix_nanos }
    }

    /// Reads both clocks.
    #[expect(clippy::disallowed_methods, reason = "the one reading of the wall clock")]
    pub(crate) fn read() -> Self {
        let wall = SystemTime::now();
        let nanos = |since: Duration| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
        let unix_nanos = match wall.duration_since(UNIX_EPOCH) {
            Ok(after) => nanos(after),
            Err(before) => -nanos(before.duration()),
        };
        Anchor::new(now(), unix_nanos)
    }

    /// The time on the wire of an instant.
    pub(crate) fn timestamp(&self, at: Instant) -> Timestamp {
        let nanos = |since: Duration| i128::try_from(since.as_nanos()).unwrap_or(i128::MAX);
        let offset = match at.checked_duration_since(self.instant) {
            Some(after) => nanos(after),
            None => -nanos(self.instant.duration_since(at)),
        };
        Timestamp::from_unix_nanos(self.unix_nanos.saturating_add(offset))
    }
}

/// The monotonic clock.
#[expect(clippy::disallowed_methods, reason = "shells take the time from here and hand it on")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// So long from now; a time beyond reckoning is ten years.
pub(crate) fn after(time: Duration) -> Instant {
    let now = now();
    now.checked_add(time).unwrap_or(now + Duration::from_hours(10 * 365 * 24))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_follow_the_monotonic_clock_on_both_sides_of_the_anchor() {
        let before = now();
        let origin = before + Duration::from_millis(1);
        let anchor = Anchor::new(origin, 1_000_000_000_000_000_000);
        let millis = |at| anchor.timestamp(at).unix_millis();
        assert_eq!(millis(origin), 1_000_000_000_000);
        assert_eq!(millis(origin + Duration::from_millis(1500)), 1_000_000_001_500);
        assert_eq!(millis(before), 999_999_999_999);
    }
}
