//! When to store, when to try again, and when to remove what is old.

use std::time::Duration;

/// Commits are at least so far apart while events come: each costs some ten microseconds, whatever is in it.
const PACE: Duration = Duration::from_millis(5);

/// The first pause after a failure; it doubles.
const RETRY: Duration = Duration::from_millis(100);

/// The longest one.
const MAX_RETRY: Duration = Duration::from_secs(10);

/// So long after it began what the store gathers is settled. It is stored before, so this may well be long: a
/// commit costs some 250 microseconds, which all events of that time share.
const SETTLE_AFTER: Duration = Duration::from_secs(5);

/// How often old events are looked for.
const REMOVE_EVERY: Duration = Duration::from_secs(30);

/// A removal that takes longer than this is told of, again and again.
const LONG: Duration = Duration::from_secs(5);

/// Decides what the thread that stores does next. It asks [`Keeper::poll`], does it, and says how it went.
#[derive(Debug)]
pub(super) struct Keeper {
    /// Nothing is stored before this time.
    store_at: Duration,
    /// Events come faster than they are stored: the next ones are waited for, not announced.
    busy: bool,
    failures: u32,
    /// What the store has gathered is settled at this time.
    settle_at: Option<Duration>,
    /// Old events are looked for at this time.
    remove_at: Duration,
    /// The removal that goes on.
    removal: Option<Removal>,
    /// The last thing was a removal, so that storing is next.
    removed_last: bool,
}

#[derive(Clone, Copy, Debug)]
struct Removal {
    since: Duration,
    told: Duration,
    events: u64,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Do {
    Store,
    Settle,
    Remove,
    /// Nothing before this time.
    Wait(Duration),
    /// The same if something waits to be stored; else nothing before something comes, or
    /// [`Keeper::deadline`].
    Rest(Duration),
}

impl Keeper {
    pub(super) fn new(now: Duration) -> Self {
        Keeper {
            store_at: now,
            busy: false,
            failures: 0,
            settle_at: None,
            remove_at: now,
            removal: None,
            removed_last: false,
        }
    }

    /// What to do now.
    pub(super) fn poll(&mut self, now: Duration) -> Do {
        let remove = self.failures == 0 && (self.removal.is_some() || self.remove_at <= now);
        let store = self.store_at <= now;
        if self.failures == 0 && self.settle_at.is_some_and(|at| at <= now) {
            return Do::Settle;
        }
        match (store, remove) {
            (true, true) if self.removed_last => Do::Store,
            (_, true) => Do::Remove,
            (true, false) => Do::Store,
            (false, false) if self.busy || self.failures > 0 => Do::Wait(self.store_at),
            (false, false) => Do::Rest(self.store_at),
        }
    }

    /// When to look again although there is nothing to store.
    pub(super) fn deadline(&self) -> Duration {
        self.settle_at.map_or(self.remove_at, |at| at.min(self.remove_at)).max(self.store_at)
    }

    /// There was nothing to store.
    pub(super) fn handle_nothing(&mut self) {
        self.removed_last = false;
    }

    /// What there was is stored, begun at `begun`, and `pending` if something is to be settled.
    pub(super) fn handle_stored(&mut self, begun: Duration, pending: bool) {
        // A timer for each event would be a wake-up more than a slow run has events.
        self.busy = begun < self.store_at + PACE / 2;
        (self.failures, self.removed_last) = (0, false);
        self.store_at = begun + PACE;
        self.settle_at = pending.then(|| self.settle_at.unwrap_or(begun + SETTLE_AFTER));
    }

    /// What was gathered is settled.
    pub(super) fn handle_settled(&mut self) {
        self.settle_at = None;
    }

    /// It could not be stored.
    pub(super) fn handle_failed(&mut self, now: Duration) {
        self.removed_last = false;
        let pause = RETRY.saturating_mul(1 << self.failures.min(16));
        self.store_at = now + pause.min(MAX_RETRY);
        self.failures = self.failures.saturating_add(1);
    }

    /// Some events were removed. Says how many in all, if that takes long or was long and is over.
    pub(super) fn handle_removed(&mut self, events: u64, more: bool, now: Duration) -> Option<Progress> {
        self.removed_last = true;
        let mut removal = self.removal.unwrap_or(Removal { since: now, told: now, events: 0 });
        removal.events += events;
        let due = now >= removal.told + LONG;
        let over = !more && removal.told > removal.since;
        if due {
            removal.told = now;
        }
        self.removal = more.then_some(removal);
        if !more {
            self.remove_at = now + REMOVE_EVERY;
        }
        (due || over).then_some(Progress { events: removal.events, over: !more })
    }

    /// None could be removed; that is tried again later.
    pub(super) fn handle_not_removed(&mut self, now: Duration) {
        self.removal = None;
        self.removed_last = true;
        self.remove_at = now + REMOVE_EVERY;
    }
}

/// How far a long removal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) events: u64,
    pub(super) over: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn keeper() -> Keeper {
        let mut keeper = Keeper::new(at(0));
        assert_eq!(keeper.poll(at(0)), Do::Remove);
        assert_eq!(keeper.handle_removed(0, false, at(0)), None);
        keeper
    }

    #[test]
    fn events_are_stored_at_once_after_a_pause_and_in_batches_under_load() {
        let mut keeper = keeper();
        assert_eq!(keeper.poll(at(20)), Do::Store);
        keeper.handle_stored(at(20), false);
        assert_eq!(keeper.poll(at(23)), Do::Rest(at(25)), "no look that finds nothing");
        assert_eq!(keeper.poll(at(25)), Do::Store);
        keeper.handle_stored(at(25), false);
        assert_eq!(keeper.poll(at(25)), Do::Wait(at(30)), "no news of each of many");
        assert_eq!(keeper.poll(at(30)), Do::Store);
        keeper.handle_nothing();
        assert_eq!(keeper.poll(at(31)), Do::Store);
        keeper.handle_stored(at(500), false);
        assert_eq!(keeper.poll(at(500)), Do::Rest(at(505)));
    }

    #[test]
    fn what_is_gathered_is_settled_after_a_while_and_not_while_nothing_can_be_stored() {
        let mut keeper = keeper();
        keeper.handle_stored(at(20), true);
        keeper.handle_stored(at(3_000), true);
        assert_eq!(keeper.poll(at(5_019)), Do::Store);
        assert_eq!(keeper.deadline(), at(5_020));
        assert_eq!(keeper.poll(at(5_020)), Do::Settle);
        keeper.handle_failed(at(5_020));
        assert_eq!(keeper.poll(at(5_020)), Do::Wait(at(5_120)));
        keeper.handle_stored(at(5_120), false);
        assert_eq!(keeper.poll(at(9_000)), Do::Store, "that took everything");
        keeper.handle_stored(at(9_000), true);
        assert_eq!(keeper.poll(at(14_000)), Do::Settle);
        keeper.handle_settled();
        assert_eq!(keeper.poll(at(14_000)), Do::Store);
        assert_eq!(keeper.deadline(), REMOVE_EVERY);
    }

    #[test]
    fn what_fails_is_tried_again_ever_more_rarely_and_for_ever() {
        let mut keeper = keeper();
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..40 {
            keeper.handle_failed(now);
            let Do::Wait(until) = keeper.poll(now) else { panic!("at once again") };
            pauses.push(until.saturating_sub(now).as_millis());
            now = until;
        }
        assert_eq!(pauses[..9], [100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
        assert_eq!(pauses[39], 10_000);
        keeper.handle_stored(now, false);
        keeper.handle_failed(now);
        assert_eq!(keeper.poll(now), Do::Wait(now + RETRY));
    }

    #[test]
    fn a_long_removal_lets_events_be_stored_and_says_how_far_it_is() {
        let mut keeper = keeper();
        keeper.handle_stored(at(0), false);
        let start = REMOVE_EVERY;
        assert_eq!(keeper.poll(start), Do::Remove);
        assert_eq!(keeper.handle_removed(10, true, start), None);
        assert_eq!(keeper.poll(start), Do::Store);
        keeper.handle_stored(start, false);
        assert_eq!(keeper.poll(start), Do::Remove, "instead of waiting");
        assert_eq!(keeper.handle_removed(10, true, start + LONG), Some(Progress { events: 20, over: false }));
        let end = start + LONG + at(1);
        assert_eq!(keeper.handle_removed(1, false, end), Some(Progress { events: 21, over: true }));
        assert_eq!(keeper.deadline(), end + REMOVE_EVERY);
    }
}
