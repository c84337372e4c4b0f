//! Decides what runs when. No processes, no clock, no events: those are the shell's.
//!
//! A driver asks [`Schedule::poll_step`] until it answers `None`, carries the steps out, and reports the
//! end of each launched command with [`Schedule::handle_exit`]. [`Schedule::handle_cancel`] may come at any
//! time; every command still running must then be stopped, and its end reported as any other. After
//! [`Step::Finished`] nothing follows. What a person may do to a single unit, and pausing, is in
//! [`intervene`].
//!
//! Units run side by side, at most `parallelism` of them, in the order in which they became ready; the
//! tasks of a unit run one after the other. A failed unit blocks everything that depends on it and stops
//! nothing else.

mod intervene;

use std::collections::{HashMap, VecDeque};

pub(crate) use intervene::Refusal;

use crate::plan::{Plan, Task, Unit};

/// The state of a run. See the module for the order of calls.
#[derive(Debug)]
pub(crate) struct Schedule {
    units: Vec<Slot>,
    /// Ready units, oldest first.
    ready: VecDeque<usize>,
    /// Decided, not yet asked for.
    steps: VecDeque<Step>,
    running: usize,
    parallelism: usize,
    cancelled: bool,
    /// No task begins.
    paused: bool,
    finished: bool,
}

/// Something that happened, or is to be done. Units are indices into [`Plan::units`], tasks into
/// [`Unit::tasks`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// All dependencies are complete.
    UnitQueued { unit: usize },
    /// The unit has its place among the running ones; so many of its tasks are done already.
    UnitStarted { unit: usize, done: usize },
    /// An attempt begins.
    TaskStarted { at: Attempt },
    /// To do: run this command of the attempt and report its end.
    Launch { at: Attempt, phase: Phase },
    /// The check of the attempt passed.
    CheckPassed { at: Attempt },
    /// The check of the attempt did not pass.
    CheckFailed { at: Attempt, error: String },
    /// The attempt failed and another one follows.
    TaskRetry { at: Attempt, error: String },
    /// The task is done.
    TaskCompleted { at: Attempt },
    /// The last attempt failed.
    TaskFailed { at: Attempt, error: String },
    /// All tasks are done.
    UnitCompleted { unit: usize },
    /// One task failed, the rest of the unit is not run.
    UnitFailed { unit: usize, task: usize, error: String },
    /// Will not be ready, since `by` failed or was cancelled. `through` is the dependency that leads there,
    /// unless it is `by`.
    UnitBlocked { unit: usize, by: usize, through: Option<usize>, cause: Cause },
    /// Is not blocked any more, since `by` is run once more or left out. Follows no rule but its
    /// dependencies from here on.
    UnitReleased { unit: usize, by: usize },
    /// Stopped, or never begun, because the run or the unit was cancelled.
    UnitCancelled { unit: usize, begun: bool },
    /// A person wants it run once more, beginning with this attempt; `None` if no task of it had failed.
    UnitRetried { unit: usize, at: Option<Attempt> },
    /// Left out; for those that depend on it as good as complete.
    UnitSkipped { unit: usize, begun: bool },
    /// To do: stop the command of this unit that runs now, and report its end as any other.
    Stop { unit: usize },
    /// No task begins from here on.
    Paused,
    /// Tasks begin again.
    Resumed,
    /// Nothing runs and nothing will.
    Finished { verdict: Verdict },
}

/// What keeps a unit from ever being ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cause {
    /// What it depends on failed.
    Failure,
    /// What it depends on was cancelled.
    Cancel,
}

/// One attempt at one task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Attempt {
    /// Index into [`Plan::units`].
    pub unit: usize,
    /// Index into [`Unit::tasks`].
    pub task: usize,
    /// From 1.
    pub number: u32,
}

/// Which of a task's two commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Phase {
    /// [`Task::work`].
    Work,
    /// [`Task::check`].
    Check,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Every unit is complete or was left out.
    Completed,
    /// At least one unit failed.
    Failed,
    /// Somebody stopped it before every unit had its turn, or stopped a unit and no other failed.
    Cancelled,
}

#[derive(Debug)]
struct Slot {
    /// Dependencies that are neither complete nor skipped yet.
    missing: usize,
    dependencies: Vec<usize>,
    dependants: Vec<usize>,
    tasks: Vec<TaskSlot>,
    state: State,
    /// What the unit is to end as, once the command that is being stopped has ended.
    ending: Option<Ending>,
    /// The task that failed or was stopped last.
    broken: Option<usize>,
}

/// How a person ends a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Cancel,
    Skip,
}

#[derive(Debug)]
struct TaskSlot {
    done: bool,
    has_work: bool,
    has_check: bool,
    retries: u32,
    /// Number of the last attempt, 0 before the first.
    attempt: u32,
    /// Attempts before a person asked for more: they do not count against `retries`.
    former: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Waiting,
    Running {
        task: usize,
        attempt: u32,
        phase: Phase,
    },
    /// Has its place among the running ones; the attempt begins after the pause.
    Held {
        at: Attempt,
    },
    Complete,
    Failed,
    Blocked,
    Cancelled,
    Skipped,
}

impl Schedule {
    /// A run of `plan` with at most `parallelism` units at a time (0 counts as 1).
    pub(crate) fn new(plan: &Plan, parallelism: usize) -> Self {
        let index: HashMap<&str, usize> =
            plan.units.iter().enumerate().map(|(at, unit)| (unit.id.as_str(), at)).collect();
        let mut units: Vec<Slot> = plan.units.iter().map(Slot::new).collect();
        for (at, unit) in plan.units.iter().enumerate() {
            let mut dependencies: Vec<usize> =
                unit.depends_on.iter().filter_map(|id| index.get(id.as_str()).copied()).collect();
            dependencies.sort_unstable();
            dependencies.dedup();
            units[at].missing = dependencies.len();
            for dependency in &dependencies {
                units[*dependency].dependants.push(at);
            }
            units[at].dependencies = dependencies;
        }
        let mut schedule = Self {
            units,
            ready: VecDeque::new(),
            steps: VecDeque::new(),
            running: 0,
            parallelism: parallelism.max(1),
            cancelled: false,
            paused: false,
            finished: false,
        };
        for unit in 0..schedule.units.len() {
            if schedule.units[unit].missing == 0 {
                schedule.queue(unit);
            }
        }
        schedule
    }

    /// The next thing to report or to do; `None` when only the end of a command, or a cancel, can bring more.
    pub(crate) fn poll_step(&mut self) -> Option<Step> {
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            if self.running < self.parallelism
                && !self.paused
                && let Some(unit) = self.ready.pop_front()
            {
                self.start(unit);
                continue;
            }
            if self.running > 0 || !self.ready.is_empty() || self.finished || self.awaits_person() {
                return None;
            }
            self.finished = true;
            return Some(Step::Finished { verdict: self.verdict() });
        }
    }

    /// The command last launched for `at` has ended; `Err` says why that is a failure.
    pub(crate) fn handle_exit(&mut self, at: Attempt, result: Result<(), String>) {
        let State::Running { task, attempt, phase } = self.units[at.unit].state else { return };
        if (task, attempt) != (at.task, at.number) {
            return;
        }
        let has_check = self.units[at.unit].tasks[task].has_check;
        let stopping = self.cancelled || self.units[at.unit].ending.is_some();
        match result {
            Ok(()) if phase == Phase::Work && has_check && !stopping => self.launch(at, Phase::Check),
            // A command that made it to its end in spite of the cancel still counts, but its unit does not
            // go on.
            Ok(()) if phase == Phase::Work && has_check => {
                self.steps.push_back(Step::TaskFailed { at, error: "cancelled before its check".into() });
                self.units[at.unit].broken = Some(task);
                self.stop(at.unit);
            }
            Ok(()) => {
                if phase == Phase::Check {
                    self.steps.push_back(Step::CheckPassed { at });
                }
                self.steps.push_back(Step::TaskCompleted { at });
                self.units[at.unit].tasks[task].done = true;
                self.next_task(at.unit, task + 1);
            }
            Err(error) if stopping => {
                self.steps.push_back(Step::TaskFailed { at, error });
                self.units[at.unit].broken = Some(task);
                self.stop(at.unit);
            }
            Err(error) => {
                if phase == Phase::Check {
                    self.steps.push_back(Step::CheckFailed { at, error: error.clone() });
                }
                let slot = &self.units[at.unit].tasks[task];
                if attempt - slot.former <= slot.retries {
                    self.steps.push_back(Step::TaskRetry { at, error });
                    self.begin(Attempt { number: attempt + 1, ..at });
                } else {
                    self.steps.push_back(Step::TaskFailed { at, error: error.clone() });
                    self.fail(at.unit, task, error);
                }
            }
        }
    }

    /// Starts nothing more. Units that have not begun are cancelled at once, running ones when their
    /// command ends.
    pub(crate) fn handle_cancel(&mut self) {
        if self.cancelled || self.finished {
            return;
        }
        self.cancelled = true;
        self.ready.clear();
        // What was decided but not yet told must not start a command any more: its unit ends here.
        let unsent: Vec<usize> = self
            .steps
            .iter()
            .filter_map(|step| if let Step::Launch { at, .. } = step { Some(at.unit) } else { None })
            .collect();
        self.steps.retain(|step| !matches!(step, Step::Launch { .. }));
        for unit in unsent {
            self.stop(unit);
        }
        self.release_held();
        for unit in 0..self.units.len() {
            if self.units[unit].state == State::Waiting {
                self.units[unit].state = State::Cancelled;
                self.steps.push_back(Step::UnitCancelled { unit, begun: false });
            }
        }
    }

    /// Whether somebody has stopped the run.
    pub(crate) fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    fn queue(&mut self, unit: usize) {
        self.steps.push_back(Step::UnitQueued { unit });
        self.ready.push_back(unit);
    }

    fn start(&mut self, unit: usize) {
        self.running += 1;
        let done = self.units[unit].tasks.iter().filter(|task| task.done).count();
        self.steps.push_back(Step::UnitStarted { unit, done });
        self.next_task(unit, 0);
    }

    /// Begins the first task from `from` on that is still to be done, or completes the unit.
    fn next_task(&mut self, unit: usize, from: usize) {
        let open = self.units[unit].tasks.iter().skip(from).position(|task| !task.done);
        match open {
            Some(_) if self.cancelled || self.units[unit].ending.is_some() => self.stop(unit),
            Some(skipped) => {
                let task = from + skipped;
                let number = self.units[unit].tasks[task].attempt + 1;
                self.begin(Attempt { unit, task, number });
            }
            None => self.complete(unit),
        }
    }

    fn begin(&mut self, at: Attempt) {
        if self.paused {
            self.units[at.unit].state = State::Held { at };
            return;
        }
        self.units[at.unit].tasks[at.task].attempt = at.number;
        self.steps.push_back(Step::TaskStarted { at });
        let has_work = self.units[at.unit].tasks[at.task].has_work;
        self.launch(at, if has_work { Phase::Work } else { Phase::Check });
    }

    fn launch(&mut self, at: Attempt, phase: Phase) {
        self.units[at.unit].state = State::Running { task: at.task, attempt: at.number, phase };
        self.steps.push_back(Step::Launch { at, phase });
    }

    fn complete(&mut self, unit: usize) {
        self.end(unit, State::Complete);
        self.steps.push_back(Step::UnitCompleted { unit });
        self.satisfy(unit);
    }

    /// Those that depend on the unit need not wait for it any more.
    fn satisfy(&mut self, unit: usize) {
        for dependant in self.units[unit].dependants.clone() {
            let slot = &mut self.units[dependant];
            slot.missing -= 1;
            if slot.missing == 0 && slot.state == State::Waiting {
                self.queue(dependant);
            }
        }
    }

    fn fail(&mut self, unit: usize, task: usize, error: String) {
        self.units[unit].broken = Some(task);
        self.end(unit, State::Failed);
        self.steps.push_back(Step::UnitFailed { unit, task, error });
        self.block_dependants(unit, Cause::Failure);
    }

    fn block_dependants(&mut self, unit: usize, cause: Cause) {
        // Nearest first, so that `through` is always a unit already told to be blocked.
        let mut reached = VecDeque::from([unit]);
        while let Some(at) = reached.pop_front() {
            for dependant in self.units[at].dependants.clone() {
                if self.units[dependant].state == State::Waiting {
                    self.units[dependant].state = State::Blocked;
                    let through = Some(at).filter(|at| *at != unit);
                    self.steps.push_back(Step::UnitBlocked { unit: dependant, by: unit, through, cause });
                    reached.push_back(dependant);
                }
            }
        }
    }

    /// A unit that has begun ends before its time.
    fn stop(&mut self, unit: usize) {
        if self.units[unit].ending == Some(Ending::Skip) {
            self.end(unit, State::Skipped);
            self.steps.push_back(Step::UnitSkipped { unit, begun: true });
            self.satisfy(unit);
        } else {
            self.end(unit, State::Cancelled);
            self.steps.push_back(Step::UnitCancelled { unit, begun: true });
            if !self.cancelled {
                self.block_dependants(unit, Cause::Cancel);
            }
        }
    }

    fn end(&mut self, unit: usize, state: State) {
        self.running -= 1;
        self.units[unit].state = state;
        self.units[unit].ending = None;
    }

    fn verdict(&self) -> Verdict {
        let any = |state| self.units.iter().any(|unit| unit.state == state);
        // A cancel that came when nothing was left to stop has changed nothing.
        if self.cancelled && any(State::Cancelled) {
            Verdict::Cancelled
        } else if any(State::Failed) {
            Verdict::Failed
        } else if any(State::Cancelled) {
            Verdict::Cancelled
        } else {
            Verdict::Completed
        }
    }
}

impl Slot {
    fn new(unit: &Unit) -> Self {
        Self {
            missing: 0,
            dependencies: Vec::new(),
            dependants: Vec::new(),
            tasks: unit.tasks.iter().map(TaskSlot::new).collect(),
            state: State::Waiting,
            ending: None,
            broken: None,
        }
    }
}

impl TaskSlot {
    fn new(task: &Task) -> Self {
        Self {
            done: task.done,
            has_work: task.work.is_some(),
            has_check: task.check.is_some(),
            retries: task.retries,
            attempt: 0,
            former: 0,
        }
    }
}

#[cfg(test)]
mod tests;
