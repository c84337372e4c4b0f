//! What the store has of a run, and what it gets.

use std::sync::Arc;

use super::super::saved::{SavedPhase, SavedRun, SavedState};
use super::{Phase, Run};

impl Run {
    /// Up to which number the store has it whole, announced losses included; `None` if its numbers are not the
    /// producer's.
    pub(crate) fn stored(&self) -> Option<u64> {
        self.saving.have()
    }

    /// What the store gets of it, if anything is new. `anew` if the store has nothing at all.
    pub(crate) fn take_unstored(&mut self, anew: bool) -> Option<SavedRun> {
        self.saving.take(self.sequence.have(), anew).then(|| SavedRun {
            run: self.id.clone(),
            sequence: self.sequence.clone(),
            phase: match self.phase {
                Phase::Live { .. } => SavedPhase::Live,
                Phase::Stale { before } => SavedPhase::Stale { before },
                Phase::Over { end } => SavedPhase::Over { end },
            },
            begun: self.begun,
            met: self.met,
            latest: self.latest,
            offsets: self.offsets,
            pid: self.pid,
        })
    }

    /// Its state for the store, if it is time for that. Nothing is on its way otherwise.
    pub(crate) fn take_state(&mut self, sweep: bool, anew: bool) -> Option<SavedState> {
        let resting = sweep || !matches!(self.phase, Phase::Live { .. });
        let state = || SavedState { through: self.offsets.1, state: Arc::clone(&self.state) };
        self.saving.take_state(resting, anew).then(state)
    }

    /// What was taken is stored, a state behind `stated` among it.
    pub(crate) fn handle_stored(&mut self, stated: Option<u64>) {
        self.saving.handle_stored(stated);
    }

    /// What was taken is not.
    pub(crate) fn handle_unstored(&mut self) {
        self.saving.handle_failed();
    }

    /// The store has lost it.
    pub(crate) fn handle_gone(&mut self) {
        self.saving.handle_gone();
    }

    /// The offset behind which the store must keep its events for the state to be known again.
    pub(crate) fn needed_behind(&self) -> Option<u64> {
        self.saving.needed_behind()
    }
}
