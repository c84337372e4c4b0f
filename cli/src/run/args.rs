//! The command line of `choo run`.

use std::path::PathBuf;

use choo_protocol::RunId;
use clap::{Args, ValueEnum};

use super::redact::RedactArgs;
use crate::socket::SocketArg;

/// Run a plan: units side by side, their tasks one after the other
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct RunArgs {
    /// A plan.toml, or a directory of specs
    pub plan: PathBuf,

    /// Units that may run at the same time, 1 to 256 [default: number of CPUs]
    #[arg(long, short = 'j', value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    // Each waits for its process on a thread of the pool, which has 500.
    pub parallelism: Option<u16>,

    /// Send events to `choo web`; without a hub warn and go on, or with --web=required refuse to start
    #[arg(long, value_name = "MODE", num_args = 0..=1, require_equals = true)]
    #[arg(default_missing_value = "optional", hide_possible_values = true)]
    pub web: Option<WebMode>,

    /// With --web: do what people ask for there, pause, resume, cancel, retry and skip
    #[arg(long, requires = "web")]
    pub commands: bool,

    /// Where events are kept that no hub takes
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true, help = SPOOL_HELP)]
    #[expect(clippy::option_option, reason = "a flag that may have a value")]
    pub spool: Option<Option<PathBuf>>,

    /// With a directory of specs: command that does the work of each task, before its backpressure command
    #[arg(long, value_name = "COMMAND")]
    pub exec: Option<String>,

    /// Further attempts for a failed task whose plan does not say
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub retries: u32,

    /// Name of the run, 1 to 64 of A-Z a-z 0-9 . _ - [default: a new ULID]
    #[arg(long, value_name = "ID")]
    pub run: Option<RunId>,

    /// Print the output of the tasks too
    #[arg(long, conflicts_with = "quiet")]
    pub logs: bool,

    /// Print only failures and the summary
    #[arg(long, short)]
    pub quiet: bool,

    /// Progress bars: auto (where standard output is a terminal) or never
    #[arg(long, value_name = "WHEN", default_value = "auto", hide_possible_values = true)]
    pub progress: Progress,

    #[command(flatten)]
    pub redact: RedactArgs,

    #[command(flatten)]
    pub socket: SocketArg,
}

const SPOOL_HELP: &str = "Keep on disk what no hub takes, for when one comes back, for the next run or for `choo \
push --spool`; implies --web [default: $XDG_STATE_HOME/choo/spool, else ~/.local/state/choo/spool]";

/// What a missing hub means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WebMode {
    /// A warning.
    Optional,
    /// An error, before anything runs.
    Required,
}

impl RunArgs {
    /// Whether the hub is told, and what it means that there is none.
    pub(crate) fn web_mode(&self) -> Option<WebMode> {
        self.web.or_else(|| self.spool.as_ref().map(|_| WebMode::Optional))
    }
}

/// Whether to draw bars.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Progress {
    /// If standard output is a terminal.
    Auto,
    /// One line per step instead.
    Never,
}

const AFTER_HELP: &str = "\
A unit starts when all it depends on are complete. One that fails blocks those that depend on it; the \
others go on. Every command runs as `sh -c COMMAND` in the directory where choo was started (or `dir`), \
with CHOO_RUN, CHOO_UNIT, CHOO_TASK, CHOO_ATTEMPT and, for specs, CHOO_TASK_FILE in its environment, and \
nothing on standard input.

A plan in TOML:
  [env]                       # optional, for every task
  CARGO_TERM_COLOR = \"always\"

  [[unit]]
  id = \"tests\"
  depends_on = [\"format\"]     # optional, as is label = \"All tests\"

  [[unit.task]]
  run = \"cargo test\"
  name = \"unit tests\"         # optional, as are backpressure, retries,
  timeout = \"10m\"             # dir and env

A directory of specs:
  specs/parser/IMPLEMENTATION_PLAN.md   unit, depends_on
  specs/parser/01-lexer.md              task, status, backpressure,
                                        depends_on, retries, timeout
The keys are front matter. A task with `status: complete` is not run again; `backpressure` is the command \
that must pass.

With --commands the page of `choo web` may pause and resume the run, cancel it or a unit (SIGTERM, SIGKILL \
after 5 s), retry a unit that failed or was cancelled from the task that did not go well, and skip a unit, \
so that those that depend on it go on. A paused run in which something failed waits for you.

Examples:
  choo run plan.toml
  choo run --web --parallelism 4 plan.toml
  choo run --spool plan.toml
  choo run --web=required specs --exec 'my-agent \"$CHOO_TASK_FILE\"'
  choo run --web --redact-env '*_TOKEN' plan.toml

Ctrl-C sends SIGTERM to what runs, SIGKILL after 5 s or on a second Ctrl-C.
Exit codes: 0 all units complete, 1 something failed, 2 wrong usage or plan, 130 interrupted or cancelled.";
