//! How long the writer rests between two looks at staging.

use std::time::Duration;

use crate::arrivals::Arrivals;

/// The shortest nap: what comes meanwhile is gathered into one write.
const SHORTEST: Duration = Duration::from_micros(80);

/// The longest nap while nobody knows when the next event comes, so that none waits for a millisecond.
const LONGEST: Duration = Duration::from_micros(900);

/// The longest nap before a burst that is expected.
const LONGEST_WAIT: Duration = Duration::from_micros(1_050);

/// After so long without an event the writer sleeps, and the next event has to wake it.
const PATIENCE: Duration = Duration::from_millis(20);

/// What patience shrinks to when it has been in vain again and again.
const LEAST_PATIENCE: Duration = Duration::from_millis(2);

/// Added to the time at which a burst is expected: it is to be over when the writer looks.
const MARGIN: Duration = Duration::from_micros(10);

/// So shortly after an event more of its burst may follow.
const STILL_COMING: Duration = Duration::from_micros(5);

/// Naps that end later than this say more of the system's load than of its timers.
const MOST_LATE: Duration = Duration::from_micros(200);

/// What the writer is to do when it has nothing to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Look again after this time; nobody wakes it.
    Nap(Duration),
    /// Sleep until woken.
    Sleep,
}

/// Finds the rest that costs the emitter nothing and the processor little.
///
/// Waking a sleeping thread costs the emitter a system call and more time than everything else it does
/// for an event, so while events come the writer only naps. Each nap costs processor time as well, so it
/// is as long as the events allow: where bursts come at regular intervals, as from a ticking producer, it
/// ends just after the next one is due; where they do not, it is half their mean distance. Mean and
/// deviation are kept as TCP keeps those of the round trip (RFC 6298), as is the time by which naps end
/// late. When no event comes for a while the writer sleeps; how long it waits before that shrinks when it
/// was in vain, as the time does for which Linux's hypervisor polls before it halts a processor.
///
/// Times count from the same moment as those of [`Arrivals`].
#[derive(Debug)]
pub(crate) struct Pace {
    arrivals: Option<Arrivals>,
    /// Mean distance of bursts and its mean deviation.
    gap: Option<(Duration, Duration)>,
    /// Looks in vain since the last event.
    empty: u32,
    patience: Duration,
    /// Whether patience has ended since the last event.
    gave_up: bool,
    /// How much later than asked naps end.
    late: Duration,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Pace { arrivals: None, gap: None, empty: 0, patience: PATIENCE, gave_up: false, late: Duration::ZERO }
    }

    /// What has come up to now, after each look at staging.
    pub(crate) fn handle_look(&mut self, arrivals: Option<Arrivals>) {
        let before = std::mem::replace(&mut self.arrivals, arrivals);
        if before == arrivals {
            self.empty = self.empty.saturating_add(1);
            return;
        }
        (self.empty, self.gave_up) = (0, false);
        if let Some(Arrivals { gap: Some(gap), bursts, .. }) = arrivals
            && before.is_none_or(|before| before.bursts != bursts)
        {
            self.handle_gap(gap);
        }
    }

    fn handle_gap(&mut self, gap: Duration) {
        if gap > PATIENCE {
            // A pause says nothing of the rhythm before and after it.
            self.gap = None;
            return;
        }
        self.patience = PATIENCE;
        self.gap = Some(match self.gap {
            None => (gap, gap / 2),
            Some((mean, deviation)) => ((mean * 7 + gap) / 8, (deviation * 3 + mean.abs_diff(gap)) / 4),
        });
    }

    /// A nap of which `asked` was asked took so long, uninterrupted.
    pub(crate) fn handle_nap(&mut self, asked: Duration, took: Duration) {
        let late = took.saturating_sub(asked).min(MOST_LATE);
        self.late = (self.late * 7 + late) / 8;
    }

    /// What to do now. `urgent`: lines could be written if there were any.
    pub(crate) fn poll_rest(&mut self, now: Duration, urgent: bool) -> Rest {
        let Some(arrivals) = self.arrivals else { return Rest::Sleep };
        let silence = now.saturating_sub(arrivals.last);
        if silence >= self.patience {
            if !std::mem::replace(&mut self.gave_up, true) {
                self.patience = (self.patience / 2).max(LEAST_PATIENCE);
            }
            return Rest::Sleep;
        }
        let nap = match urgent {
            true if silence < STILL_COMING => SHORTEST,
            true => self.until_next(now, arrivals.start),
            false => LONGEST,
        };
        Rest::Nap(nap.saturating_sub(self.late))
    }

    fn until_next(&self, now: Duration, start: Duration) -> Duration {
        let Some((mean, deviation)) = self.gap else { return self.longer_each_time(SHORTEST) };
        if deviation >= mean / 4 {
            return self.longer_each_time(mean / 2);
        }
        let due = start + mean + deviation * 2 + MARGIN;
        match due.checked_sub(now) {
            Some(wait) if wait > MARGIN => wait.min(LONGEST_WAIT),
            _ => self.longer_each_time(SHORTEST),
        }
    }

    fn longer_each_time(&self, nap: Duration) -> Duration {
        (nap.max(SHORTEST) * (1 << self.empty.min(5))).min(LONGEST)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LATE: Duration = Duration::from_micros(48);

    /// What a writer did that rests as it is told.
    #[derive(Debug, Default)]
    struct Outcome {
        /// How long each event waited for the next look.
        waits: Vec<Duration>,
        naps: usize,
        /// How often an event woke it.
        wakes: usize,
    }

    impl Outcome {
        fn median(mut self) -> Duration {
            self.waits.sort_unstable();
            self.waits[self.waits.len() / 2]
        }

        fn longest(&self) -> Duration {
            self.waits.iter().copied().max().unwrap_or_default()
        }
    }

    /// Runs a writer over events at these times until it sleeps with none left.
    fn run(events: &[Duration]) -> Outcome {
        let (mut pace, mut outcome) = (Pace::new(), Outcome::default());
        let (mut now, mut seen, mut arrivals) = (Duration::ZERO, 0, None::<Arrivals>);
        loop {
            while let Some(at) = events.get(seen).filter(|at| **at <= now) {
                match &mut arrivals {
                    Some(arrivals) => arrivals.note(*at),
                    none => *none = Some(Arrivals::begin(*at)),
                }
                outcome.waits.push(now.saturating_sub(*at));
                seen += 1;
            }
            pace.handle_look(arrivals);
            match pace.poll_rest(now, true) {
                Rest::Nap(nap) => {
                    outcome.naps += 1;
                    now += nap + LATE;
                    pace.handle_nap(nap, nap + LATE);
                }
                Rest::Sleep => {
                    let Some(next) = events.get(seen) else { return outcome };
                    outcome.wakes += 1;
                    now = *next;
                }
            }
        }
    }

    /// `count` bursts of `size` events, one each `gap`, each a little off its time.
    fn ticks(count: u64, gap: u64, size: u64) -> Vec<Duration> {
        let jitter = |n: u64| n.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61;
        let nanos = (1..=count).flat_map(|n| (0..size).map(move |k| (n * gap + jitter(n)) * 1_000 + k * 250));
        nanos.map(Duration::from_nanos).collect()
    }

    /// Events at random, `mean` microseconds apart.
    fn poisson(count: usize, mean: f64) -> Vec<Duration> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut at = 1.0;
        let times = (0..count).map(|_| {
            at -= (1.0 - random.f64()).ln() * mean;
            Duration::from_secs_f64(at / 1e6)
        });
        times.collect()
    }

    #[test]
    fn nothing_emitted_means_sleep() {
        let mut pace = Pace::new();
        pace.handle_look(None);
        assert_eq!(pace.poll_rest(Duration::from_secs(1), true), Rest::Sleep);
    }

    #[test]
    fn regular_bursts_are_met_by_one_nap_each() {
        for (gap, size) in [(1_000, 1), (200, 10), (500, 3)] {
            let outcome = run(&ticks(1_000, gap, size));
            assert_eq!(outcome.wakes, 1, "the first");
            assert!(outcome.naps < 1_100, "{} naps for bursts {gap} µs apart", outcome.naps);
            assert!(outcome.median() < Duration::from_micros(40));
        }
    }

    #[test]
    fn events_at_random_wait_less_than_a_millisecond_and_wake_nobody() {
        for mean in [3.0, 20.0, 200.0, 1_000.0, 3_000.0] {
            let outcome = run(&poisson(5_000, mean));
            // At three milliseconds some lie further apart than patience lasts.
            let wakes = if mean < 2_000.0 { 1..=1 } else { 1..=30 };
            assert!(wakes.contains(&outcome.wakes), "{} at {mean}", outcome.wakes);
            assert!(outcome.longest() < Duration::from_millis(1), "{:?} at {mean}", outcome.longest());
            let span = 5_000.0 * mean;
            assert!(outcome.naps as f64 <= span / 80.0 + 100.0, "{} naps at {mean}", outcome.naps);
        }
        assert!(run(&poisson(5_000, 20.0)).median() < Duration::from_micros(60));
    }

    #[test]
    fn silence_ends_in_sleep_soon() {
        let outcome = run(&ticks(1, 1_000, 1));
        assert!((20..40).contains(&outcome.naps), "{outcome:?}");
    }

    #[test]
    fn sparse_events_are_not_worth_much_waiting() {
        let outcome = run(&ticks(1_000, 50_000, 1));
        assert_eq!(outcome.wakes, 1_000);
        assert!(outcome.naps < 8 * 1_000, "{} naps", outcome.naps);
        // When they come more often again, so is the waiting.
        let mut events = ticks(100, 50_000, 1);
        let last = events[99];
        events.extend(ticks(1_000, 5_000, 1).iter().map(|at| last + *at));
        assert!(run(&events).wakes < 105);
    }

    #[test]
    fn what_cannot_be_written_is_not_looked_for_often() {
        let mut pace = Pace::new();
        let mut arrivals = Arrivals::begin(Duration::ZERO);
        arrivals.note(Duration::from_micros(200));
        pace.handle_look(Some(arrivals));
        assert_eq!(pace.poll_rest(Duration::from_micros(200), false), Rest::Nap(LONGEST));
    }
}
