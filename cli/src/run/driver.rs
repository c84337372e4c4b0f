//! Carries out what the schedule decides: starts processes, listens to them and to signals, tells bus and
//! console.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::OsString;
use std::rc::Rc;
use std::time::Instant;

use choo_protocol::{LogStream, RunId};
use choo_transport::{Commands, EventBus, PendingCommand, RunningCommand};
use futures_lite::{FutureExt as _, StreamExt as _, future};
use smol::LocalExecutor;
use smol::channel::{Receiver, Sender, bounded};

use super::command::{Errands, Rejection};
use super::console::Console;
use super::process::{self, ShellCommand};
use super::schedule::{Attempt, Phase, Schedule, Step, Verdict};
use super::stop::{StopSignal, Stopper};
use super::tail::OutputTail;
use super::tally::Tally;
use super::{failure, report};
use crate::plan::Plan;
use crate::signals::Interrupts;

/// What a run needs besides its plan.
pub(crate) struct Driver<'a> {
    pub plan: &'a Plan,
    pub run: &'a RunId,
    pub bus: &'a EventBus,
    pub console: &'a RefCell<Console<'a>>,
    /// Lines for the console from elsewhere.
    pub notices: Receiver<String>,
}

/// Output of one attempt so far.
#[derive(Default)]
struct Output {
    lines: Cell<u64>,
    tail: RefCell<OutputTail>,
}

/// The end of a launched command.
type Exit = (Attempt, Result<(), String>);

impl Driver<'_> {
    /// Runs the plan to its end. The first signal cancels, the second one kills; in between people may want
    /// something done.
    pub(crate) async fn drive(
        &self,
        parallelism: usize,
        interrupts: &mut Interrupts,
        mut commands: Option<&mut Commands>,
    ) -> Verdict {
        let mut schedule = Schedule::new(self.plan, parallelism);
        let mut tally = Tally::default();
        let executor = LocalExecutor::new();
        let mut errands = Errands::new();
        // By unit, of the command that was launched last.
        let mut stoppers: HashMap<usize, Stopper> = HashMap::new();
        // One place for each command that can run at a time: a sender never waits.
        let (exit_sender, exits) = bounded(parallelism.max(1));
        let mut outputs: Vec<Rc<Output>> = self.plan.units.iter().map(|_| Rc::default()).collect();
        self.bus.emit(report::started(self.plan, parallelism));
        let mut interrupted = false;
        loop {
            while let Some(step) = schedule.poll_step() {
                tally.handle_step(&step);
                if let Some(event) = report::step(self.plan, &step, &tally, &errands) {
                    self.bus.emit(event);
                }
                self.console.borrow_mut().handle_step(&step, &tally, now());
                match step {
                    Step::TaskStarted { at } => outputs[at.unit] = Rc::default(),
                    Step::Launch { at, phase } => {
                        let output = Rc::clone(&outputs[at.unit]);
                        let stopper = Stopper::new();
                        let job = self.job(at, phase, output, stopper.signal(), exit_sender.clone());
                        stoppers.insert(at.unit, stopper);
                        executor.spawn(job).detach();
                    }
                    Step::Stop { unit } => stoppers.get(&unit).into_iter().for_each(Stopper::terminate),
                    Step::Finished { verdict } => {
                        answer(&mut errands, &schedule, true);
                        return verdict;
                    }
                    _ => {}
                }
            }
            answer(&mut errands, &schedule, false);
            match executor.run(self.wait(&exits, interrupts, commands.as_deref_mut())).await {
                Wake::Exit((at, result)) => {
                    stoppers.remove(&at.unit);
                    schedule.handle_exit(at, result);
                }
                Wake::Command(command) => {
                    self.obey(command, &mut schedule, &mut errands);
                    if schedule.is_cancelled() {
                        stoppers.values().for_each(Stopper::terminate);
                    }
                }
                Wake::Notice(line) => self.console.borrow().warn(&line),
                Wake::Interrupt(_) if interrupted => stoppers.values().for_each(Stopper::kill),
                Wake::Interrupt(signal) => {
                    interrupted = true;
                    self.console
                        .borrow()
                        .warn(&format!("{signal}: stopping; once more to kill what still runs"));
                    errands.handle_interrupt(signal);
                    schedule.handle_cancel();
                    stoppers.values().for_each(Stopper::terminate);
                }
            }
        }
    }

    /// Changes the schedule as somebody wants it, or says why not.
    fn obey(&self, command: PendingCommand, schedule: &mut Schedule, errands: &mut Errands<RunningCommand>) {
        let request = command.request().clone();
        match errands.handle_request(&request, self.plan, schedule) {
            Ok(awaited) => {
                let unit = request.args.unit.map(|unit| format!(" {unit}")).unwrap_or_default();
                let by = if request.by.is_empty() { "the web UI" } else { &request.by };
                self.console.borrow().warn(&format!("{}{unit}: asked for by {by}", request.cmd));
                errands.push(awaited, command.accept());
            }
            Err(Rejection { reason, words }) => command.reject_with(reason, &words),
        }
    }

    fn job(
        &self,
        at: Attempt,
        phase: Phase,
        output: Rc<Output>,
        stop: StopSignal,
        exits: Sender<Exit>,
    ) -> impl Future<Output = ()> {
        let command = self.command(at, phase);
        *output.tail.borrow_mut() = OutputTail::default();
        async move {
            let on_line = |stream: LogStream, line: &str| {
                output.lines.set(output.lines.get() + 1);
                output.tail.borrow_mut().push(stream, line);
                self.bus.emit(report::log(self.plan, at, stream, line, output.lines.get()));
                self.console.borrow_mut().handle_output(at, stream, line, now());
            };
            let end = process::run(&command, &stop, &on_line).await;
            let result = failure::result(&end, &command, &output.tail.borrow());
            // The driver holds the other end until the last command has ended.
            let _ = exits.send((at, result)).await;
        }
    }

    async fn wait(
        &self,
        exits: &Receiver<Exit>,
        interrupts: &mut Interrupts,
        commands: Option<&mut Commands>,
    ) -> Wake {
        // A closed channel has nothing more to say. That of the exits never is: the caller holds a sender.
        let exit = async {
            match exits.recv().await {
                Ok(exit) => Wake::Exit(exit),
                Err(_) => future::pending().await,
            }
        };
        let notice = async {
            match self.notices.recv().await {
                Ok(line) => Wake::Notice(line),
                Err(_) => future::pending().await,
            }
        };
        let command = async {
            match commands {
                Some(commands) => match commands.next().await {
                    Some(command) => Wake::Command(command),
                    None => future::pending().await,
                },
                None => future::pending().await,
            }
        };
        // First in line, so that a plan of many short commands cannot keep a person from stopping it.
        let interrupt = async { Wake::Interrupt(interrupts.next().await) };
        interrupt.or(exit.race(command)).or(notice).await
    }

    fn command(&self, at: Attempt, phase: Phase) -> ShellCommand {
        let unit = &self.plan.units[at.unit];
        let task = &unit.tasks[at.task];
        let text = match phase {
            Phase::Work => &task.work,
            Phase::Check => &task.check,
        };
        let mut env: Vec<(OsString, OsString)> =
            task.env.iter().map(|(key, value)| (key.into(), value.into())).collect();
        let mut set = |key: &str, value: OsString| env.push((key.into(), value));
        set("CHOO_RUN", self.run.as_str().into());
        set("CHOO_UNIT", unit.id.clone().into());
        set("CHOO_TASK", task.number.to_string().into());
        set("CHOO_ATTEMPT", at.number.to_string().into());
        if let Some(file) = &task.file {
            set("CHOO_TASK_FILE", std::path::absolute(file).unwrap_or_else(|_| file.clone()).into());
        }
        ShellCommand {
            text: text.clone().unwrap_or_default(),
            dir: task.dir.clone(),
            env,
            timeout: task.timeout,
        }
    }
}

/// Tells the outcome of commands that have been executed.
fn answer(errands: &mut Errands<RunningCommand>, schedule: &Schedule, finished: bool) {
    while let Some((command, result)) = errands.poll_done(schedule, finished) {
        command.done(result);
    }
}

enum Wake {
    Exit(Exit),
    Command(PendingCommand),
    Notice(String),
    Interrupt(&'static str),
}

/// The shell's clock; everything that decides is handed the time.
#[expect(clippy::disallowed_methods, reason = "the one clock of a run")]
pub(super) fn now() -> Instant {
    Instant::now()
}
