//! When what was recorded goes out.

use std::time::Duration;

/// Something goes out at once as long as the last rounds lay this far apart on average: to gather then
/// would make every line late and save nothing.
const IDLE: Duration = Duration::from_millis(8);

/// How many rounds may follow each other faster than that before it counts as load.
const BURST: u32 = 8;

/// Under load something gathers for this long at least. A page pays about 0.1 ms for a message, whatever
/// is in it.
const GATHER: Duration = Duration::from_millis(2);

/// ... and at most.
pub(crate) const MAX_GATHER: Duration = Duration::from_millis(16);

/// A round that takes no longer is worth it although a larger one could be had by waiting: readers on other
/// processors are at work sooner. With eight readers a round takes longer, and larger blocks are what pays.
const LIGHT: Duration = Duration::from_micros(60);

/// So many records are worth a round of their own: about 8 KiB.
pub(crate) const ENOUGH: u64 = 40;

/// Decides between promptness and large blocks.
///
/// A round writes to every reader what was recorded since the last one. Rounds come at once while there is
/// little to do. Under load they wait until enough has gathered, and the dearer a round is the longer, so
/// that the hub's other work gets its share of the processor.
#[derive(Debug)]
pub(crate) struct Pace {
    /// How many more rounds may begin at once.
    credit: u32,
    /// When there is one more.
    next_credit: Duration,
    /// When the last round ended.
    ended: Duration,
    /// How long it took.
    cost: Duration,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Pace { credit: BURST, next_credit: Duration::ZERO, ended: Duration::ZERO, cost: Duration::ZERO }
    }

    /// When the next round is to begin if `records` wait; now or earlier means at once.
    pub(crate) fn due(&mut self, records: u64, now: Duration) -> Duration {
        while self.credit < BURST && self.next_credit <= now {
            self.credit += 1;
            self.next_credit += IDLE;
        }
        if records >= ENOUGH || (self.credit > 0 && self.cost < GATHER) {
            return now;
        }
        let least = if self.credit > 0 { Duration::ZERO } else { GATHER };
        self.ended + self.cost.clamp(least, MAX_GATHER)
    }

    /// Whether the last round cost little.
    pub(crate) fn is_light(&self) -> bool {
        self.cost <= LIGHT
    }

    /// A round is over.
    pub(crate) fn handle_round(&mut self, began: Duration, ended: Duration) {
        if self.credit == BURST {
            self.next_credit = ended + IDLE;
        }
        self.credit = self.credit.saturating_sub(1);
        (self.ended, self.cost) = (ended, ended.saturating_sub(began));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    /// How late each of the records is that come so far apart, if a round takes so long.
    fn delays(apart: Duration, cost: Duration) -> Vec<Duration> {
        let mut pace = Pace::new();
        let (mut now, mut delays) = (100 * MS, Vec::new());
        for n in 0..200 {
            let came = 100 * MS + apart * n;
            if came < now {
                continue;
            }
            let due = pace.due(1, came).max(came);
            delays.push(due.saturating_sub(came));
            pace.handle_round(due, due + cost);
            now = due + cost;
        }
        delays
    }

    #[test]
    fn an_idle_hub_sends_at_once() {
        assert_eq!(delays(10 * MS, MS).into_iter().max(), Some(Duration::ZERO));
    }

    #[test]
    fn a_busy_one_gathers_and_nobody_waits_long() {
        let delays = delays(MS, MS / 2);
        assert_eq!(delays[..8], [Duration::ZERO; 8], "a burst begins at once");
        let late = delays.iter().filter(|delay| !delay.is_zero()).count();
        assert!(late > delays.len() / 2, "{delays:?}");
        assert!(delays.iter().max() <= Some(&GATHER));
    }

    #[test]
    fn dear_rounds_leave_room_between_them() {
        let delays = delays(MS, 30 * MS);
        assert!(delays[1..].iter().all(|delay| *delay <= MAX_GATHER), "{delays:?}");
        assert!(delays[1..].iter().any(|delay| *delay > 10 * MS), "{delays:?}");
    }

    #[test]
    fn a_round_is_light_by_what_the_last_one_took() {
        let mut pace = Pace::new();
        assert!(pace.is_light());
        pace.handle_round(MS, 2 * MS);
        assert!(!pace.is_light());
        pace.handle_round(3 * MS, 3 * MS + LIGHT);
        assert!(pace.is_light());
    }

    #[test]
    fn what_is_enough_does_not_wait() {
        let mut pace = Pace::new();
        for n in 0..99 {
            pace.due(ENOUGH, MS * n);
            pace.handle_round(MS * n, MS * n + MS / 2);
        }
        assert!(pace.due(1, 99 * MS) > 99 * MS);
        assert_eq!(pace.due(ENOUGH, 99 * MS), 99 * MS);
    }
}
