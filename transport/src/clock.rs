//! The only place of this crate that reads a clock.

use std::cell::Cell;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use choo_protocol::Timestamp;

/// One reading of both clocks, which ties the monotonic one to the wall clock. Times on the wire come
/// from it, so they never run backwards when the wall clock is set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anchor {
    instant: Instant,
    /// What the wall clock said.
    since_1970: Duration,
    /// What the monotonic clock said, as [`monotonic_nanos`] gives it.
    #[cfg(target_os = "linux")]
    nanos: u64,
}

impl Anchor {
    /// Says that `instant` was so long after 1970.
    pub(crate) fn new(instant: Instant, since_1970: Duration) -> Self {
        Anchor {
            instant,
            since_1970,
            #[cfg(target_os = "linux")]
            nanos: monotonic_nanos(),
        }
    }

    /// Reads both clocks. A wall clock before 1970 counts as 1970.
    #[expect(clippy::disallowed_methods, reason = "the one reading of the wall clock")]
    pub(crate) fn read() -> Self {
        let wall = SystemTime::now();
        Anchor::new(now(), wall.duration_since(UNIX_EPOCH).unwrap_or_default())
    }

    /// How long `at` was after the reading; nothing for what was before it.
    pub(crate) fn elapsed(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.instant)
    }

    /// How long ago the reading was. Emitters ask for this, and an [`Instant`] would have them pass through
    /// twice as much code.
    #[cfg(target_os = "linux")]
    #[inline]
    fn age(&self) -> Duration {
        Duration::from_nanos(monotonic_nanos().saturating_sub(self.nanos))
    }

    /// How long ago the reading was.
    #[cfg(not(target_os = "linux"))]
    fn age(&self) -> Duration {
        self.elapsed(now())
    }

    /// The time on the wire of an instant; of one before the reading, that of the reading.
    pub(crate) fn timestamp(&self, at: Instant) -> Timestamp {
        self.timestamp_after(self.elapsed(at))
    }

    #[inline]
    fn timestamp_after(&self, elapsed: Duration) -> Timestamp {
        let at = self.since_1970.saturating_add(elapsed);
        Timestamp::from_unix(i64::try_from(at.as_secs()).unwrap_or(i64::MAX), at.subsec_nanos())
    }
}

/// The moment of an emit. The clock is read when somebody asks for the first time.
#[derive(Debug)]
pub(crate) struct Moment<'a> {
    anchor: &'a Anchor,
    elapsed: Cell<Option<Duration>>,
}

impl<'a> Moment<'a> {
    pub(crate) fn new(anchor: &'a Anchor) -> Self {
        Moment { anchor, elapsed: Cell::new(None) }
    }

    /// A moment of which the time is known.
    #[cfg(any(test, feature = "sim"))]
    pub(crate) fn at(anchor: &'a Anchor, at: Instant) -> Self {
        Moment { anchor, elapsed: Cell::new(Some(anchor.elapsed(at))) }
    }

    /// Time since the anchor's reading.
    #[inline]
    pub(crate) fn elapsed(&self) -> Duration {
        let elapsed = self.elapsed.get().unwrap_or_else(|| self.anchor.age());
        self.elapsed.set(Some(elapsed));
        elapsed
    }

    /// On the wire.
    pub(crate) fn timestamp(&self) -> Timestamp {
        self.anchor.timestamp_after(self.elapsed())
    }
}

/// The clock behind [`Instant`].
#[cfg(target_os = "linux")]
#[inline]
fn monotonic_nanos() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    // It counts from the start of the system.
    (time.tv_sec.cast_unsigned()) * 1_000_000_000 + time.tv_nsec.cast_unsigned()
}

/// The monotonic clock.
#[expect(clippy::disallowed_methods, reason = "shells take the time from here and hand it on")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The wall clock, for what other processes have written down as a time. Before 1970 it counts as 1970.
#[expect(clippy::disallowed_methods, reason = "expiry is by the clock that people set")]
pub(crate) fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or(i64::MAX), since.subsec_nanos())
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
    fn times_follow_the_monotonic_clock() {
        let (before, origin) = (now(), now() + Duration::from_millis(1));
        let anchor = Anchor::new(origin, Duration::new(1_000_000_000, 999_999_999));
        let nanos = |at| anchor.timestamp(at).unix_nanos();
        assert_eq!(nanos(origin), 1_000_000_000_999_999_999);
        assert_eq!(nanos(origin + Duration::new(2, 1)), 1_000_000_003_000_000_000);
        assert_eq!(nanos(before), nanos(origin));
    }

    #[test]
    fn a_moment_stays() {
        let anchor = Anchor::read();
        let moment = Moment::new(&anchor);
        let (elapsed, stamp) = (moment.elapsed(), moment.timestamp());
        assert_eq!((moment.elapsed(), moment.timestamp()), (elapsed, stamp));
        assert_eq!(anchor.timestamp(anchor.instant + elapsed), stamp);
    }
}
