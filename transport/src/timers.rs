//! All deadlines of the link, in one table.

use std::time::{Duration, Instant};

/// What a deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Timer {
    /// The next attempt to connect.
    Retry,
    /// The end of an attempt to connect.
    Dial,
    /// The peer has had its time to say that it is a hub.
    Welcome,
    /// So long without progress that the link counts as stalled.
    Write,
    /// So long without progress that the peer counts as dead.
    Stall,
    /// The connection has lasted long enough to forget former failures.
    Healthy,
    /// What is not spooled goes to the disk.
    Spool,
    /// A closing link no longer waits for a lost hub.
    Grace,
    /// A closing link ends whatever is left.
    Close,
}

const ALL: [Timer; 9] = [
    Timer::Retry,
    Timer::Dial,
    Timer::Welcome,
    Timer::Write,
    Timer::Stall,
    Timer::Healthy,
    Timer::Spool,
    Timer::Grace,
    Timer::Close,
];

/// The table: at most one deadline for each purpose.
#[derive(Debug, Default)]
pub(crate) struct Timers {
    deadlines: [Option<Instant>; ALL.len()],
}

impl Timers {
    /// Sets or moves a deadline.
    pub(crate) fn set(&mut self, timer: Timer, at: Instant) {
        self.deadlines[timer as usize] = Some(at);
    }

    /// Sets or moves a deadline to so long after `now`; a time beyond reckoning is none.
    pub(crate) fn set_after(&mut self, timer: Timer, now: Instant, time: Duration) {
        self.deadlines[timer as usize] = now.checked_add(time);
    }

    /// Takes a deadline off.
    pub(crate) fn clear(&mut self, timer: Timer) {
        self.deadlines[timer as usize] = None;
    }

    /// When the deadline is, if it is set.
    pub(crate) fn get(&self, timer: Timer) -> Option<Instant> {
        self.deadlines[timer as usize]
    }

    /// The earliest deadline.
    pub(crate) fn next(&self) -> Option<Instant> {
        self.deadlines.iter().flatten().min().copied()
    }

    /// Takes off and answers the earliest deadline that is reached by `now`; of equal ones the first in
    /// the order of [`Timer`].
    pub(crate) fn expired(&mut self, now: Instant) -> Option<Timer> {
        let due = |timer: &Timer| self.get(*timer).filter(|at| *at <= now);
        let timer = ALL.into_iter().filter(|timer| due(timer).is_some()).min_by_key(due)?;
        self.clear(timer);
        Some(timer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_earliest_comes_first_and_each_once() {
        let start = crate::clock::now();
        let after = |secs| start + Duration::from_secs(secs);
        let mut timers = Timers::default();
        assert_eq!((timers.next(), timers.expired(after(9))), (None, None));
        timers.set(Timer::Close, after(1));
        timers.set(Timer::Retry, after(2));
        timers.set(Timer::Stall, after(3));
        timers.set(Timer::Write, after(3));
        timers.clear(Timer::Retry);
        assert_eq!(timers.next(), Some(after(1)));
        assert_eq!(timers.expired(start), None);
        assert_eq!(timers.expired(after(3)), Some(Timer::Close));
        assert_eq!(timers.expired(after(3)), Some(Timer::Write));
        assert_eq!(timers.expired(after(3)), Some(Timer::Stall));
        assert_eq!(timers.expired(after(3)), None);
        timers.set_after(Timer::Dial, start, Duration::MAX);
        assert_eq!(timers.next(), None);
    }
}
