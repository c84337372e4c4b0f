//! `choo cancel`, `pause`, `resume`, `retry`, `skip`: has something done with a run, and says what became of it.

use std::path::Path;

use choo_protocol::{
    CmdAccepted, CmdArgs, CmdRejected, Frame, Limits, Line, LineDecoder, RejectReason, RunId, kind,
};
use clap::Args;
use serde_json::json;

use crate::client::{self, ClientError, Stream};
use crate::exit::{Exit, Failure, say};
use crate::socket::SocketArg;
use crate::{run_id, text};

/// Stop a run, or one unit of it
#[derive(Debug, Args)]
#[command(after_help = CANCEL_HELP)]
pub(crate) struct CancelArgs {
    #[command(flatten)]
    of: Of,

    /// Only this unit
    #[arg(value_name = "UNIT")]
    unit: Option<String>,
}

/// Start nothing new in a run; what runs goes on to the end of its task
#[derive(Debug, Args)]
#[command(after_help = PAUSE_HELP)]
pub(crate) struct PauseArgs {
    #[command(flatten)]
    of: Of,
}

/// Go on with a paused run
#[derive(Debug, Args)]
#[command(after_help = RESUME_HELP)]
pub(crate) struct ResumeArgs {
    #[command(flatten)]
    of: Of,
}

/// Run a unit that failed once more
#[derive(Debug, Args)]
#[command(after_help = RETRY_HELP)]
pub(crate) struct RetryArgs {
    #[command(flatten)]
    of: Of,

    /// The unit
    #[arg(value_name = "UNIT")]
    unit: String,

    /// The task of it that did not go well, by its number
    #[arg(value_name = "TASK")]
    task: Option<i64>,
}

/// Leave a unit out, and go on as if it were complete
#[derive(Debug, Args)]
#[command(after_help = SKIP_HELP)]
pub(crate) struct SkipArgs {
    #[command(flatten)]
    of: Of,

    /// The unit
    #[arg(value_name = "UNIT")]
    unit: String,
}

/// What all of them take.
#[derive(Debug, Args)]
struct Of {
    /// The run's name, or enough of its beginning
    #[arg(value_name = "RUN")]
    run: String,

    /// Why, for people and the record
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    /// Do not wait until it is done; print the command's id
    #[arg(long)]
    no_wait: bool,

    #[command(flatten)]
    socket: SocketArg,
}

macro_rules! help {
    ($($example:literal)+) => {
        concat!(
            "The run must take commands: `choo run --web --commands`. What was asked for, by whom, and what became ",
            "of it are events of the run.\n\nExamples:\n", $("  ", $example, "\n",)+
            "\nExit codes: 0 it was done (with --no-wait: it is on its way), 1 it was not, or there is no such run ",
            "or no hub, 2 wrong usage."
        )
    };
}

const CANCEL_HELP: &str = help!("choo cancel 01JH" "choo cancel nightly parser --reason 'not needed'");
const PAUSE_HELP: &str = help!("choo pause nightly");
const RESUME_HELP: &str = help!("choo resume nightly");
const RETRY_HELP: &str = help!("choo retry nightly parser" "choo retry nightly parser 2");
const SKIP_HELP: &str = help!("choo skip nightly parser");

/// A command, whichever it is.
#[derive(Debug)]
pub(crate) struct Ask<'a> {
    cmd: &'static str,
    of: &'a Of,
    unit: Option<&'a str>,
    task: Option<i64>,
}

impl<'a> From<&'a CancelArgs> for Ask<'a> {
    fn from(args: &'a CancelArgs) -> Self {
        Ask { cmd: "cancel", of: &args.of, unit: args.unit.as_deref(), task: None }
    }
}

impl<'a> From<&'a PauseArgs> for Ask<'a> {
    fn from(args: &'a PauseArgs) -> Self {
        Ask { cmd: "pause", of: &args.of, unit: None, task: None }
    }
}

impl<'a> From<&'a ResumeArgs> for Ask<'a> {
    fn from(args: &'a ResumeArgs) -> Self {
        Ask { cmd: "resume", of: &args.of, unit: None, task: None }
    }
}

impl<'a> From<&'a RetryArgs> for Ask<'a> {
    fn from(args: &'a RetryArgs) -> Self {
        Ask { cmd: "retry", of: &args.of, unit: Some(&args.unit), task: args.task }
    }
}

impl<'a> From<&'a SkipArgs> for Ask<'a> {
    fn from(args: &'a SkipArgs) -> Self {
        Ask { cmd: "skip", of: &args.of, unit: Some(&args.unit), task: None }
    }
}

/// Asks for it, and unless told otherwise waits for what becomes of it.
pub(crate) fn main(ask: &Ask<'_>) -> Result<Exit, Failure> {
    let socket = ask.of.socket.resolve()?;
    smol::block_on(ask.send(&socket))
}

/// What became of a command.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done { error: String },
    Rejected { reason: RejectReason, error: String },
}

impl Ask<'_> {
    async fn send(&self, socket: &Path) -> Result<Exit, Failure> {
        let failure = |error: ClientError| error.failure(socket);
        let run = find(&runs(socket).await.map_err(failure)?, &self.of.run)?;
        // Before it is asked for, so that no answer is missed.
        let answers = format!("/api/v1/events?run={run}&types=cmd.*&since=now");
        let answers =
            if self.of.no_wait { None } else { Some(Stream::open(socket, &answers).await.map_err(failure)?) };
        let args = CmdArgs {
            unit: self.unit.map(str::to_owned),
            task: self.task,
            reason: self.of.reason.clone(),
            ..CmdArgs::default()
        };
        let (path, key) = (format!("/api/v1/runs/{run}/commands"), run_id::fresh().to_string());
        let body = json!({ "cmd": self.cmd, "args": args });
        let answer = client::post(socket, &path, &key, &body).await.map_err(failure)?;
        let id = answer["id"].as_str().unwrap_or_default();
        let Some(answers) = answers else {
            say(id);
            return Ok(Exit::Success);
        };
        let what = match self.unit {
            Some(unit) => format!("{} {run} {unit}", self.cmd),
            None => format!("{} {run}", self.cmd),
        };
        match outcome(answers, id).await {
            Some(Outcome::Done { error }) if error.is_empty() => {
                say(&format!("{what}: done"));
                Ok(Exit::Success)
            }
            Some(Outcome::Done { error }) => {
                Err(Failure::new(format_args!("{what}: {}", text::harmless(&error, false))))
            }
            Some(Outcome::Rejected { reason, error }) => {
                let colon = if error.is_empty() { "" } else { ": " };
                let error = text::harmless(&error, false);
                let failure = Failure::new(format_args!("{what}: rejected ({reason}){colon}{error}"));
                Err(match reason {
                    RejectReason::Disabled => {
                        failure.hint("the run was started without `--commands`, or takes none")
                    }
                    _ => failure,
                })
            }
            None => Err(Failure::new(format_args!(
                "{what}: the run, or the hub, ended before there was an answer"
            ))
            .hint(format!(
                "the command was {id}; `choo tail --run {run} --types 'cmd.*'` shows what there is of it"
            ))),
        }
    }
}

/// The names of all runs, newest first.
async fn runs(socket: &Path) -> Result<Vec<RunId>, ClientError> {
    let mut names = Vec::new();
    let mut path = "/api/v1/runs".to_owned();
    loop {
        let page = client::get(socket, &path).await?;
        let runs = page["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
        names.extend(runs.iter().filter_map(|run| run["run"].as_str()?.parse::<RunId>().ok()));
        // A page without runs leads nowhere, whatever it says.
        let Some(next) = page["next"].as_str().filter(|_| !runs.is_empty()) else { return Ok(names) };
        path = format!("/api/v1/runs?from={next}");
    }
}

/// The run that is meant.
fn find(runs: &[RunId], name: &str) -> Result<RunId, Failure> {
    if let Some(exact) = runs.iter().find(|run| run.as_str() == name) {
        return Ok(exact.clone());
    }
    let like: Vec<&RunId> = runs.iter().filter(|run| run.as_str().starts_with(name)).collect();
    match like[..] {
        [run] => Ok(run.clone()),
        [] => Err(Failure::new(format_args!("the hub knows no run {name:?}")).hint(match runs {
            [] => "it knows none at all".to_owned(),
            [latest, ..] => format!("the latest is {latest}"),
        })),
        _ => Err(Failure::usage(format_args!("the names of {} runs begin with {name:?}", like.len()))
            .hint("say more of it")),
    }
}

/// Waits for what becomes of a command.
async fn outcome(mut answers: Stream, id: &str) -> Option<Outcome> {
    let limits = Limits::default();
    let mut decoder = LineDecoder::new(limits);
    loop {
        let chunk = answers.next().await.ok()??;
        let mut found = None;
        decoder.feed(&chunk, |frame| {
            if let Frame::Line(bytes) = frame
                && let Ok(line) = Line::parse(bytes, &limits)
            {
                found = found.take().or_else(|| read(&line, id));
            }
        });
        if found.is_some() {
            return found;
        }
    }
}

fn read(line: &Line<'_>, id: &str) -> Option<Outcome> {
    let error = line.error.to_string();
    match &*line.kind {
        kind::CMD_DONE => {
            let CmdAccepted { id: of } = line.payload()?.ok()?;
            (of == id).then_some(Outcome::Done { error })
        }
        kind::CMD_REJECTED => {
            let CmdRejected { id: of, reason } = line.payload()?.ok()?;
            (of == id).then_some(Outcome::Rejected { reason, error })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_named_by_enough_of_its_beginning() {
        let runs = ["01JHA", "01JHB", "01"].map(|run| run.parse().unwrap());
        let found = |name: &str| find(&runs, name).map(|run| run.to_string()).map_err(|_| ());
        assert_eq!(found("01JHB"), Ok("01JHB".to_owned()));
        assert_eq!(found("01"), Ok("01".to_owned()), "the whole name before the beginning of others");
        assert_eq!(found("01JHA"), Ok("01JHA".to_owned()));
        assert_eq!((found("01JH"), found("02"), found("")), (Err(()), Err(()), Err(())));
        assert!(find(&[], "").is_err());
    }

    #[test]
    fn only_the_commands_own_answer_counts() {
        let read = |text: &str| {
            let line = Line::parse(text.as_bytes(), &Limits::default()).unwrap();
            super::read(&line, "c")
        };
        assert_eq!(read(r#"{"type":"cmd.accepted","payload":{"id":"c"}}"#), None);
        assert_eq!(read(r#"{"type":"cmd.done","payload":{"id":"d"}}"#), None);
        let done = |error: &str| Some(Outcome::Done { error: error.to_owned() });
        assert_eq!(read(r#"{"type":"cmd.done","payload":{"id":"c"}}"#), done(""));
        assert_eq!(read(r#"{"type":"cmd.done","payload":{"id":"c"},"error":"no"}"#), done("no"));
        let rejected =
            read(r#"{"type":"cmd.rejected","payload":{"id":"c","reason":"conflict"},"error":"it is over"}"#);
        let expected = Outcome::Rejected { reason: RejectReason::Conflict, error: "it is over".to_owned() };
        assert_eq!(rejected, Some(expected));
    }
}
