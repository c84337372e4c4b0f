//! `choo push`: event lines from standard input or a file, for orchestrators in other languages.

mod sender;
mod spooled;

use std::fs::File;
use std::io::{self, IsTerminal as _};
use std::path::PathBuf;

use choo_protocol::{Line, RunId, is_control};
use clap::Args;
use futures_lite::{AsyncRead, AsyncReadExt as _, FutureExt as _};
use smol::Unblock;

use crate::exit::{self, Exit, Failure};
use crate::intake::Intake;
use crate::signals::Interrupts;
use crate::socket::SocketArg;
use crate::text;
use sender::Sender;

/// Send event lines from standard input, or a file, to the hub
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct PushArgs {
    /// File with one event per line [default: standard input]
    file: Option<PathBuf>,

    /// Name of the run [default: that of the first line that names one, else a new ULID]
    #[arg(long, value_name = "ID")]
    run: Option<RunId>,

    /// End at the first bad line instead of leaving it out
    #[arg(long)]
    strict: bool,

    /// Where the spool is
    #[arg(long, value_name = "DIR", num_args = 0..=1, require_equals = true)]
    #[expect(clippy::option_option, reason = "a flag that may have a value")]
    #[arg(conflicts_with_all = ["file", "run", "strict"], help = SPOOL_HELP)]
    spool: Option<Option<PathBuf>>,

    #[command(flatten)]
    socket: SocketArg,
}

const SPOOL_HELP: &str = "Send what runs with `--spool` left on disk instead, and end [default: \
$XDG_STATE_HOME/choo/spool, else ~/.local/state/choo/spool]";

const AFTER_HELP: &str = "\
One JSON object per line; only `type` is required:
  {\"type\":\"orch.started\",\"payload\":{\"unit_count\":1,\"parallelism\":1}}
  {\"type\":\"unit.started\",\"unit\":\"app\"}
  {\"type\":\"log.stdout\",\"unit\":\"app\",\"task\":1,\"payload\":{\"content\":\"hello\",\"n\":1}}
  {\"type\":\"unit.completed\",\"unit\":\"app\"}
  {\"type\":\"orch.completed\"}
Types and fields that nobody knows are sent on as they are; `seq` is given anew, and a missing `time` is \
now. One push is one run. A line that is not an event is told on standard error and left out; the others \
go on.

From a pipe it does not hold up the program that writes: without a hub events wait in memory, beyond 8 MiB \
the oldest are dropped, and the loss is told. From a file it takes its time, and needs a hub.

Examples:
  my-orchestrator | choo push
  choo push --run nightly events.ndjson
  choo push --spool

Exit codes: 0 all lines sent, 1 some were bad or not sent, 2 wrong usage, 130 interrupted.";

/// Sends until the input ends.
pub(crate) fn main(args: &PushArgs) -> Result<Exit, Failure> {
    let socket = args.socket.resolve()?;
    if let Some(dir) = &args.spool {
        return spooled::send(dir.as_deref(), &socket);
    }
    let Source { file, name, can_wait } = Source::open(args.file.as_ref())?;
    let mut interrupts =
        Interrupts::new().map_err(|error| Failure::new(format_args!("cannot catch signals: {error}")))?;
    let push = Push {
        intake: Intake::new(),
        sender: Sender::new(socket, args.run.clone(), can_wait),
        bad: BadLines { source: name, strict: args.strict, count: 0 },
    };
    let input = Unblock::with_capacity(READ_AHEAD_BYTES, file);
    smol::block_on(push.run(input, &mut interrupts))
}

/// Where the lines come from.
struct Source {
    file: File,
    /// For messages.
    name: String,
    /// Whether nobody is held up when we read slowly.
    can_wait: bool,
}

impl Source {
    fn open(path: Option<&PathBuf>) -> Result<Self, Failure> {
        let (file, name) = match path {
            Some(path) => (File::open(path), path.display().to_string()),
            // A handle of its own: the library's has a buffer and a lock that only get in the way here.
            None => (
                rustix::io::dup(io::stdin()).map(File::from).map_err(io::Error::from),
                "standard input".into(),
            ),
        };
        let unreadable = |error| Failure::usage(format_args!("cannot read the events: {error} ({name})"));
        let file = file.map_err(unreadable)?;
        let meta = file.metadata().map_err(unreadable)?;
        if meta.is_dir() {
            return Err(Failure::usage(format_args!("a directory has no events ({name})"))
                .hint("give a file with one event per line"));
        }
        if file.is_terminal() {
            exit::note("reading events from the terminal, one JSON object per line; Ctrl-D ends");
        }
        Ok(Self { file, name, can_wait: meta.is_file() })
    }
}

struct Push {
    intake: Intake,
    sender: Sender,
    bad: BadLines,
}

/// What reading came to.
enum Input {
    Bytes(usize),
    Failed(io::Error),
    Interrupted(&'static str),
}

impl Push {
    async fn run(
        mut self,
        mut input: impl AsyncRead + Unpin,
        interrupts: &mut Interrupts,
    ) -> Result<Exit, Failure> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut interrupted = false;
        loop {
            let read = async { input.read(&mut chunk).await.map_or_else(Input::Failed, Input::Bytes) };
            match read.or(async { Input::Interrupted(interrupts.next().await) }).await {
                Input::Bytes(0) => {
                    let Self { intake, sender, bad } = &mut self;
                    intake.handle_end(|number, line| {
                        bad.note(number, line.and_then(foreign).and_then(|line| sender.push(&line)));
                    });
                    return self.finish(Exit::Success, interrupts).await;
                }
                Input::Bytes(len) => {
                    let Self { intake, sender, bad } = &mut self;
                    intake.handle_bytes(&chunk[..len], |number, line| {
                        if !bad.is_enough() {
                            bad.note(number, line.and_then(foreign).and_then(|line| sender.push(&line)));
                        }
                    });
                    if self.bad.is_enough() {
                        return self.finish(Exit::Failed, interrupts).await;
                    }
                    self.sender.make_room().await?;
                }
                Input::Failed(error) => {
                    exit::error(format_args!("cannot read the events: {error} ({})", self.bad.source));
                    return self.finish(Exit::Failed, interrupts).await;
                }
                // Ctrl-C reaches the program before us in the pipe as well, whose last words are worth the
                // wait.
                Input::Interrupted("SIGINT") if !interrupted && !io::stdin().is_terminal() => {
                    interrupted = true;
                }
                Input::Interrupted(_) => return self.finish(Exit::Interrupted, interrupts).await,
            }
        }
    }

    async fn finish(self, exit: Exit, interrupts: &mut Interrupts) -> Result<Exit, Failure> {
        let report = self.sender.close(interrupts).await;
        let missing = report.unsent + report.lost;
        if missing > 0 {
            let events = text::count(missing, "event");
            exit::error(format_args!("{events} did not reach the hub"));
        }
        self.bad.summarise();
        Ok(if exit == Exit::Success && (missing > 0 || self.bad.count > 0) { Exit::Failed } else { exit })
    }
}

/// Refuses what only our own parts say to each other.
fn foreign(line: Line<'_>) -> Result<Line<'_>, String> {
    if is_control(&line.kind) { Err(format!("only choo itself sends {}", line.kind)) } else { Ok(line) }
}

/// Tells of lines that are no events: the first ones each, the rest as a number.
struct BadLines {
    source: String,
    strict: bool,
    count: u64,
}

impl BadLines {
    fn note(&mut self, number: u64, result: Result<(), String>) {
        if let Err(why) = result {
            self.count += 1;
            if self.count <= TOLD {
                let why = text::harmless(&why, false);
                exit::error(format_args!("line {number} is left out: {why} ({})", self.source));
            }
        }
    }

    fn is_enough(&self) -> bool {
        self.strict && self.count > 0
    }

    fn summarise(&self) {
        if self.count > TOLD {
            exit::error(format_args!("{} more bad lines were left out ({})", self.count - TOLD, self.source));
        }
    }
}

/// Bad lines told one by one: an input that is something else altogether must not flood the terminal.
const TOLD: u64 = 20;

/// Read at once. Two of these are what can wait in memory for a hub that reads.
const CHUNK_BYTES: usize = 64 * 1024;

/// Read by the helper thread before it is asked for.
const READ_AHEAD_BYTES: usize = 256 * 1024;
