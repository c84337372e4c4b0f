//! `choo`: watch a run of units and tasks live, from the event bus to the browser.
//!
//! Each command is a module. `run` is a small orchestrator, the source of real events; `web` is the hub;
//! `push` takes events from programs in other languages; `tail` shows a run in the terminal; `ask` has `cancel`
//! and its like. What they have in common is here and in [`client`], [`exit`], [`socket`], [`signals`] and [`text`].

mod ask;
mod client;
mod exit;
mod intake;
mod plan;
mod push;
mod run;
mod run_id;
mod schema;
mod signals;
mod size;
mod socket;
mod tail;
mod text;
mod web;

use std::process::ExitCode;

use anstyle::{AnsiColor, Effects};
use clap::builder::Styles;
use clap::{Parser, Subcommand};

/// Watch a graph of units and tasks live: in the browser, or in the terminal
#[derive(Debug, Parser)]
#[command(name = "choo", version, styles = STYLES, after_help = AFTER_HELP, propagate_version = true)]
#[command(max_term_width = 100)]
#[command(arg_required_else_help = true, disable_help_subcommand = true)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Web(web::WebArgs),
    Run(run::RunArgs),
    Push(push::PushArgs),
    Tail(tail::TailArgs),
    Cancel(ask::CancelArgs),
    Pause(ask::PauseArgs),
    Resume(ask::ResumeArgs),
    Retry(ask::RetryArgs),
    Skip(ask::SkipArgs),
    Schema(schema::SchemaArgs),
}

fn main() -> ExitCode {
    // Ends the program with 2 on a wrong command line, and with 0 after help.
    let cli = Cli::parse();
    let result = match cli.command {
        Command::Web(args) => web::main(args),
        Command::Run(args) => run::main(&args),
        Command::Push(args) => push::main(&args),
        Command::Tail(args) => tail::main(&args),
        Command::Cancel(args) => ask::main(&ask::Ask::from(&args)),
        Command::Pause(args) => ask::main(&ask::Ask::from(&args)),
        Command::Resume(args) => ask::main(&ask::Ask::from(&args)),
        Command::Retry(args) => ask::main(&ask::Ask::from(&args)),
        Command::Skip(args) => ask::main(&ask::Ask::from(&args)),
        Command::Schema(args) => schema::main(&args),
    };
    result.unwrap_or_else(|failure| failure.report()).into()
}

const AFTER_HELP: &str = "\
Examples:
  choo web                                  start the hub and print the address of the page
  choo run --web examples/self/plan.toml    run a plan and show it there
  choo tail                                 follow all live runs in this terminal
  choo cancel 01JH parser                   stop a unit of the run whose name begins so
  my-orchestrator | choo push               show the events of a program in any language
  choo schema --check events.ndjson         say what is wrong with recorded events

Exit codes: 0 all went well, 1 something failed, 2 wrong usage, 130 interrupted.
`choo COMMAND --help` says more about each.";

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .usage(AnsiColor::Green.on_default().effects(Effects::BOLD))
    .literal(AnsiColor::Cyan.on_default().effects(Effects::BOLD))
    .placeholder(AnsiColor::Cyan.on_default());

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_consistent() {
        super::Cli::command().debug_assert();
    }
}
