//! Typed payloads of the known events (SPEC §3).
//!
//! All of them ignore members they do not know and take a missing member as its default, so that an
//! older reader understands a newer writer.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::escape;
use crate::lenient::null_as_default;
use crate::raw::WriteRaw;
use crate::reader::readable;
use crate::{GraphPayload, OrchSnapshot};

/// `orch.started`: an orchestration begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OrchStarted {
    /// How many units there are.
    #[serde(deserialize_with = "null_as_default")]
    pub unit_count: u32,
    /// How many units may run at once.
    #[serde(deserialize_with = "null_as_default")]
    pub parallelism: u32,
    /// The whole dependency graph; a pusher that knows it fills it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph: Option<GraphPayload>,
}

/// `unit.started`: task totals, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnitStarted {
    /// How many tasks the unit has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tasks: Option<u32>,
    /// How many of them were complete before, for instance in an earlier run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_tasks: Option<u32>,
}

/// `task.*`: what is known of the task itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskPayload {
    /// What the task is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which attempt this is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The command it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// `task.progress`: how far a task is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskProgress {
    /// Steps done.
    #[serde(deserialize_with = "null_as_default")]
    pub done: u64,
    /// Steps in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What it is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `task.created`, `task.updated`, `task.deleted`: a task's record changed in a task store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskRecord {
    /// The record's id.
    #[serde(deserialize_with = "null_as_default")]
    pub task_id: String,
    /// The repository it belongs to.
    #[serde(deserialize_with = "null_as_default")]
    pub repository: String,
    /// The record itself, as the store has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<serde_json::Value>,
    /// Who changed it.
    #[serde(deserialize_with = "null_as_default")]
    pub changed_by: String,
}

/// `pr.*`: what is known of a pull request besides its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrPayload {
    /// Where a person can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The branch it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// `log.*`: one line of output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LogPayload {
    /// The line without its newline; ANSI escapes are kept.
    #[serde(deserialize_with = "null_as_default")]
    pub content: String,
    /// Counts lines within unit, task and attempt from 1, so that stored and live logs join; 0 where
    /// the producer does not count.
    #[serde(deserialize_with = "null_as_default")]
    pub n: u64,
}

/// Where a log line comes from; the last part of its event type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogStream {
    /// The process's standard output.
    Stdout,
    /// The process's standard error.
    Stderr,
    /// The orchestrator itself.
    System,
    /// An error of the orchestrator.
    Error,
}

impl LogStream {
    /// The event type of its lines.
    pub fn kind(self) -> &'static str {
        match self {
            LogStream::Stdout => crate::kind::LOG_STDOUT,
            LogStream::Stderr => crate::kind::LOG_STDERR,
            LogStream::System => crate::kind::LOG_SYSTEM,
            LogStream::Error => crate::kind::LOG_ERROR,
        }
    }

    /// The stream of an event type; `None` for other events.
    pub fn of(kind: &str) -> Option<LogStream> {
        use LogStream::{Error, Stderr, Stdout, System};
        [Stdout, Stderr, System, Error].into_iter().find(|stream| stream.kind() == kind)
    }
}

/// The payload of an event to be written: one of ours, or any JSON.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Payload {
    /// Of `orch.started`.
    OrchStarted(OrchStarted),
    /// Of `orch.snapshot`.
    OrchSnapshot(Box<OrchSnapshot>),
    /// Of `graph`.
    Graph(GraphPayload),
    /// Of `unit.started`.
    UnitStarted(UnitStarted),
    /// Of `task.*`.
    Task(TaskPayload),
    /// Of `task.progress`.
    Progress(TaskProgress),
    /// Of `task.created|updated|deleted`.
    Record(TaskRecord),
    /// Of `pr.*`.
    Pr(PrPayload),
    /// Of `log.*`.
    Log(LogPayload),
    /// Any JSON, as it is.
    Json(Box<RawValue>),
}

/// A value that has no JSON form, such as a map whose keys are not strings. The caller's fault; the
/// event has not been made.
#[derive(Debug)]
pub struct PayloadError(serde_json::Error);

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "payload has no JSON form: {}", self.0)
    }
}

impl std::error::Error for PayloadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl Payload {
    /// Any serialisable value as a payload, written as Go's `encoding/json` writes its like: without
    /// white space, a whole floating-point number without `.0`. Members keep the order that the value
    /// gives them in, where Go sorts a map's. Numbers that are not finite become `null`, as JSON has
    /// none.
    pub fn json<T: Serialize + ?Sized>(value: &T) -> Result<Payload, PayloadError> {
        let mut json = Vec::new();
        escape::write_value(value, &mut json).map_err(PayloadError)?;
        serde_json::from_slice(&json).map(Payload::Json).map_err(PayloadError)
    }

    /// Appends it as JSON, ready JSON by `write_raw`. Ours have string keys only and cannot fail.
    pub(crate) fn write(&self, write_raw: WriteRaw, out: &mut Vec<u8>) {
        let start = out.len();
        let written = match self {
            Payload::OrchStarted(p) => escape::write_value(p, out),
            Payload::OrchSnapshot(p) => escape::write_value(p, out),
            Payload::Graph(p) => escape::write_value(p, out),
            Payload::UnitStarted(p) => escape::write_value(p, out),
            Payload::Task(p) => escape::write_value(p, out),
            Payload::Progress(p) => escape::write_value(p, out),
            Payload::Record(p) => escape::write_value(p, out),
            Payload::Pr(p) => escape::write_value(p, out),
            Payload::Log(p) => {
                out.extend_from_slice(b"{\"content\":");
                escape::write_string(&p.content, out);
                out.extend_from_slice(b",\"n\":");
                out.extend_from_slice(itoa::Buffer::new().format(p.n).as_bytes());
                out.push(b'}');
                Ok(())
            }
            Payload::Json(raw) => {
                write_raw(raw, out);
                Ok(())
            }
        };
        if written.is_err() {
            out.truncate(start);
            out.extend_from_slice(b"null");
        }
    }
}

macro_rules! into_payload {
    ($($type:ty => $variant:ident),* $(,)?) => {
        $(impl From<$type> for Payload {
            fn from(payload: $type) -> Self {
                Payload::$variant(payload.into())
            }
        })*
    };
}

into_payload! {
    OrchStarted => OrchStarted,
    OrchSnapshot => OrchSnapshot,
    GraphPayload => Graph,
    UnitStarted => UnitStarted,
    TaskPayload => Task,
    TaskProgress => Progress,
    TaskRecord => Record,
    PrPayload => Pr,
    LogPayload => Log,
    Box<RawValue> => Json,
}

readable!(OrchStarted { ; unit_count, parallelism, graph });
readable!(UnitStarted { ; total_tasks, completed_tasks });
readable!(TaskPayload { ; name, attempt, command });
readable!(PrPayload { ; url, title, branch });
readable!(LogPayload { ; content, n });
