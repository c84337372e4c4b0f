//! What a person at the terminal sees of a run: bars where there is a terminal, one line per step where
//! there is none.

use std::time::Instant;

use anstyle::{AnsiColor, Style};
use choo_protocol::LogStream;

use super::bars::Bars;
use super::report::{blocked_reason, unit_error};
use super::schedule::{Attempt, Step, Verdict};
use super::tally::{Ending, Tally};
use crate::plan::Plan;
use crate::{exit, text};

/// How much to show.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ConsoleOptions {
    /// Show failures and the summary only.
    pub quiet: bool,
    /// Print the output of the tasks as well.
    pub logs: bool,
    /// Draw bars. Only where standard output is a terminal.
    pub bars: bool,
}

/// The view of one run.
pub(crate) struct Console<'a> {
    plan: &'a Plan,
    options: ConsoleOptions,
    bars: Option<Bars>,
    started: Instant,
    /// By unit, when it started.
    unit_started: Vec<Option<Instant>>,
}

impl<'a> Console<'a> {
    /// Begins to show; `now` is the start of the run.
    pub(crate) fn new(plan: &'a Plan, options: ConsoleOptions, now: Instant) -> Self {
        Self {
            plan,
            options,
            bars: (options.bars && !options.quiet).then(|| Bars::new(plan)),
            started: now,
            unit_started: vec![None; plan.units.len()],
        }
    }

    /// Shows a step. `tally` counts all steps up to this one.
    pub(crate) fn handle_step(&mut self, step: &Step, tally: &Tally, now: Instant) {
        match step {
            Step::UnitStarted { unit, .. } => self.unit_started[*unit] = Some(now),
            Step::TaskStarted { at } => {
                let title = self.task_title(*at);
                if let Some(bars) = &mut self.bars {
                    bars.show_task(at.unit, &title);
                } else if !self.options.quiet {
                    self.say(START, &format!("{} {title}", self.id(at.unit)));
                }
            }
            Step::TaskRetry { at, error } => {
                if !self.options.quiet {
                    self.say(
                        RETRY,
                        &format!("{} {}: {}", self.id(at.unit), self.task_title(*at), brief(error)),
                    );
                }
            }
            Step::UnitCompleted { unit } => {
                self.end_bar(*unit);
                if !self.options.quiet {
                    self.say(DONE, &format!("{}{}", self.id(*unit), self.took(*unit, now)));
                }
            }
            Step::UnitFailed { unit, task, error } => {
                self.end_bar(*unit);
                self.say(FAILED, &format!("{}{}", self.id(*unit), self.took(*unit, now)));
                let error = unit_error(self.plan, *unit, *task, error);
                let mut lines = error.lines();
                self.say(NOTHING, lines.next().unwrap_or_default());
                for line in lines {
                    self.say(OUTPUT, line);
                }
            }
            Step::UnitBlocked { unit, by, through, cause } => {
                if !self.options.quiet {
                    let reason = blocked_reason(self.plan, *by, *through, *cause);
                    self.say(BLOCKED, &format!("{}: {reason}", self.id(*unit)));
                }
            }
            Step::UnitCancelled { unit, begun } => {
                self.end_bar(*unit);
                if *begun && !self.options.quiet {
                    self.say(STOPPED, &format!("{}{}", self.id(*unit), self.took(*unit, now)));
                }
            }
            Step::UnitSkipped { unit, .. } => {
                self.end_bar(*unit);
                if !self.options.quiet {
                    self.say(SKIPPED, self.id(*unit));
                }
            }
            Step::Paused => self.say(PAUSED, "what runs goes on to the end of its task"),
            Step::Resumed => self.say(RESUMED, ""),
            Step::Finished { verdict } => self.finish(*verdict, tally, now),
            Step::UnitQueued { .. }
            | Step::UnitRetried { .. }
            | Step::UnitReleased { .. }
            | Step::Stop { .. }
            | Step::Launch { .. }
            | Step::CheckPassed { .. }
            | Step::CheckFailed { .. }
            | Step::TaskCompleted { .. }
            | Step::TaskFailed { .. } => {}
        }
        if let Some(bars) = &self.bars {
            bars.show_tally(tally);
        }
    }

    /// Shows a line of a task's output.
    pub(crate) fn handle_output(&mut self, at: Attempt, stream: LogStream, line: &str, now: Instant) {
        if self.options.logs {
            let mark = if stream == LogStream::Stderr { '!' } else { '|' };
            let dim = Style::new().dimmed();
            self.print(&format!("{dim}{} {mark}{dim:#} {}", self.id(at.unit), text::harmless(line, true)));
        }
        if let Some(bars) = &mut self.bars {
            bars.show_output(at.unit, line, now);
        }
    }

    /// Shows a line on standard error, above the bars.
    pub(crate) fn warn(&self, line: &str) {
        match &self.bars {
            Some(bars) => bars.suspend(|| exit::note(line)),
            None => exit::note(line),
        }
    }

    fn finish(&mut self, verdict: Verdict, tally: &Tally, now: Instant) {
        if let Some(bars) = self.bars.take() {
            bars.clear();
        }
        let took = text::human(now - self.started);
        let units = text::count(self.plan.units.len(), "unit");
        let complete = tally.count(Ending::Complete);
        let (what, line) = match verdict {
            Verdict::Completed => match tally.count(Ending::Skipped) {
                0 => (DONE, format!("{units} in {took}")),
                skipped => (DONE, format!("{units} ({skipped} skipped) in {took}")),
            },
            Verdict::Failed => {
                (FAILED, format!("{} ({} complete) in {took}", tally.failure(self.plan), complete))
            }
            Verdict::Cancelled => (
                STOPPED,
                format!(
                    "{complete} of {units} complete, {} failed, {} cancelled, after {took}",
                    tally.failed.len(),
                    tally.count(Ending::Cancelled)
                ),
            ),
        };
        self.say(what, &line);
        if tally.failed.len() > 1 || (self.options.logs && !tally.failed.is_empty()) {
            for failed in &tally.failed {
                let error = unit_error(self.plan, failed.unit, failed.task, &failed.error);
                self.say(NOTHING, &format!("{}: {}", self.id(failed.unit), brief(&error)));
            }
        }
    }

    fn say(&self, what: Verb, line: &str) {
        let Verb { word, style } = what;
        self.print(&format!("{style}{word:>9}{style:#} {}", text::harmless(line, false)));
    }

    fn print(&self, line: &str) {
        match &self.bars {
            Some(bars) => bars.print(line),
            None => exit::say(line),
        }
    }

    fn end_bar(&mut self, unit: usize) {
        if let Some(bars) = &mut self.bars {
            bars.remove(unit);
        }
    }

    fn id(&self, unit: usize) -> &'a str {
        &self.plan.units[unit].id
    }

    fn took(&self, unit: usize, now: Instant) -> String {
        self.unit_started[unit].map_or_else(String::new, |at| format!(" in {}", text::human(now - at)))
    }

    /// `2/3 Grammar (attempt 2)`.
    fn task_title(&self, at: Attempt) -> String {
        let tasks = &self.plan.units[at.unit].tasks;
        let position =
            if tasks.len() > 1 { format!("{}/{} ", at.task + 1, tasks.len()) } else { String::new() };
        let attempt = if at.number > 1 { format!(" (attempt {})", at.number) } else { String::new() };
        format!("{position}{}{attempt}", tasks[at.task].name)
    }
}

/// An error in one line: what happened, and the last words of the command.
fn brief(error: &str) -> String {
    let mut lines = error.lines();
    let first = lines.next().unwrap_or_default();
    lines.next_back().map_or_else(|| first.to_owned(), |last| format!("{first}: {}", last.trim()))
}

/// The first word of a line, right-aligned so that the names stand below each other.
#[derive(Clone, Copy)]
struct Verb {
    word: &'static str,
    style: Style,
}

const fn verb(word: &'static str, colour: AnsiColor) -> Verb {
    Verb { word, style: colour.on_default().bold() }
}

const START: Verb = verb("start", AnsiColor::Cyan);
const RETRY: Verb = verb("retry", AnsiColor::Yellow);
const DONE: Verb = verb("done", AnsiColor::Green);
const FAILED: Verb = verb("failed", AnsiColor::Red);
const BLOCKED: Verb = verb("blocked", AnsiColor::Yellow);
const STOPPED: Verb = verb("stopped", AnsiColor::Yellow);
const SKIPPED: Verb = verb("skipped", AnsiColor::Yellow);
const PAUSED: Verb = verb("paused", AnsiColor::Yellow);
const RESUMED: Verb = verb("resumed", AnsiColor::Cyan);
const NOTHING: Verb = Verb { word: "", style: Style::new() };
const OUTPUT: Verb = Verb { word: "|", style: Style::new().dimmed() };
