//! How many units ended how.

use std::fmt::Write as _;

use super::schedule::Step;
use crate::plan::Plan;
use crate::text;

/// Counts kept over the steps of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    /// Units that did all their tasks.
    pub complete: usize,
    /// Units that failed, first one first, with the task and its error.
    pub failed: Vec<FailedUnit>,
    /// Units that could not run because another one failed.
    pub blocked: usize,
    /// Units stopped, or never begun, because the run was cancelled.
    pub cancelled: usize,
    /// Units running now.
    pub running: usize,
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
            Step::UnitCompleted { .. } => {
                self.running -= 1;
                self.complete += 1;
            }
            Step::UnitFailed { unit, task, error } => {
                self.running -= 1;
                self.failed.push(FailedUnit { unit: *unit, task: *task, error: error.clone() });
            }
            Step::UnitBlocked { .. } => self.blocked += 1,
            Step::UnitCancelled { begun, .. } => {
                self.running -= usize::from(*begun);
                self.cancelled += 1;
            }
            _ => {}
        }
    }

    /// Units that ended, one way or the other.
    pub(crate) fn ended(&self) -> usize {
        self.complete + self.failed.len() + self.blocked + self.cancelled
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
        if self.blocked > 0 {
            let _ = write!(line, "; {} blocked", self.blocked);
        }
        line
    }
}

/// Named in one line; the rest is counted.
const NAMED: usize = 5;
