//! A run in one line.

use choo_protocol::{RunId, RunState, RunStatus, Timestamp, UnitState, UnitStatus};
use serde::Serialize;

/// A row of the list of runs.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RunSummary {
    run: RunId,
    status: RunStatus,
    started: Option<Timestamp>,
    ended: Option<Timestamp>,
    units: usize,
    failed: usize,
    live: bool,
}

impl RunSummary {
    /// The row of a run in this state.
    pub(crate) fn of(state: &RunState, live: bool) -> Self {
        let failed = |unit: &&UnitState| unit.status == UnitStatus::Failed;
        RunSummary {
            run: state.run.clone(),
            status: state.status,
            started: state.started,
            ended: state.ended,
            units: state.units.len(),
            failed: state.units.values().filter(failed).count(),
            live,
        }
    }
}
