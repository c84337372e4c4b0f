//! When events come.

use std::time::Duration;

/// Events that follow each other more closely are one burst.
const BURST_GAP: Duration = Duration::from_micros(50);

/// The latest events, as bursts. Times count from any fixed moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Arrivals {
    /// The newest event.
    pub(crate) last: Duration,
    /// The first event of the newest burst.
    pub(crate) start: Duration,
    /// How long after the one before it the newest burst began.
    pub(crate) gap: Option<Duration>,
    /// How many bursts there were.
    pub(crate) bursts: u64,
}

impl Arrivals {
    /// The first event.
    pub(crate) fn begin(now: Duration) -> Self {
        Arrivals { last: now, start: now, gap: None, bursts: 1 }
    }

    /// The next event.
    #[inline]
    pub(crate) fn note(&mut self, now: Duration) {
        if now.saturating_sub(self.last) >= BURST_GAP {
            self.gap = Some(now.saturating_sub(self.start));
            self.start = now;
            self.bursts += 1;
        }
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_ends_a_burst() {
        let micros = Duration::from_micros;
        let mut arrivals = Arrivals::begin(micros(100));
        for at in [101, 102, 151] {
            arrivals.note(micros(at));
        }
        assert_eq!((arrivals.bursts, arrivals.start, arrivals.gap), (1, micros(100), None));
        for at in [301, 302] {
            arrivals.note(micros(at));
        }
        let expected = Arrivals { last: micros(302), start: micros(301), gap: Some(micros(201)), bursts: 2 };
        assert_eq!(arrivals, expected);
        // A thread that was overtaken between its clock and the lock.
        arrivals.note(micros(290));
        assert_eq!(arrivals.bursts, 2);
    }
}
