//! How much of a run the store has.

/// What of a run is stored, and what is on its way.
#[derive(Debug, Default)]
pub(super) struct Saving {
    /// Something was recorded since the run was last handed to the store.
    touched: bool,
    /// Records since its state was last stored.
    unstated: u64,
    /// How many of them a state on its way to the store covers.
    stating: Option<u64>,
    /// The last number that the history has for good.
    have: Option<u64>,
    /// The same once the batch on its way is stored.
    taking: Option<u64>,
    /// The offset of its stored state.
    stated_at: u64,
}

/// So many records may have to be folded again at the next start, for each run.
const STATE_EVERY: u64 = 20_000;

impl Saving {
    /// A run that was found in the store, its state folded behind `stated_at` from `unstated` records.
    pub(super) fn restored(have: Option<u64>, stated_at: u64, unstated: u64) -> Self {
        Saving { unstated, have, stated_at, ..Saving::default() }
    }

    pub(super) fn handle_recorded(&mut self) {
        self.touched = true;
        self.unstated += 1;
    }

    /// The run goes to the store with what it has now; `false` if it need not.
    pub(super) fn take(&mut self, have: Option<u64>, anew: bool) -> bool {
        let wanted = std::mem::take(&mut self.touched) || anew;
        if wanted {
            self.taking = have;
        }
        wanted
    }

    /// Whether its state goes to the store as well: once much has come, or if it is `resting`.
    pub(super) fn take_state(&mut self, resting: bool, anew: bool) -> bool {
        let wanted = anew || self.unstated >= STATE_EVERY || (resting && self.unstated > 0);
        self.stating = wanted.then_some(self.unstated);
        wanted
    }

    /// What was taken is stored.
    pub(super) fn handle_stored(&mut self, stated_through: Option<u64>) {
        self.have = self.taking;
        if let Some(covered) = self.stating.take() {
            self.unstated -= covered;
        }
        if let Some(through) = stated_through {
            self.stated_at = through;
        }
    }

    /// What was taken could not be stored.
    pub(super) fn handle_failed(&mut self) {
        self.touched = true;
        self.stating = None;
    }

    /// Nothing is stored of what was.
    pub(super) fn handle_gone(&mut self) {
        (self.have, self.stated_at) = (None, 0);
    }

    /// The last number that the history has for good.
    pub(super) fn have(&self) -> Option<u64> {
        self.have
    }

    /// The offset behind which events are needed to know the run's state again.
    pub(super) fn needed_behind(&self) -> Option<u64> {
        (self.unstated > 0).then_some(self.stated_at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_stored_is_what_was_taken_then() {
        let mut saving = Saving::default();
        assert!(!saving.take(Some(0), false), "nothing came");
        saving.handle_recorded();
        assert!(saving.take(Some(1), false));
        saving.handle_recorded();
        assert_eq!(saving.have(), None);
        saving.handle_stored(None);
        assert_eq!(saving.have(), Some(1));
        assert!(saving.take(Some(2), false));
        saving.handle_failed();
        assert_eq!(saving.have(), Some(1));
        assert!(saving.take(Some(2), false), "again");
    }

    #[test]
    fn a_state_goes_along_now_and_then() {
        let mut saving = Saving::default();
        assert!(!saving.take_state(true, false), "it is as it was");
        saving.handle_recorded();
        assert!(!saving.take_state(false, false) && saving.take_state(true, false));
        saving.handle_recorded();
        saving.handle_failed();
        assert!(saving.take_state(true, false));
        saving.handle_stored(Some(7));
        assert_eq!(saving.needed_behind(), None);
        for _ in 0..STATE_EVERY {
            assert!(!saving.take_state(false, false));
            saving.handle_recorded();
        }
        assert_eq!(saving.needed_behind(), Some(7));
        assert!(saving.take_state(false, false));
    }
}
