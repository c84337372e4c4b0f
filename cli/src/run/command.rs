//! What people want done with the run, as changes of its schedule. No processes, no link.

use std::collections::HashMap;

use choo_protocol::{CmdRequest, Command, Intervention, RejectReason, UnitStatus};

use super::schedule::{Refusal, Schedule};
use crate::plan::Plan;

/// What has been asked for and is under way, and who asked.
///
/// [`Errands::handle_request`] changes the schedule; the caller then carries out the schedule's steps and asks
/// [`Errands::poll_done`] until there is nothing more.
#[derive(Debug, Default)]
pub(crate) struct Errands<T> {
    open: Vec<(Awaited, T)>,
    run: Intervention,
    units: HashMap<usize, Intervention>,
}

/// Why a command is not executed: the reason, and words for people.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rejection {
    pub reason: RejectReason,
    pub words: String,
}

/// When a command has been executed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Awaited {
    /// Once the schedule's steps are carried out.
    Steps,
    /// Once the unit has ended; well if it ended like that.
    Unit(usize, UnitStatus),
    /// With the run.
    Run,
}

impl<T> Errands<T> {
    /// Nobody has asked for anything.
    pub(crate) fn new() -> Self {
        Errands { open: Vec::new(), run: Intervention::default(), units: HashMap::new() }
    }

    /// Looks whether the command can be executed and changes the schedule; the answer is to be kept by
    /// [`Errands::push`].
    pub(crate) fn handle_request(
        &mut self,
        request: &CmdRequest,
        plan: &Plan,
        schedule: &mut Schedule,
    ) -> Result<Awaited, Rejection> {
        let target = Target::of(request, plan)?;
        let (status, attempt) = target.status(schedule);
        request.check_status(status, attempt).map_err(|reason| {
            let words = format!("{} is {status}", target.name(plan));
            Rejection { reason, words }
        })?;
        let awaited = match (&request.cmd, target) {
            (Command::Pause, Target::Run) => schedule.handle_pause().map(|()| Awaited::Steps),
            (Command::Resume, Target::Run) => schedule.handle_resume().map(|()| Awaited::Steps),
            (Command::Cancel, Target::Run) => schedule.handle_cancel_run().map(|()| Awaited::Run),
            (Command::Cancel, Target::Unit(unit)) => {
                schedule.handle_cancel_unit(unit).map(|()| Awaited::Unit(unit, UnitStatus::Cancelled))
            }
            (Command::Skip, Target::Unit(unit)) => {
                schedule.handle_skip(unit).map(|()| Awaited::Unit(unit, UnitStatus::Skipped))
            }
            (Command::Retry, Target::Unit(unit)) => {
                schedule.handle_retry(unit, None).map(|()| Awaited::Steps)
            }
            (Command::Retry, Target::Task(unit, task)) => {
                schedule.handle_retry(unit, Some(task)).map(|()| Awaited::Steps)
            }
            (cmd, target) => return Err(unsupported(&format!("{cmd} of {}", target.kind()))),
        };
        let awaited = awaited
            .map_err(|Refusal(why)| Rejection { reason: RejectReason::Conflict, words: why.into() })?;
        let intervention = Intervention {
            by: Some(request.by.clone()).filter(|by| !by.is_empty()),
            reason: request.args.reason.clone(),
            cmd: Some(request.id.clone()),
        };
        match target {
            Target::Run => self.take_over(intervention),
            Target::Unit(unit) | Target::Task(unit, _) => {
                self.units.insert(unit, intervention);
            }
        }
        Ok(awaited)
    }

    /// The run was cancelled by a signal.
    pub(crate) fn handle_interrupt(&mut self, signal: &str) {
        self.take_over(Intervention { reason: Some(signal.to_owned()), ..Intervention::default() });
    }

    /// Whoever was behind the state of a unit is not behind what becomes of it with the run.
    fn take_over(&mut self, intervention: Intervention) {
        self.run = intervention;
        self.units.clear();
    }

    /// Keeps what answers a command until it has been executed.
    pub(crate) fn push(&mut self, awaited: Awaited, answer: T) {
        self.open.push((awaited, answer));
    }

    /// A command that has been executed, and what was not as it should have been; to be asked when the
    /// schedule has no steps. With `finished` the run has ended.
    pub(crate) fn poll_done(
        &mut self,
        schedule: &Schedule,
        finished: bool,
    ) -> Option<(T, Result<(), String>)> {
        let over = |awaited: Awaited| match awaited {
            Awaited::Steps => true,
            Awaited::Unit(unit, _) => finished || schedule.unit_status(unit) != UnitStatus::InProgress,
            Awaited::Run => finished,
        };
        let at = self.open.iter().position(|(awaited, _)| over(*awaited))?;
        let (awaited, answer) = self.open.remove(at);
        let result = match awaited {
            Awaited::Unit(unit, wanted) if schedule.unit_status(unit) != wanted => {
                Err(format!("the unit is {} already", schedule.unit_status(unit).as_str()))
            }
            Awaited::Unit(..) | Awaited::Steps | Awaited::Run => Ok(()),
        };
        Some((answer, result))
    }

    /// Who took a hand in the run last.
    pub(crate) fn of_run(&self) -> Intervention {
        self.run.clone()
    }

    /// Who took a hand in the unit last, or in the run where nobody did.
    pub(crate) fn of_unit(&self, unit: usize) -> Intervention {
        self.units.get(&unit).unwrap_or(&self.run).clone()
    }
}

/// What a command is about, by its places in the plan.
#[derive(Debug, Clone, Copy)]
enum Target {
    Run,
    Unit(usize),
    Task(usize, usize),
}

impl Target {
    fn of(request: &CmdRequest, plan: &Plan) -> Result<Self, Rejection> {
        let args = &request.args;
        if let Some(name) = args.other.keys().next() {
            return Err(unsupported(&format!("the argument {name}")));
        }
        let not_found = |words| Rejection { reason: RejectReason::NotFound, words };
        let Some(id) = &args.unit else {
            return match args.task {
                Some(_) => Err(unsupported("a task without its unit")),
                None => Ok(Target::Run),
            };
        };
        let unit = plan.units.iter().position(|unit| unit.id == *id);
        let unit = unit.ok_or_else(|| not_found(format!("there is no unit {id}")))?;
        let Some(number) = args.task else { return Ok(Target::Unit(unit)) };
        let task = plan.units[unit].tasks.iter().position(|task| i64::from(task.number) == number);
        let task = task.ok_or_else(|| not_found(format!("{id} has no task {number}")))?;
        Ok(Target::Task(unit, task))
    }

    fn status(self, schedule: &Schedule) -> (&'static str, Option<u32>) {
        match self {
            Target::Run => (schedule.status().as_str(), None),
            Target::Unit(unit) => (schedule.unit_status(unit).as_str(), None),
            Target::Task(unit, task) => {
                let (status, attempt) = schedule.task_status(unit, task);
                (status.as_str(), Some(attempt))
            }
        }
    }

    fn name(self, plan: &Plan) -> String {
        match self {
            Target::Run => "the run".to_owned(),
            Target::Unit(unit) => plan.units[unit].id.clone(),
            Target::Task(unit, task) => {
                let unit = &plan.units[unit];
                format!("task {} of {}", unit.tasks[task].number, unit.id)
            }
        }
    }

    fn kind(self) -> &'static str {
        match self {
            Target::Run => "a run",
            Target::Unit(_) => "a unit",
            Target::Task(..) => "a single task",
        }
    }
}

fn unsupported(what: &str) -> Rejection {
    Rejection { reason: RejectReason::Unsupported, words: format!("choo run does not know {what}") }
}

#[cfg(test)]
mod tests;
