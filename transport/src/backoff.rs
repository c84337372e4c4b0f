//! How long to wait before the next attempt.

use std::time::Duration;

/// Doubling delays with full jitter. Computes only; somebody else waits.
#[derive(Debug)]
pub(crate) struct Backoff {
    initial: Duration,
    max: Duration,
    base: Duration,
    random: fastrand::Rng,
}

/// One delay, before and after jitter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delay {
    /// What doubling gives: the longest this delay could have been.
    pub base: Duration,
    /// The delay itself: evenly drawn from zero to `base`, so that many pushers do not come back
    /// together.
    pub jittered: Duration,
}

impl Backoff {
    pub(crate) fn new(initial: Duration, max: Duration, seed: u64) -> Self {
        let initial = initial.min(max);
        Backoff { initial, max, base: initial, random: fastrand::Rng::with_seed(seed) }
    }

    /// The next delay.
    pub(crate) fn advance(&mut self) -> Delay {
        let base = self.base;
        self.base = base.saturating_mul(2).min(self.max);
        Delay { base, jittered: base.mul_f64(self.random.f64()) }
    }

    /// Starts over, once the peer has proved healthy.
    pub(crate) fn reset(&mut self) {
        self.base = self.initial;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn millis(n: u64) -> Duration {
        Duration::from_millis(n)
    }

    #[test]
    fn s0_60_delays_double_to_the_cap() {
        let mut backoff = Backoff::new(millis(10), millis(50), 1);
        let bases: Vec<_> = (0..6).map(|_| backoff.advance().base).collect();
        assert_eq!(bases, [10, 20, 40, 50, 50, 50].map(millis));
        backoff.reset();
        assert_eq!(backoff.advance().base, millis(10));
    }

    #[test]
    fn s0_b25_jitter_is_full_and_follows_the_seed() {
        let draw = |seed| {
            let mut backoff = Backoff::new(millis(100), millis(5000), seed);
            (0..1000).map(|_| backoff.advance()).collect::<Vec<_>>()
        };
        let delays = draw(7);
        assert_eq!(delays, draw(7));
        assert_ne!(delays, draw(8));
        assert!(delays.iter().all(|delay| delay.jittered <= delay.base));
        let late = &delays[10..];
        assert!(late.iter().any(|delay| delay.jittered < millis(100)));
        assert!(late.iter().any(|delay| delay.jittered > millis(4900)));
    }

    #[test]
    fn limits_of_zero_and_one() {
        let mut never = Backoff::new(Duration::ZERO, Duration::ZERO, 1);
        assert_eq!((never.advance().jittered, never.advance().base), (Duration::ZERO, Duration::ZERO));
        let mut capped = Backoff::new(millis(100), millis(1), 1);
        assert_eq!((capped.advance().base, capped.advance().base), (millis(1), millis(1)));
    }
}
