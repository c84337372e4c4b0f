//! Events as an orchestrator makes them.

mod error;
mod make;

use std::borrow::Cow;
use std::ops::Deref;

use crate::envelope;
use crate::escape::write_string;
use crate::number::write_number;
use crate::raw::{WriteRaw, write_compact, write_raw};
use crate::{Json, Line, Payload, RunId, Timestamp, kind};

pub use error::EventError;

/// Something that happened in an orchestration, before it has a place in a run.
///
/// Make one with a constructor and refine it by the chained setters; run, `seq` and, where
/// [`Event::at`] was not used, the time are added when it is emitted. What can be made is a line that
/// every reader takes, as long as it is not too long. Its parts are read as fields ([`EventParts`]).
///
/// ```
/// use choo_protocol::{Event, Timestamp};
/// let event = Event::task_failed("app-shell", 2, "exit status 1");
/// assert_eq!((event.unit.as_str(), event.task), ("app-shell", Some(2)));
/// let mut line = Vec::new();
/// event.encode(None, None, Timestamp::from_unix_nanos(0), &mut line);
/// assert_eq!(
///     String::from_utf8_lossy(&line),
///     "{\"type\":\"task.failed\",\"time\":\"1970-01-01T00:00:00Z\",\
///      \"unit\":\"app-shell\",\"task\":2,\"error\":\"exit status 1\"}\n"
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Event {
    parts: EventParts,
}

/// The parts of an [`Event`], to be read; the event's own methods set them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EventParts {
    /// The event type (SPEC §3).
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
    pub extra: Vec<(String, Json)>,
}

impl Deref for Event {
    type Target = EventParts;

    #[inline]
    fn deref(&self) -> &EventParts {
        &self.parts
    }
}

impl Event {
    /// An event of a type that has no constructor of its own.
    ///
    /// Types are dotted names of 1 to 128 bytes without white space; names of the form
    /// `x.<vendor>.<name>` are yours ([`Event::vendor`]). Refused are types that only choo itself sends
    /// (`hub.*`, `link.*`, `orch.snapshot`) and those that mean nothing without a unit
    /// ([`Event::of_unit`]).
    ///
    /// ```
    /// use choo_protocol::{Event, kind};
    /// assert!(Event::new(kind::ORCH_COMPLETED).is_ok());
    /// assert!(Event::new("x.acme.deployed").is_ok());
    /// assert!(Event::new("hub.hello").is_err());
    /// assert!(Event::new("unit.started").is_err());
    /// assert!(Event::new("two words").is_err());
    /// ```
    pub fn new(kind: impl Into<Cow<'static, str>>) -> Result<Self, EventError> {
        let event = Event::free(kind.into())?;
        if kind::needs_unit(&event.kind) {
            return Err(EventError::NoUnit { kind: event.parts.kind.into_owned() });
        }
        Ok(event)
    }

    /// The same for an event of a unit, which must have a name.
    ///
    /// ```
    /// use choo_protocol::Event;
    /// assert_eq!(Event::of_unit("unit.napping", "app")?.unit, "app");
    /// assert!(Event::of_unit("unit.napping", "").is_err());
    /// # Ok::<(), choo_protocol::EventError>(())
    /// ```
    pub fn of_unit(kind: impl Into<Cow<'static, str>>, unit: impl Into<String>) -> Result<Self, EventError> {
        let (event, unit) = (Event::free(kind.into())?, unit.into());
        if unit.is_empty() {
            return Err(EventError::NoUnit { kind: event.parts.kind.into_owned() });
        }
        Ok(event.unit(unit))
    }

    /// An event of your own: `x.<vendor>.<name>`, the vendor of letters, digits, `-` and `_`.
    ///
    /// ```
    /// use choo_protocol::Event;
    /// assert_eq!(Event::vendor("acme", "deploy.done")?.kind, "x.acme.deploy.done");
    /// assert!(Event::vendor("", "done").is_err());
    /// # Ok::<(), choo_protocol::EventError>(())
    /// ```
    pub fn vendor(vendor: &str, name: &str) -> Result<Self, EventError> {
        let kind = format!("x.{vendor}.{name}");
        let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
        let dotted = !name.is_empty() && name.split('.').all(|part| !part.is_empty());
        if vendor.is_empty() || !vendor.bytes().all(plain) || !dotted {
            return Err(EventError::Kind { kind });
        }
        Event::free(kind.into())
    }

    fn free(kind: Cow<'static, str>) -> Result<Self, EventError> {
        if !kind::is_well_formed(&kind) {
            return Err(EventError::Kind { kind: kind.into_owned() });
        }
        if kind.starts_with("hub.") || kind.starts_with("link.") || kind == kind::ORCH_SNAPSHOT {
            return Err(EventError::Reserved { kind: kind.into_owned() });
        }
        Ok(Event::known(kind))
    }

    /// An event of a type that is known to be well-formed.
    fn known(kind: impl Into<Cow<'static, str>>) -> Self {
        Event {
            parts: EventParts {
                kind: kind.into(),
                time: None,
                unit: String::new(),
                task: None,
                pr: None,
                payload: None,
                error: String::new(),
                extra: Vec::new(),
            },
        }
    }

    /// The event of a received line, of whatever type, with everything but its `run` and `seq`.
    pub fn from_line(line: &Line<'_>) -> Self {
        let extra = |(key, json): (&str, &str)| Some((key.to_owned(), Json::received(json)?));
        Event {
            parts: EventParts {
                kind: Cow::Owned(line.kind.clone().into_owned()),
                time: line.time,
                unit: line.unit.clone().into_owned(),
                task: line.task,
                pr: line.pr,
                payload: line.payload_json().and_then(Json::received).map(Payload::Json),
                error: line.error.clone().into_owned(),
                extra: line.extra().filter_map(extra).collect(),
            },
        }
    }

    /// Sets when it happened.
    #[must_use]
    pub fn at(mut self, time: Timestamp) -> Self {
        self.parts.time = Some(time);
        self
    }

    /// Sets when it happened, unless that is known.
    pub fn stamp(&mut self, time: impl FnOnce() -> Timestamp) {
        self.parts.time.get_or_insert_with(time);
    }

    /// Sets the unit. An event of a unit cannot do without: an empty name is a mistake of the program,
    /// which panics in a debug build and leaves the unit out otherwise.
    #[must_use]
    pub fn unit(mut self, unit: impl Into<String>) -> Self {
        self.parts.unit = unit.into();
        debug_assert!(
            !self.unit.is_empty() || !kind::needs_unit(&self.kind),
            "{} needs the name of a unit",
            self.kind
        );
        self
    }

    /// Sets the task's number within its unit.
    #[must_use]
    pub fn task(mut self, task: u32) -> Self {
        self.parts.task = Some(i64::from(task));
        self
    }

    /// Sets the pull request's number.
    #[must_use]
    pub fn pr(mut self, pr: u32) -> Self {
        self.parts.pr = Some(i64::from(pr));
        self
    }

    /// Sets the payload; [`Payload::json`] makes one of any value.
    ///
    /// A typed payload of another event type ([`Payload::fits`]) is a mistake of the program, which
    /// panics in a debug build; otherwise it is sent, and readers count it as misshapen.
    #[must_use]
    pub fn payload(mut self, payload: impl Into<Payload>) -> Self {
        let payload = payload.into();
        debug_assert!(payload.fits(&self.kind), "{} does not carry {payload:?}", self.kind);
        self.parts.payload = Some(payload);
        self
    }

    /// Sets what went wrong.
    #[must_use]
    pub fn error(mut self, error: impl Into<String>) -> Self {
        self.parts.error = error.into();
        self
    }

    /// Adds a member that is not part of the envelope. Its key must not be one of the envelope's, or one
    /// but for its case, or be there already.
    ///
    /// ```
    /// use choo_protocol::{Event, Json};
    /// let event = Event::orch_completed().extra("trace_id", Json::of("4bf92f35")?)?;
    /// assert!(event.extra("Unit", Json::of("app")?).is_err());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn extra(mut self, key: impl Into<String>, value: Json) -> Result<Self, EventError> {
        let key = key.into();
        if envelope::is_taken(&key) || self.extra.iter().any(|(other, _)| *other == key) {
            return Err(EventError::Key { key });
        }
        self.parts.extra.push((key, value));
        Ok(self)
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
    /// let event = Event::new("x")?.payload(Payload::json(&["<", "1"])?).pr(0);
    /// let mut line = Vec::new();
    /// event.encode_seed(Timestamp::from_unix_nanos(1_500_000_000), &mut line);
    /// let expected = r#"{"type":"x","time":"1970-01-01T00:00:01.5Z","pr":0,"payload":["\u003c","1"]}"#;
    /// assert_eq!(String::from_utf8_lossy(&line), format!("{expected}\n"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn encode_seed(&self, time: Timestamp, out: &mut Vec<u8>) {
        self.write_seed_members(|out| self.time.unwrap_or(time).write(out), write_compact, out);
        out.extend_from_slice(b"}\n");
    }

    /// Everything up to `error`, in front of the closing brace. `time` writes the text of the time.
    #[inline]
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
            write_number(task, out);
        }
        if let Some(pr) = self.pr {
            out.extend_from_slice(b",\"pr\":");
            write_number(pr, out);
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
            write_raw(json.raw(), out);
        }
    }
}
