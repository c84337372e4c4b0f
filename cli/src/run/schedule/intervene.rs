//! What a person may do to a run: pause it, and cancel, retry or skip one of its units.

use choo_protocol::{RunStatus, TaskStatus, UnitStatus};

use super::{Attempt, Cause, Ending, Phase, Schedule, State, Step};

/// Why nothing was done: it makes no sense as things stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal(pub &'static str);

impl Schedule {
    /// No task begins any more; what runs goes on to the end of its task.
    pub(crate) fn handle_pause(&mut self) -> Result<(), Refusal> {
        self.check_open()?;
        if std::mem::replace(&mut self.paused, true) {
            return Err(Refusal("the run is paused already"));
        }
        self.steps.push_back(Step::Paused);
        Ok(())
    }

    /// Tasks begin again.
    pub(crate) fn handle_resume(&mut self) -> Result<(), Refusal> {
        self.check_open()?;
        if !std::mem::replace(&mut self.paused, false) {
            return Err(Refusal("the run is not paused"));
        }
        self.steps.push_back(Step::Resumed);
        for at in self.held() {
            self.begin(at);
        }
        Ok(())
    }

    /// Starts nothing more and ends the run, as [`Schedule::handle_cancel`]; whoever carries the steps out has
    /// to stop what runs.
    pub(crate) fn handle_cancel_run(&mut self) -> Result<(), Refusal> {
        self.check_open()?;
        self.handle_cancel();
        Ok(())
    }

    /// Stops the unit, at once or when its command has ended, and blocks those that depend on it.
    pub(crate) fn handle_cancel_unit(&mut self, unit: usize) -> Result<(), Refusal> {
        self.check_open()?;
        match self.units[unit].state {
            State::Waiting => {
                self.ready.retain(|ready| *ready != unit);
                self.units[unit].state = State::Cancelled;
                self.steps.push_back(Step::UnitCancelled { unit, begun: false });
                self.block_dependants(unit, Cause::Cancel);
                Ok(())
            }
            State::Running { .. } | State::Held { .. } => self.stop_unit(unit, Ending::Cancel),
            State::Complete | State::Failed | State::Blocked | State::Cancelled | State::Skipped => {
                Err(Refusal("the unit has ended"))
            }
        }
    }

    /// Leaves the unit out, at once or when its command has ended. Those that depend on it go on as if it
    /// were complete.
    pub(crate) fn handle_skip(&mut self, unit: usize) -> Result<(), Refusal> {
        self.check_open()?;
        match self.units[unit].state {
            State::Running { .. } | State::Held { .. } => self.stop_unit(unit, Ending::Skip),
            State::Waiting | State::Failed | State::Blocked | State::Cancelled => {
                self.ready.retain(|ready| *ready != unit);
                self.units[unit].state = State::Skipped;
                self.steps.push_back(Step::UnitSkipped { unit, begun: false });
                self.release_dependants(unit);
                self.satisfy(unit);
                Ok(())
            }
            State::Complete | State::Skipped => Err(Refusal("the unit has ended")),
        }
    }

    /// Runs a unit that failed or was cancelled once more, from the task that did not go well, which gets
    /// all its attempts again. Those that only it blocked wait for it again.
    pub(crate) fn handle_retry(&mut self, unit: usize, task: Option<usize>) -> Result<(), Refusal> {
        self.check_open()?;
        let slot = &self.units[unit];
        if !matches!(slot.state, State::Failed | State::Cancelled) {
            return Err(Refusal("the unit has not failed"));
        }
        if task.is_some() && task != slot.broken {
            return Err(Refusal("the task has not failed"));
        }
        // It was cancelled before what it depends on failed, and would wait for ever.
        if !self.is_free(unit) {
            return Err(Refusal("a unit that it depends on has not gone well"));
        }
        let slot = &mut self.units[unit];
        let at = slot.broken.take().map(|task| {
            let former = slot.tasks[task].attempt;
            slot.tasks[task].former = former;
            Attempt { unit, task, number: former + 1 }
        });
        slot.state = State::Waiting;
        self.steps.push_back(Step::UnitRetried { unit, at });
        let slot = &self.units[unit];
        if slot.missing == 0 {
            self.queue(unit);
        }
        self.release_dependants(unit);
        Ok(())
    }

    /// How the run stands.
    pub(crate) fn status(&self) -> RunStatus {
        match (self.finished || self.cancelled, self.paused) {
            (true, _) => RunStatus::Cancelled,
            (false, true) => RunStatus::Paused,
            (false, false) => RunStatus::Running,
        }
    }

    /// How a unit stands, as its events tell it.
    pub(crate) fn unit_status(&self, unit: usize) -> UnitStatus {
        match self.units[unit].state {
            State::Waiting if self.units[unit].missing == 0 => UnitStatus::Ready,
            State::Waiting => UnitStatus::Pending,
            State::Running { .. } | State::Held { .. } => UnitStatus::InProgress,
            State::Complete => UnitStatus::Complete,
            State::Failed => UnitStatus::Failed,
            State::Blocked => UnitStatus::Blocked,
            State::Cancelled => UnitStatus::Cancelled,
            State::Skipped => UnitStatus::Skipped,
        }
    }

    /// How a task stands, and which attempt is its last.
    pub(crate) fn task_status(&self, unit: usize, task: usize) -> (TaskStatus, u32) {
        let slot = &self.units[unit];
        let status = match slot.state {
            _ if slot.tasks[task].done => TaskStatus::Completed,
            State::Running { task: at, phase: Phase::Work, .. } if at == task => TaskStatus::Running,
            State::Running { task: at, .. } if at == task => TaskStatus::Validating,
            State::Held { at } if at.task == task && at.number > 1 => TaskStatus::Retrying,
            _ if slot.broken == Some(task) => TaskStatus::Failed,
            _ => TaskStatus::Pending,
        };
        (status, slot.tasks[task].attempt)
    }

    /// Whether somebody who paused the run may still want to retry or skip what did not go well.
    pub(super) fn awaits_person(&self) -> bool {
        let may_go_on = |unit: &super::Slot| matches!(unit.state, State::Failed | State::Cancelled);
        self.paused && self.units.iter().any(may_go_on)
    }

    fn check_open(&self) -> Result<(), Refusal> {
        if self.cancelled || self.finished { Err(Refusal("the run is ending")) } else { Ok(()) }
    }

    /// Ends a unit that has begun; with a command that runs it ends when that does.
    fn stop_unit(&mut self, unit: usize, ending: Ending) -> Result<(), Refusal> {
        if self.units[unit].ending.is_some() {
            return Err(Refusal("the unit is being stopped already"));
        }
        self.units[unit].ending = Some(ending);
        let unsent =
            self.steps.iter().position(|step| matches!(step, Step::Launch { at, .. } if at.unit == unit));
        if let Some(unsent) = unsent {
            // Decided but not yet told: there is nothing to stop.
            self.steps.remove(unsent);
        }
        if unsent.is_some() || matches!(self.units[unit].state, State::Held { .. }) {
            self.stop(unit);
        } else {
            self.steps.push_back(Step::Stop { unit });
        }
        Ok(())
    }

    /// Attempts that wait for the end of a pause.
    fn held(&self) -> Vec<Attempt> {
        let held = |unit: &super::Slot| match unit.state {
            State::Held { at } => Some(at),
            _ => None,
        };
        self.units.iter().filter_map(held).collect()
    }

    /// The run is cancelled: what a pause held back ends.
    pub(super) fn release_held(&mut self) {
        self.paused = false;
        for at in self.held() {
            self.stop(at.unit);
        }
    }

    /// Whether all that the unit depends on is, or may still be, complete.
    fn is_free(&self, unit: usize) -> bool {
        let mut states = self.units[unit].dependencies.iter().map(|dependency| self.units[*dependency].state);
        states.all(|state| !matches!(state, State::Failed | State::Blocked | State::Cancelled))
    }

    /// Frees those that were blocked by `unit` and by nothing else.
    fn release_dependants(&mut self, unit: usize) {
        let mut reached = vec![unit];
        while let Some(at) = reached.pop() {
            for dependant in self.units[at].dependants.clone() {
                if self.units[dependant].state == State::Blocked && self.is_free(dependant) {
                    self.units[dependant].state = State::Waiting;
                    self.steps.push_back(Step::UnitReleased { unit: dependant, by: unit });
                    reached.push(dependant);
                }
            }
        }
    }
}
