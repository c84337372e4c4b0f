//! `choo run`: a small real orchestrator, and so a real source of events.
//!
//! [`schedule`] decides, [`command`] what people want changed in it; [`driver`] carries out, [`process`] runs one command; [`report`] puts what happens
//! on the bus and [`console`] on the screen. [`attach`] sends the bus to a hub, if there is one. Nothing
//! waits for any of them.

mod args;
mod attach;
mod bars;
mod command;
mod console;
mod driver;
mod failure;
mod lines;
mod process;
mod redact;
mod report;
mod schedule;
mod stop;
mod tail;
mod tally;
mod terminal;

use std::cell::RefCell;
use std::io::IsTerminal as _;
use std::num::NonZeroUsize;

use choo_transport::EventBus;

pub(crate) use args::RunArgs;

use crate::exit::{Exit, Failure, warning};
use crate::plan::{self, LoadOptions};
use crate::run_id;
use crate::signals::Interrupts;
use args::Progress;
use attach::Attached;
use console::{Console, ConsoleOptions};
use driver::Driver;
use schedule::Verdict;

/// Runs the plan to its end.
pub(crate) fn main(args: &RunArgs) -> Result<Exit, Failure> {
    let options = LoadOptions { exec: args.exec.clone(), retries: args.retries };
    let plan = plan::load(&args.plan, &options).map_err(|error| Failure::usage(&error).hint(error.hint()))?;
    for odd in &plan.warnings {
        warning(odd);
    }
    let parallelism = args.parallelism.map_or_else(cpus, usize::from);
    let run = args.run.clone().unwrap_or_else(run_id::fresh);
    let bus = EventBus::new();
    // From here on a signal no longer ends us, so that children and events are taken care of.
    let mut interrupts =
        Interrupts::new().map_err(|error| Failure::new(format_args!("cannot catch signals: {error}")))?;
    let attached = match args.web_mode() {
        Some(mode) => attach::attach(mode, args, &run, &plan, parallelism, &bus)?,
        None => None,
    };
    // Until the pusher is closed, which answers what is still open then.
    let mut commands = attached.as_ref().filter(|_| args.commands).map(Attached::commands);
    let notices = attached.as_ref().map_or_else(attach::no_notices, Attached::notices);
    let options = ConsoleOptions {
        quiet: args.quiet,
        logs: args.logs,
        bars: args.progress == Progress::Auto && std::io::stdout().is_terminal(),
    };
    let console = RefCell::new(Console::new(&plan, options, driver::now()));
    let driver = Driver { plan: &plan, run: &run, bus: &bus, console: &console, notices };
    let verdict = smol::block_on(driver.drive(parallelism, &mut interrupts, commands.as_mut()));
    if let Some(attached) = attached {
        smol::block_on(attached.finish(&mut interrupts));
    }
    Ok(match verdict {
        Verdict::Completed => Exit::Success,
        Verdict::Failed => Exit::Failed,
        Verdict::Cancelled => Exit::Interrupted,
    })
}

fn cpus() -> usize {
    std::thread::available_parallelism().map_or(1, NonZeroUsize::get)
}
