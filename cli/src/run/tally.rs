//! How many units ended how.

use std::collections::HashMap;
use std::fmt::Write as _;

use super::schedule::Step;
use crate::plan::Plan;
use crate::text;

/// Counts kept over the steps of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Units that failed, first one first, with the task and its error.
    pub failed: Vec<FailedUnit>,
    /// Units running now.
    pub running: usize,
    /// How each unit has ended, by its index; a person may have it run once more.
    ended: HashMap<usize, Ending>,
    /// By [`Ending`].
    counts: [usize; 5],
}

/// How a unit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// It did all its tasks.
    Complete,
    /// One task failed.
    Failed,
    /// It could not run because another one failed or was cancelled.
    Blocked,
    /// It was stopped, or never began, because it or the run was cancelled.
    Cancelled,
    /// A person left it out.
    Skipped,
}

/// One failure.
#[derive(Debug, Clone)]
pub(crate) struct FailedUnit {
    /// Index into the plan's units.
    pub unit: usize,
    /// Index into the unit's tasks.
    pub task: usize,
    /// What is known of it.
    pub error: String,
}

impl Tally {
    /// Takes note of a step.
    pub(crate) fn handle_step(&mut self, step: &Step) {
        match step {
            Step::UnitStarted { .. } => self.running += 1,
            Step::UnitCompleted { unit } => self.end(*unit, Ending::Complete, true),
            Step::UnitFailed { unit, task, error } => {
                self.end(*unit, Ending::Failed, true);
                self.failed.push(FailedUnit { unit: *unit, task: *task, error: error.clone() });
            }
            Step::UnitBlocked { unit, .. } => self.end(*unit, Ending::Blocked, false),
            Step::UnitCancelled { unit, begun } => self.end(*unit, Ending::Cancelled, *begun),
            Step::UnitSkipped { unit, begun } => self.end(*unit, Ending::Skipped, *begun),
            Step::UnitRetried { unit, .. } | Step::UnitReleased { unit, .. } => self.reopen(*unit),
            _ => {}
        }
    }

    fn end(&mut self, unit: usize, ending: Ending, begun: bool) {
        self.reopen(unit);
        self.running -= usize::from(begun);
        self.ended.insert(unit, ending);
        self.counts[ending as usize] += 1;
    }

    fn reopen(&mut self, unit: usize) {
        let Some(ending) = self.ended.remove(&unit) else { return };
        self.counts[ending as usize] -= 1;
        if ending == Ending::Failed {
            self.failed.retain(|failed| failed.unit != unit);
        }
    }

    /// Units that ended, one way or the other.
    pub(crate) fn ended(&self) -> usize {
        self.ended.len()
    }

    /// Units that ended like that.
    pub(crate) fn count(&self, ending: Ending) -> usize {
        self.counts[ending as usize]
    }

    /// What failed, in one line: `2 of 9 units failed: parser, docs; 3 blocked`.
    pub(crate) fn failure(&self, plan: &Plan) -> String {
        let names: Vec<&str> =
            self.failed.iter().take(NAMED).map(|failed| plan.units[failed.unit].id.as_str()).collect();
        let mut line = format!(
            "{} of {} failed: {}",
            self.failed.len(),
            text::count(plan.units.len(), "unit"),
            names.join(", ")
        );
        if self.failed.len() > NAMED {
            line.push_str(", ...");
        }
        let blocked = self.count(Ending::Blocked);
        if blocked > 0 {
            let _ = write!(line, "; {blocked} blocked");
        }
        line
    }
}

/// Named in one line; the rest is counted.
const NAMED: usize = 5;
