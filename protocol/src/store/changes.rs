//! What changed in a store since it was last asked.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::Names;
use crate::{Change, HubBye, HubEnd, HubGap, HubHello, RunId, RunMember};

/// What changed in a store: names only, in proportion to the change. Ask the store for what is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreChanges {
    /// Runs whose state changed in any way; more lines alone do not count.
    pub runs: Vec<RunId>,
    /// Units that changed, of runs that were not replaced whole.
    pub units: Vec<UnitChanges>,
    /// Units of which files differ in another way (the empty name stands for no unit), of the same runs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub diffs: Vec<UnitChanges>,
    /// Runs replaced whole: every unit, every file and the graph may have changed.
    pub all: Vec<RunId>,
    /// How many events came that were not there before, of all runs.
    pub events: u64,
    /// How many times the hub said that events are missing in this stream.
    pub gaps: u64,
    /// What it said, at most the last 16 times.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<HubGap>,
    /// How many lines could not be used, here or at the hub.
    pub errors: u64,
    /// Up to where the stream has been taken, if it got on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The hub's greeting, if it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hello: Option<HubHello>,
    /// Runs of which nothing more will come.
    pub ended: Vec<HubEnd>,
    /// The hub's farewell, if it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bye: Option<HubBye>,
}

/// Units of one run that changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitChanges {
    /// The run.
    pub run: RunId,
    /// The units, each once, in the order in which they first changed.
    pub ids: Vec<String>,
}

/// Changes as they gather.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// In the order of their ids.
    runs: Vec<RunChanges>,
    pub(super) events: u64,
    gap_count: u64,
    gaps: Vec<HubGap>,
    pub(super) errors: u64,
    pub(super) cursor: Option<String>,
    pub(super) hello: Option<HubHello>,
    pub(super) ended: Vec<HubEnd>,
    pub(super) bye: Option<HubBye>,
}

#[derive(Debug)]
struct RunChanges {
    run: RunId,
    all: bool,
    units: Names,
    diffs: Names,
}

impl RunChanges {
    fn new(run: RunId) -> Self {
        RunChanges { run, all: false, units: Names::default(), diffs: Names::default() }
    }
}

const MAX_GAPS: usize = 16;

impl Changes {
    /// Adds what an event of a run changed that names this unit, or none.
    pub(super) fn add(&mut self, run: &RunId, unit: &str, change: &Change) {
        if change.is_quiet() {
            return;
        }
        let at = self.runs.partition_point(|changes| changes.run < *run);
        if self.runs.get(at).is_none_or(|changes| changes.run != *run) {
            self.runs.insert(at, RunChanges::new(run.clone()));
        }
        let changes = &mut self.runs[at];
        if change.is_whole() || change.run().has(RunMember::Units) {
            changes.all = true;
            changes.units = Names::default();
            changes.diffs = Names::default();
        }
        if changes.all {
            return;
        }
        if change.touches_unit() {
            changes.units.add(unit);
        }
        if change.diff().is_some() {
            changes.diffs.add(unit);
        }
    }

    pub(super) fn add_gap(&mut self, gap: HubGap) {
        self.gap_count += 1;
        if self.gaps.len() == MAX_GAPS {
            self.gaps.remove(0);
        }
        self.gaps.push(gap);
    }

    pub(super) fn into_public(self) -> StoreChanges {
        let mut changes = StoreChanges {
            events: self.events,
            gaps: self.gap_count,
            missing: self.gaps,
            errors: self.errors,
            cursor: self.cursor,
            hello: self.hello,
            ended: self.ended,
            bye: self.bye,
            ..StoreChanges::default()
        };
        for RunChanges { run, all, units, diffs } in self.runs {
            if all {
                changes.all.push(run.clone());
            }
            for (names, list) in [(units, &mut changes.units), (diffs, &mut changes.diffs)] {
                if !names.is_empty() {
                    list.push(UnitChanges { run: run.clone(), ids: names.into_names() });
                }
            }
            changes.runs.push(run);
        }
        changes
    }
}
