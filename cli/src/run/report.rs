//! A run as events: what goes to the bus for each step of the schedule and each line of output.

use choo_protocol::{Event, LogStream, OrchStarted, TaskPayload, TaskRetry, UnitBlocked, UnitStarted};

use super::command::Errands;
use super::schedule::{Attempt, Cause, Phase, Step, Verdict};
use super::tally::Tally;
use crate::plan::Plan;

/// `orch.started`; the graph is added by whoever sends it on.
pub(crate) fn started(plan: &Plan, parallelism: usize) -> Event {
    Event::orch_started(OrchStarted {
        unit_count: number(plan.units.len()),
        parallelism: number(parallelism),
        graph: None,
    })
}

/// The event of a step; `None` where a step only concerns the shell. `tally` counts all steps up to this one,
/// `errands` knows who is behind those that a person caused.
pub(crate) fn step<T>(plan: &Plan, step: &Step, tally: &Tally, errands: &Errands<T>) -> Option<Event> {
    let unit = |unit: usize| plan.units[unit].id.as_str();
    let task = |at: Attempt| (unit(at.unit), plan.units[at.unit].tasks[at.task].number);
    Some(match step {
        Step::UnitQueued { unit: at } => Event::unit_queued(unit(*at)),
        Step::UnitStarted { unit: at, done } => {
            let unit = &plan.units[*at];
            Event::unit_started(&unit.id).payload(UnitStarted {
                total_tasks: Some(number(unit.tasks.len())),
                completed_tasks: Some(number(*done)),
            })
        }
        Step::TaskStarted { at } => {
            let (id, n) = task(*at);
            let task = &plan.units[at.unit].tasks[at.task];
            Event::task_started(id, n).payload(TaskPayload {
                name: Some(task.name.clone()),
                attempt: Some(at.number),
                command: task.work.clone().or_else(|| task.check.clone()),
                ..TaskPayload::default()
            })
        }
        // What is released is queued when its dependencies are complete.
        Step::Launch { phase: Phase::Work, .. }
        | Step::Stop { .. }
        | Step::UnitReleased { .. }
        | Step::UnitRetried { at: None, .. } => return None,
        Step::Launch { at, phase: Phase::Check } => {
            let (id, n) = task(*at);
            Event::task_backpressure(id, n).payload(TaskPayload {
                attempt: Some(at.number),
                command: plan.units[at.unit].tasks[at.task].check.clone(),
                ..TaskPayload::default()
            })
        }
        Step::CheckPassed { at } => {
            let (id, n) = task(*at);
            Event::validation_ok(id, n)
        }
        Step::CheckFailed { at, error } => {
            let (id, n) = task(*at);
            Event::validation_fail(id, n, error)
        }
        Step::TaskRetry { at, error } => {
            let (id, n) = task(*at);
            Event::task_retry(id, n, at.number + 1, error)
        }
        Step::TaskCompleted { at } => {
            let (id, n) = task(*at);
            Event::task_completed(id, n)
        }
        Step::TaskFailed { at, error } => {
            let (id, n) = task(*at);
            Event::task_failed(id, n, error)
        }
        Step::UnitCompleted { unit: at } => Event::unit_completed(unit(*at)),
        Step::UnitFailed { unit: at, task, error } => {
            Event::unit_failed(unit(*at), unit_error(plan, *at, *task, error))
        }
        Step::UnitRetried { at: Some(at), .. } => {
            let (id, n) = task(*at);
            let by = errands.of_unit(at.unit).by;
            let who = by.map_or_else(|| "asked for".to_owned(), |by| format!("asked for by {by}"));
            let retry = TaskRetry { attempt: at.number, reason: Some("command".to_owned()), delay_ms: None };
            Event::task_retry(id, n, at.number, who).payload(retry)
        }
        Step::UnitBlocked { unit: at, by, through, cause } => {
            Event::unit_blocked(unit(*at), blocked_reason(plan, *by, *through, *cause))
                .payload(UnitBlocked { blocked_by: Some(unit(*by).to_owned()) })
        }
        Step::UnitCancelled { unit: at, .. } => Event::unit_cancelled(unit(*at), errands.of_unit(*at)),
        Step::UnitSkipped { unit: at, .. } => Event::unit_skipped(unit(*at), errands.of_unit(*at)),
        Step::Paused => Event::orch_paused(errands.of_run()),
        Step::Resumed => Event::orch_resumed(errands.of_run()),
        Step::Finished { verdict: Verdict::Completed } => Event::orch_completed(),
        Step::Finished { verdict: Verdict::Failed } => Event::orch_failed(tally.failure(plan)),
        Step::Finished { verdict: Verdict::Cancelled } => Event::orch_cancelled(errands.of_run()),
    })
}

/// One line of output; `n` counts within the attempt, over both streams and both commands, from 1.
pub(crate) fn log(plan: &Plan, at: Attempt, stream: LogStream, content: &str, n: u64) -> Event {
    let unit = &plan.units[at.unit];
    Event::log(&unit.id, Some(unit.tasks[at.task].number), stream, content, n)
}

/// The error of a task, with the task's name where the unit has several.
pub(crate) fn unit_error(plan: &Plan, unit: usize, task: usize, error: &str) -> String {
    let tasks = &plan.units[unit].tasks;
    match tasks.get(task) {
        Some(task) if tasks.len() > 1 => format!("task {} ({}): {error}", task.number, task.name),
        _ => error.to_owned(),
    }
}

/// Why a unit will never run.
pub(crate) fn blocked_reason(plan: &Plan, by: usize, through: Option<usize>, cause: Cause) -> String {
    let by = &plan.units[by].id;
    let what = match cause {
        Cause::Failure => "failed",
        Cause::Cancel => "was cancelled",
    };
    match through {
        Some(through) => format!("{by} {what}, which blocks {} as well", plan.units[through].id),
        None => format!("{by} {what}"),
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
