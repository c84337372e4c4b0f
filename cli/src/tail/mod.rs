//! `choo tail`: follows runs in a terminal, through the HTTP API on the hub's Unix socket.

mod follow;
mod query;
mod view;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use async_io::Timer;
use choo_protocol::{Frame, Glob, Limits, Line, LineDecoder, RunId, RunStatus};
use clap::Args;

use crate::client::{ClientError, Stream};
use crate::exit::{Exit, Failure, warning};
use crate::socket::SocketArg;
use follow::{Follower, Verdict};
use query::Query;
use view::View;

/// Follow runs in this terminal, one line per event
#[derive(Debug, Args)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct TailArgs {
    /// Only this run; ends when the run does
    #[arg(long, value_name = "ID")]
    run: Option<RunId>,

    /// Only event types that fit: globs, separated by commas
    #[arg(long, value_name = "GLOBS", value_delimiter = ',')]
    types: Vec<Glob>,

    /// Only units that fit: globs, separated by commas
    #[arg(long, value_name = "GLOBS", value_delimiter = ',')]
    units: Vec<Glob>,

    /// Where to begin: snapshot (the state, then what happens), earliest (all that is kept), now, or a cursor
    #[arg(long, value_name = "WHERE", default_value = "snapshot")]
    since: String,

    /// Print the lines of the wire as they are, control lines included, for jq and other programs
    #[arg(long)]
    json: bool,

    /// Without a hub, end with an error instead of waiting for one
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    socket: SocketArg,
}

const AFTER_HELP: &str = "\
Times are UTC. When the hub goes away, tail waits for it and goes on where it was; what is missing is told, \
never left out in silence.

Examples:
  choo tail
  choo tail --run nightly --since earliest
  choo tail --types 'unit.*,orch.*'
  choo tail --units parser --types 'log.*'
  choo tail --json | jq -c 'select(.type == \"unit.failed\")'

Exit codes: 0 ended well, 1 no hub (--no-wait) or the run (--run) did not end well, 2 wrong usage.";

/// Follows until the run has ended, the output is closed, or somebody interrupts.
pub(crate) fn main(args: &TailArgs) -> Result<Exit, Failure> {
    let socket = args.socket.resolve()?;
    let output: Box<dyn Write> = if args.json {
        Box::new(BufWriter::new(io::stdout().lock()))
    } else {
        Box::new(BufWriter::new(anstream::AutoStream::auto(io::stdout().lock())))
    };
    let mut tail = Tail {
        args,
        socket: &socket,
        follower: Follower::new(&args.since),
        view: View::new(),
        output,
        waiting: false,
    };
    smol::block_on(tail.follow())
}

struct Tail<'a> {
    args: &'a TailArgs,
    socket: &'a Path,
    follower: Follower,
    view: View,
    output: Box<dyn Write + 'a>,
    /// The person has been told that we wait for a hub.
    waiting: bool,
}

/// Why a stream is over.
enum Over {
    /// Nobody reads our output any more.
    OutputClosed,
    /// The run has ended.
    RunEnded(RunStatus),
    /// The connection has; there is more to come.
    Lost,
}

impl Tail<'_> {
    async fn follow(&mut self) -> Result<Exit, Failure> {
        loop {
            let query = Query {
                since: self.follower.since(),
                run: self.args.run.as_ref().map(RunId::as_str),
                types: &self.args.types,
                units: &self.args.units,
            };
            match Stream::open(self.socket, &query.path()).await {
                Ok(stream) => match self.read(stream).await {
                    Over::OutputClosed | Over::RunEnded(RunStatus::Completed) => return Ok(Exit::Success),
                    Over::RunEnded(_) => return Ok(Exit::Failed),
                    Over::Lost => {
                        if self.args.no_wait {
                            return Err(Failure::new("the hub has gone away"));
                        }
                    }
                },
                Err(error @ (ClientError::NoHub(_) | ClientError::Broken(_) | ClientError::Busy(_))) => {
                    if self.args.no_wait {
                        return Err(error.failure(self.socket));
                    }
                    if !self.waiting {
                        self.waiting = true;
                        let next = match error {
                            ClientError::NoHub(_) => "waiting for one: `choo web` starts it",
                            _ => "trying again",
                        };
                        warning(format_args!("{error} ({}); {next}", self.socket.display()));
                    }
                }
                Err(error) => return Err(error.failure(self.socket)),
            }
            Timer::after(self.follower.next_delay()).await;
        }
    }

    /// Shows what comes until it ends.
    async fn read(&mut self, mut stream: Stream) -> Over {
        self.waiting = false;
        let limits = Limits::default();
        let mut decoder = LineDecoder::new(limits);
        loop {
            // An end and an error are the same to a reader that will come back.
            let Ok(Some(chunk)) = stream.next().await else { return Over::Lost };
            let mut over = None;
            decoder.feed(&chunk, |frame| {
                if over.is_none()
                    && let Frame::Line(bytes) = frame
                    && let Ok(line) = Line::parse(bytes, &limits)
                {
                    over = self.show(&line);
                }
            });
            if self.output.flush().is_err() {
                return Over::OutputClosed;
            }
            if let Some(over) = over {
                return over;
            }
        }
    }

    fn show(&mut self, line: &Line<'_>) -> Option<Over> {
        let verdict = self.follower.handle_line(line);
        if verdict == Verdict::Repeated {
            return None;
        }
        let written = if self.args.json {
            self.output.write_all(line.bytes()).and_then(|()| self.output.write_all(b"\n"))
        } else {
            self.view.write(line, &mut self.output)
        };
        match verdict {
            _ if written.is_err() => Some(Over::OutputClosed),
            Verdict::Ended(status) if self.args.run.is_some() => Some(Over::RunEnded(status)),
            _ => None,
        }
    }
}
