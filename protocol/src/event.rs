//! Events as an orchestrator makes them.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::escape::write_string;
use crate::raw::{WriteRaw, write_compact, write_raw};
use crate::{
    GraphPayload, Line, LogPayload, LogStream, OrchStarted, Payload, RunId, TaskPayload, Timestamp,
    UnitStarted, kind,
};

/// Something that happened in an orchestration, before it has a place in a run.
///
/// Make one with a constructor and refine it by the chained setters; run, `seq` and, where
/// [`Event::at`] was not used, the time are added when it is emitted.
///
/// ```
/// use choo_protocol::{Event, Timestamp};
/// let event = Event::task_failed("app-shell", 2, "exit status 1");
/// let mut line = Vec::new();
/// event.encode(None, None, Timestamp::from_unix_nanos(0), &mut line);
/// assert_eq!(
///     String::from_utf8_lossy(&line),
///     "{\"type\":\"task.failed\",\"time\":\"1970-01-01T00:00:00Z\",\
///      \"unit\":\"app-shell\",\"task\":2,\"error\":\"exit status 1\"}\n"
/// );
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// The event type (SPEC §3); any dotted name is allowed, `x.<vendor>.*` is free for your own.
    pub kind: Cow<'static, str>,
    /// When it happened; `None` means when it is emitted.
    pub time: Option<Timestamp>,
    /// The unit, empty for none.
    pub unit: String,
    /// The task's number within its unit.
    pub task: Option<i64>,
    /// The pull request's number.
    pub pr: Option<i64>,
    /// What else there is to say.
    pub payload: Option<Payload>,
    /// What went wrong, empty for nothing.
    pub error: String,
    /// Members that are not part of the envelope, carried along for others.
    pub extra: Vec<(String, Box<RawValue>)>,
}

impl Event {
    /// An event of any type.
    pub fn new(kind: impl Into<Cow<'static, str>>) -> Self {
        Event {
            kind: kind.into(),
            time: None,
            unit: String::new(),
            task: None,
            pr: None,
            payload: None,
            error: String::new(),
            extra: Vec::new(),
        }
    }

    /// The event of a received line, with everything but its `run` and `seq`.
    pub fn from_line(line: &Line<'_>) -> Self {
        let raw = |json: &str| RawValue::from_string(json.to_owned()).ok();
        Event {
            kind: Cow::Owned(line.kind.clone().into_owned()),
            time: line.time,
            unit: line.unit.clone().into_owned(),
            task: line.task,
            pr: line.pr,
            payload: line.payload_json().and_then(raw).map(Payload::Json),
            error: line.error.clone().into_owned(),
            extra: line.extra().filter_map(|(key, json)| Some((key.to_owned(), raw(json)?))).collect(),
        }
    }

    /// `orch.started`.
    pub fn orch_started(payload: OrchStarted) -> Self {
        Event::new(kind::ORCH_STARTED).payload(payload)
    }

    /// `orch.completed`: every unit went well.
    pub fn orch_completed() -> Self {
        Event::new(kind::ORCH_COMPLETED)
    }

    /// `orch.failed`.
    pub fn orch_failed(error: impl Into<String>) -> Self {
        Event::new(kind::ORCH_FAILED).error(error)
    }

    /// `orch.cancelled`: somebody stopped it.
    pub fn orch_cancelled() -> Self {
        Event::new(kind::ORCH_CANCELLED)
    }

    /// The separate `graph` event, for a graph that becomes known after `orch.started`.
    pub fn graph(graph: GraphPayload) -> Self {
        Event::new(kind::GRAPH).payload(graph)
    }

    /// `unit.queued`: its dependencies are complete.
    pub fn unit_queued(unit: impl Into<String>) -> Self {
        Event::new(kind::UNIT_QUEUED).unit(unit)
    }

    /// `unit.started`; say how many tasks it has by `.payload(UnitStarted { .. })`.
    pub fn unit_started(unit: impl Into<String>) -> Self {
        Event::new(kind::UNIT_STARTED).unit(unit)
    }

    /// `unit.started` with its number of tasks.
    pub fn unit_started_with(unit: impl Into<String>, total_tasks: u32) -> Self {
        let totals = UnitStarted { total_tasks: Some(total_tasks), completed_tasks: None };
        Event::unit_started(unit).payload(totals)
    }

    /// `unit.completed`.
    pub fn unit_completed(unit: impl Into<String>) -> Self {
        Event::new(kind::UNIT_COMPLETED).unit(unit)
    }

    /// `unit.failed`.
    pub fn unit_failed(unit: impl Into<String>, error: impl Into<String>) -> Self {
        Event::new(kind::UNIT_FAILED).unit(unit).error(error)
    }

    /// `unit.blocked`: it cannot run, and why.
    pub fn unit_blocked(unit: impl Into<String>, reason: impl Into<String>) -> Self {
        Event::new(kind::UNIT_BLOCKED).unit(unit).error(reason)
    }

    /// `unit.skipped`.
    pub fn unit_skipped(unit: impl Into<String>) -> Self {
        Event::new(kind::UNIT_SKIPPED).unit(unit)
    }

    /// `unit.cancelled`.
    pub fn unit_cancelled(unit: impl Into<String>) -> Self {
        Event::new(kind::UNIT_CANCELLED).unit(unit)
    }

    fn task_event(kind: &'static str, unit: impl Into<String>, task: i64) -> Self {
        Event::new(kind).unit(unit).task(task)
    }

    /// `task.started`.
    pub fn task_started(unit: impl Into<String>, task: i64) -> Self {
        Event::task_event(kind::TASK_STARTED, unit, task)
    }

    /// `task.backpressure`: the command that must pass is being run.
    pub fn task_backpressure(unit: impl Into<String>, task: i64) -> Self {
        Event::task_event(kind::TASK_BACKPRESSURE, unit, task)
    }

    /// `task.validation.ok`.
    pub fn validation_ok(unit: impl Into<String>, task: i64) -> Self {
        Event::task_event(kind::TASK_VALIDATION_OK, unit, task)
    }

    /// `task.validation.fail`.
    pub fn validation_fail(unit: impl Into<String>, task: i64, error: impl Into<String>) -> Self {
        Event::task_event(kind::TASK_VALIDATION_FAIL, unit, task).error(error)
    }

    /// `task.completed`.
    pub fn task_completed(unit: impl Into<String>, task: i64) -> Self {
        Event::task_event(kind::TASK_COMPLETED, unit, task)
    }

    /// `task.retry`: it failed and will be tried again as attempt number `attempt`.
    pub fn task_retry(unit: impl Into<String>, task: i64, attempt: u32, error: impl Into<String>) -> Self {
        let payload = TaskPayload { attempt: Some(attempt), ..TaskPayload::default() };
        Event::task_event(kind::TASK_RETRY, unit, task).payload(payload).error(error)
    }

    /// `task.failed`.
    pub fn task_failed(unit: impl Into<String>, task: i64, error: impl Into<String>) -> Self {
        Event::task_event(kind::TASK_FAILED, unit, task).error(error)
    }

    /// `log.*`: one line of output, the `n`-th of its unit, task and attempt (from 1).
    pub fn log(
        unit: impl Into<String>,
        task: Option<i64>,
        stream: LogStream,
        content: impl Into<String>,
        n: u64,
    ) -> Self {
        let payload = LogPayload { content: content.into(), n };
        Event { task, ..Event::new(stream.kind()).unit(unit).payload(payload) }
    }

    /// Sets when it happened.
    #[must_use]
    pub fn at(self, time: Timestamp) -> Self {
        Event { time: Some(time), ..self }
    }

    /// Sets the unit.
    #[must_use]
    pub fn unit(self, unit: impl Into<String>) -> Self {
        Event { unit: unit.into(), ..self }
    }

    /// Sets the task's number.
    #[must_use]
    pub fn task(self, task: i64) -> Self {
        Event { task: Some(task), ..self }
    }

    /// Sets the pull request's number.
    #[must_use]
    pub fn pr(self, pr: i64) -> Self {
        Event { pr: Some(pr), ..self }
    }

    /// Sets the payload; [`Payload::json`] makes one of any value.
    #[must_use]
    pub fn payload(self, payload: impl Into<Payload>) -> Self {
        Event { payload: Some(payload.into()), ..self }
    }

    /// Sets what went wrong.
    #[must_use]
    pub fn error(self, error: impl Into<String>) -> Self {
        Event { error: error.into(), ..self }
    }

    /// Appends the event as one line with its newline: the keys in the order of SPEC §3, absent when
    /// empty, strings escaped as Go does. `time` is used where the event has none of its own.
    pub fn encode(&self, run: Option<&RunId>, seq: Option<u64>, time: Timestamp, out: &mut Vec<u8>) {
        self.write_seed_members(|out| self.time.unwrap_or(time).write(out), write_raw, out);
        if let Some(run) = run {
            out.extend_from_slice(b",\"run\":");
            write_string(run.as_str(), out);
        }
        if let Some(seq) = seq {
            out.extend_from_slice(b",\"seq\":");
            out.extend_from_slice(itoa::Buffer::new().format(seq).as_bytes());
        }
        self.write_extra(out);
        out.extend_from_slice(b"}\n");
    }

    /// Appends the event as one line with its newline, byte for byte as the original tool writes it
    /// (`wire = seed`): the seven members it knows and no other, neither run nor `seq` nor
    /// [`Event::extra`].
    ///
    /// The reference is `encoding/json` of Go 1.19 for the struct of S0-32, with a [`Payload::Json`] as
    /// its `json.RawMessage`: without white space between tokens, `<`, `>`, `&`, U+2028 and U+2029
    /// escaped, all else as it is. Later Go writes U+0008 and U+000C as `\b` and `\f`. Our typed
    /// payloads differ from Go's in two ways: an empty list is `[]`, where Go has `null` for a nil slice
    /// (S0-B27), and what is known beyond the original's members, as a node's `depends_on`, is written.
    ///
    /// ```
    /// use choo_protocol::{Event, Payload, Timestamp};
    /// let event = Event::new("x").payload(Payload::json(&["<", "1"])?).pr(0);
    /// let mut line = Vec::new();
    /// event.encode_seed(Timestamp::from_unix_nanos(1_500_000_000), &mut line);
    /// let expected = r#"{"type":"x","time":"1970-01-01T00:00:01.5Z","pr":0,"payload":["\u003c","1"]}"#;
    /// assert_eq!(String::from_utf8_lossy(&line), format!("{expected}\n"));
    /// # Ok::<(), choo_protocol::PayloadError>(())
    /// ```
    pub fn encode_seed(&self, time: Timestamp, out: &mut Vec<u8>) {
        self.write_seed_members(|out| self.time.unwrap_or(time).write(out), write_compact, out);
        out.extend_from_slice(b"}\n");
    }

    /// Everything up to `error`, in front of the closing brace. `time` writes the text of the time.
    pub(crate) fn write_seed_members(
        &self,
        time: impl FnOnce(&mut Vec<u8>),
        raw: WriteRaw,
        out: &mut Vec<u8>,
    ) {
        out.extend_from_slice(b"{\"type\":");
        write_string(&self.kind, out);
        out.extend_from_slice(b",\"time\":\"");
        time(out);
        out.push(b'"');
        if !self.unit.is_empty() {
            out.extend_from_slice(b",\"unit\":");
            write_string(&self.unit, out);
        }
        if let Some(task) = self.task {
            out.extend_from_slice(b",\"task\":");
            out.extend_from_slice(itoa::Buffer::new().format(task).as_bytes());
        }
        if let Some(pr) = self.pr {
            out.extend_from_slice(b",\"pr\":");
            out.extend_from_slice(itoa::Buffer::new().format(pr).as_bytes());
        }
        if let Some(payload) = &self.payload {
            out.extend_from_slice(b",\"payload\":");
            payload.write(raw, out);
        }
        if !self.error.is_empty() {
            out.extend_from_slice(b",\"error\":");
            write_string(&self.error, out);
        }
    }

    /// The members that are not part of the envelope.
    pub(crate) fn write_extra(&self, out: &mut Vec<u8>) {
        for (key, json) in &self.extra {
            out.push(b',');
            write_string(key, out);
            out.push(b':');
            write_raw(json, out);
        }
    }
}
