//! How runs' states change, for readers of patches.

use std::sync::Arc;

use choo_protocol::{Change, Line, RunMember, RunState, StatePatch};

/// How the state of a run changed by a record. Its version is the record's offset.
#[derive(Debug)]
pub(crate) enum Patch {
    /// A [`StatePatch`] as JSON.
    Step(Box<[u8]>),
    /// The state as it is behind the record, since readers have no version of it or most of it changed. It
    /// is written down where nobody waits for that.
    Whole(Arc<RunState>),
}

impl Patch {
    /// What leads from one version of a state to the next; `None` if nothing did but `seq`.
    pub(super) fn step(
        line: Option<&Line<'_>>,
        change: &Change,
        state: &Arc<RunState>,
        versions: (u64, u64),
    ) -> Option<Self> {
        if change.is_whole() || change.run().has(RunMember::Units) {
            return Some(Patch::Whole(Arc::clone(state)));
        }
        let step = match line {
            Some(line) => StatePatch::of_line(line, change, state, versions),
            None => StatePatch::of_run(change, state, versions),
        };
        // A patch has string keys only, so that it can be written.
        Some(Patch::Step(serde_json::to_vec(&step?).ok()?.into()))
    }

    /// Its JSON, at the version that its record gives.
    pub(crate) fn json(&self, version: u64) -> Vec<u8> {
        match self {
            Patch::Step(json) => json.to_vec(),
            Patch::Whole(state) => whole(state, version),
        }
    }

    /// How long its JSON is, in bytes, where that is known.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Patch::Step(json) => json.len(),
            Patch::Whole(_) => 0,
        }
    }

    /// Bytes of memory, near enough.
    pub(super) fn cost(&self) -> usize {
        match self {
            Patch::Step(json) => size_of::<Patch>() + json.len(),
            Patch::Whole(state) => state_cost(state),
        }
    }
}

/// Bytes of memory of a state, near enough.
pub(super) fn state_cost(state: &RunState) -> usize {
    /// What a unit with a few tasks takes, as measured on plans of this repository.
    const UNIT: usize = 1024;
    state.units.len() * UNIT
}

/// A state as a patch that puts it in the place of whatever a reader has.
pub(crate) fn whole(state: &RunState, version: u64) -> Vec<u8> {
    serde_json::to_vec(&StatePatch::whole(state, version)).unwrap_or_default()
}
