//! One line of the wire, checked and borrowed: the one validator.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde::de::DeserializeOwned;

use crate::json::{Fault, Scanner, Span, StrSpan};
use crate::{Class, Limits, RunId, Timestamp, kind};

/// The largest integer that every reader of the wire holds exactly: 2^53 − 1.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

/// The longest event type in bytes.
pub const MAX_KIND: usize = 128;

/// A line that passed the validator, borrowed from the bytes it came in.
///
/// Hub, browser and tools decide with [`Line::parse`] alone what a line is, so what one lets in every
/// other can read. The received bytes are kept as they are; [`Line::payload`] decodes on demand.
#[derive(Clone, Debug)]
pub struct Line<'a> {
    text: &'a str,
    /// The event type, dotted, 1 to [`MAX_KIND`] bytes without white space or control characters.
    pub kind: Cow<'a, str>,
    /// When it happened; the hub fills in its time of receipt where a producer leaves it out.
    pub time: Option<Timestamp>,
    /// The unit, empty for none.
    pub unit: Cow<'a, str>,
    /// The task's number within its unit; 0 is a value.
    pub task: Option<i64>,
    /// The pull request's number.
    pub pr: Option<i64>,
    /// What went wrong, empty for nothing.
    pub error: Cow<'a, str>,
    /// The run, a valid [`RunId`].
    pub run: Option<Cow<'a, str>>,
    /// The number within the run, from 1 to [`MAX_INTEGER`].
    pub seq: Option<u64>,
    payload: Option<Span>,
    /// Where the values of these keys are, `null` included.
    time_value: Option<Span>,
    run_value: Option<Span>,
    seq_value: Option<Span>,
    extra: Vec<(Cow<'a, str>, Span)>,
    /// Just behind the last member.
    members_end: usize,
}

/// What a producer left out, for [`Line::complete`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Fill<'a> {
    /// Added if the line names no run.
    pub run: Option<&'a RunId>,
    /// Added if the line has no `seq`, put in place of it otherwise.
    pub seq: Option<u64>,
    /// Added if the line has no time.
    pub time: Option<Timestamp>,
}

/// Why bytes are not a line. Always the producer's fault; the stream goes on with the next line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// What is wrong.
    pub kind: LineErrorKind,
    /// Where, in bytes from the start of the line.
    pub offset: usize,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineErrorKind {
    /// Longer than lines of its type may be.
    TooLong {
        /// Its length in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// Not UTF-8 (RFC 3629).
    NotUtf8,
    /// Begins with a byte order mark.
    ByteOrderMark,
    /// Not JSON (RFC 8259).
    Syntax {
        /// What should have stood there.
        expected: &'static str,
    },
    /// Valid JSON, but not one object.
    NotAnObject,
    /// Something follows the object.
    Trailing,
    /// Nested deeper than allowed.
    TooDeep {
        /// The limit in levels.
        limit: usize,
    },
    /// A number outside the range of a double.
    NumberNotFinite,
    /// Half of a UTF-16 surrogate pair in a `\u` escape.
    LoneSurrogate,
    /// The same key twice, or a key and its alias.
    DuplicateKey {
        /// The second one.
        key: String,
    },
    /// No `type`.
    MissingType,
    /// A key of the envelope with a value it cannot have.
    BadField {
        /// The key.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

impl LineErrorKind {
    /// A stable name for programs: `too-long`, `not-utf8`, `syntax`, …
    pub fn as_str(&self) -> &'static str {
        match self {
            LineErrorKind::TooLong { .. } => "too-long",
            LineErrorKind::NotUtf8 => "not-utf8",
            LineErrorKind::ByteOrderMark => "byte-order-mark",
            LineErrorKind::Syntax { .. } => "syntax",
            LineErrorKind::NotAnObject => "not-an-object",
            LineErrorKind::Trailing => "trailing",
            LineErrorKind::TooDeep { .. } => "too-deep",
            LineErrorKind::NumberNotFinite => "number-not-finite",
            LineErrorKind::LoneSurrogate => "lone-surrogate",
            LineErrorKind::DuplicateKey { .. } => "duplicate-key",
            LineErrorKind::MissingType => "missing-type",
            LineErrorKind::BadField { .. } => "bad-field",
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            LineErrorKind::TooLong { bytes, limit } => {
                return write!(f, "line of {bytes} bytes is longer than the {limit} allowed for its type");
            }
            LineErrorKind::MissingType => return f.write_str("no \"type\" in the event"),
            LineErrorKind::NotUtf8 => f.write_str("not UTF-8"),
            LineErrorKind::ByteOrderMark => f.write_str("a byte order mark, which JSON lines do not have,"),
            LineErrorKind::Syntax { expected } => write!(f, "not JSON: expected {expected}"),
            LineErrorKind::NotAnObject => f.write_str("not a JSON object: expected '{'"),
            LineErrorKind::Trailing => f.write_str("something follows the object"),
            LineErrorKind::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
            LineErrorKind::NumberNotFinite => f.write_str("number outside the range of a double"),
            LineErrorKind::LoneSurrogate => f.write_str("half of a surrogate pair"),
            LineErrorKind::DuplicateKey { key } => write!(f, "key {key:?} (or its alias) twice"),
            LineErrorKind::BadField { key, expected } => write!(f, "{key:?} must be {expected}"),
        }?;
        write!(f, " at byte {}", self.offset)
    }
}

impl std::error::Error for LineError {}

impl From<Fault> for LineError {
    fn from(Fault { offset, kind }: Fault) -> Self {
        LineError { kind, offset }
    }
}

impl<'a> Line<'a> {
    /// Decides whether `bytes`, one line without its newline, is a line, and reads its envelope.
    ///
    /// Keys come in any order. `timestamp` is read as `time` and `data` as `payload`; `null` counts
    /// as absent. Unknown keys are checked, kept in the bytes, and otherwise ignored.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, LineError> {
        if bytes.len() > limits.graph_line.max(limits.line) {
            return Err(too_long(bytes.len(), limits.graph_line.max(limits.line)));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|e| LineError { kind: LineErrorKind::NotUtf8, offset: e.valid_up_to() })?;
        if text.starts_with('\u{feff}') {
            return Err(LineError { kind: LineErrorKind::ByteOrderMark, offset: 0 });
        }
        let line = Envelope::new(text).read(limits.depth)?;
        let limit = limits.of(&line.kind);
        if bytes.len() > limit { Err(too_long(bytes.len(), limit)) } else { Ok(line) }
    }

    /// The line as it was received, without its newline.
    pub fn bytes(&self) -> &'a [u8] {
        self.text.as_bytes()
    }

    /// The line as it was received, as text.
    pub fn text(&self) -> &'a str {
        self.text
    }

    /// The payload's JSON as it was received; `None` when absent or `null`.
    pub fn payload_json(&self) -> Option<&'a str> {
        self.payload.map(|span| self.slice(span)).filter(|json| *json != "null")
    }

    /// The payload as a type; `None` when absent or `null`. Of duplicate keys the last one wins.
    pub fn payload<T: DeserializeOwned>(&self) -> Option<Result<T, serde_json::Error>> {
        let json = self.payload_json()?;
        // Derived readers refuse duplicate keys; a `Value` keeps the last one. Only what failed pays.
        Some(serde_json::from_str(json).or_else(|_| {
            let value: serde_json::Value = serde_json::from_str(json)?;
            serde_json::from_value(value)
        }))
    }

    /// The members that are not part of the envelope, each with its value's JSON, in their order.
    pub fn extra(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.extra.iter().map(|(key, span)| (key.as_ref(), self.slice(*span)))
    }

    /// What may happen to it under pressure.
    pub fn class(&self) -> Class {
        Class::of(&self.kind)
    }

    /// Appends the line to `out`, without newline, with what a producer left out spliced in before
    /// the closing brace (SPEC §3). Everything received stays as it is, but for a `seq` that
    /// [`Fill::seq`] replaces.
    pub fn complete(&self, fill: &Fill<'_>, out: &mut Vec<u8>) {
        let time = fill.time.filter(|_| self.time.is_none()).map(|time| format!("\"{time}\""));
        let run = fill.run.filter(|_| self.run.is_none()).map(|run| format!("\"{run}\""));
        let seq = fill.seq.map(|seq| seq.to_string());
        let mut missing =
            [("time", self.time_value, time), ("run", self.run_value, run), ("seq", self.seq_value, seq)];
        // A key that is there (as `null`, or a `seq` to be replaced) is written over, never repeated.
        missing.sort_by_key(|(_, there, _)| there.map_or(usize::MAX, |span| span.start));
        let text = self.text.as_bytes();
        let mut copied = 0;
        for (_, there, value) in &missing {
            if let (Some(span), Some(value)) = (there, value) {
                out.extend_from_slice(&text[copied..span.start]);
                out.extend_from_slice(value.as_bytes());
                copied = span.end;
            }
        }
        out.extend_from_slice(&text[copied..self.members_end]);
        for (key, there, value) in &missing {
            if let (None, Some(value)) = (there, value) {
                out.extend_from_slice(format!(",\"{key}\":{value}").as_bytes());
            }
        }
        out.push(b'}');
    }

    fn slice(&self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }
}

fn too_long(bytes: usize, limit: usize) -> LineError {
    LineError { kind: LineErrorKind::TooLong { bytes: bytes as u64, limit }, offset: limit }
}

/// The reader of the top level: which keys have been seen, and where their values are.
struct Envelope<'a> {
    text: &'a str,
    seen: [bool; KEYS.len()],
    line: Line<'a>,
}

/// The envelope's keys; an alias shares its key's place in the table of what has been seen.
const KEYS: [&str; 9] = ["type", "time", "unit", "task", "pr", "payload", "error", "run", "seq"];

fn key_index(key: &str) -> Option<usize> {
    let key = match key {
        "timestamp" => "time",
        "data" => "payload",
        key => key,
    };
    KEYS.iter().position(|known| *known == key)
}

impl<'a> Envelope<'a> {
    fn new(text: &'a str) -> Self {
        let line = Line {
            text,
            kind: Cow::Borrowed(""),
            time: None,
            unit: Cow::Borrowed(""),
            task: None,
            pr: None,
            error: Cow::Borrowed(""),
            run: None,
            seq: None,
            payload: None,
            time_value: None,
            run_value: None,
            seq_value: None,
            extra: Vec::new(),
            members_end: 0,
        };
        Envelope { text, seen: [false; KEYS.len()], line }
    }

    fn read(mut self, max_depth: usize) -> Result<Line<'a>, LineError> {
        let mut json = Scanner::new(self.text, max_depth);
        json.skip_whitespace();
        match json.peek() {
            Some(b'{') => json.pos += 1,
            Some(b'"' | b'[' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9') => {
                return Err(LineError { kind: LineErrorKind::NotAnObject, offset: json.pos });
            }
            _ => return Err(json.fault("'{'").into()),
        }
        json.skip_whitespace();
        if json.peek() == Some(b'}') {
            return Err(LineError { kind: LineErrorKind::MissingType, offset: json.pos });
        }
        loop {
            let at = json.pos;
            let key = self.unescape(json.key()?);
            let value = json.value(1)?;
            self.line.members_end = json.pos;
            self.member(key, at, value)?;
            if json.close_or_comma(b'}', "',' or '}'")? {
                break;
            }
        }
        json.skip_whitespace();
        if json.peek().is_some() {
            return Err(LineError { kind: LineErrorKind::Trailing, offset: json.pos });
        }
        self.check_extra_keys()?;
        if self.line.kind.is_empty() {
            return Err(LineError { kind: LineErrorKind::MissingType, offset: self.line.members_end });
        }
        Ok(self.line)
    }

    fn member(&mut self, key: Cow<'a, str>, at: usize, value: Span) -> Result<(), LineError> {
        let Some(index) = key_index(&key) else {
            self.line.extra.push((key, value));
            return Ok(());
        };
        if std::mem::replace(&mut self.seen[index], true) {
            return Err(LineError {
                kind: LineErrorKind::DuplicateKey { key: key.into_owned() },
                offset: at,
            });
        }
        match index {
            1 => self.line.time_value = Some(value),
            7 => self.line.run_value = Some(value),
            8 => self.line.seq_value = Some(value),
            _ => {}
        }
        if &self.text[value.start..value.end] == "null" && index != 0 {
            return Ok(());
        }
        match index {
            0 => self.line.kind = self.kind(value)?,
            1 => self.line.time = Some(self.time(value)?),
            2 => self.line.unit = self.string(value, "unit")?,
            3 => self.line.task = Some(self.integer(value, "task")?),
            4 => self.line.pr = Some(self.integer(value, "pr")?),
            5 => self.line.payload = Some(value),
            6 => self.line.error = self.string(value, "error")?,
            7 => self.line.run = Some(self.run(value)?),
            _ => self.line.seq = Some(self.seq(value)?),
        }
        Ok(())
    }

    /// Decoders differ on which of two equal keys they keep, so unknown ones may not repeat either.
    fn check_extra_keys(&self) -> Result<(), LineError> {
        if self.line.extra.len() < 2 {
            return Ok(());
        }
        let mut seen = BTreeSet::new();
        for (key, value) in &self.line.extra {
            if !seen.insert(key) {
                let kind = LineErrorKind::DuplicateKey { key: key.to_string() };
                return Err(LineError { kind, offset: value.start });
            }
        }
        Ok(())
    }

    fn unescape(&self, span: StrSpan) -> Cow<'a, str> {
        let raw = &self.text[span.start..span.end];
        if !span.escaped {
            return Cow::Borrowed(raw);
        }
        // The scanner has accepted the quoted text, and it is stricter than serde_json.
        let quoted = &self.text[span.start - 1..=span.end];
        Cow::Owned(serde_json::from_str(quoted).unwrap_or_else(|_| raw.to_owned()))
    }

    fn string(&self, value: Span, key: &'static str) -> Result<Cow<'a, str>, LineError> {
        let text = &self.text[value.start..value.end];
        if !text.starts_with('"') {
            return Err(bad(key, "a string", value));
        }
        let escaped = text.contains('\\');
        Ok(self.unescape(StrSpan { start: value.start + 1, end: value.end - 1, escaped }))
    }

    fn kind(&self, value: Span) -> Result<Cow<'a, str>, LineError> {
        const EXPECTED: &str = "a string of 1 to 128 bytes without white space or control characters";
        let kind = self.string(value, "type")?;
        let fits = (1..=MAX_KIND).contains(&kind.len());
        if fits && !kind.contains(|c: char| c.is_control() || c.is_whitespace()) {
            Ok(kind)
        } else {
            Err(bad("type", EXPECTED, value))
        }
    }

    fn time(&self, value: Span) -> Result<Timestamp, LineError> {
        let text = self.string(value, "time")?;
        text.parse().map_err(|_| bad("time", "an RFC 3339 time such as 2025-01-18T10:30:15Z", value))
    }

    fn integer(&self, value: Span, key: &'static str) -> Result<i64, LineError> {
        self.text[value.start..value.end]
            .parse()
            .ok()
            .filter(|n: &i64| (-MAX_INTEGER..=MAX_INTEGER).contains(n))
            .ok_or_else(|| bad(key, "an integer of at most 53 bits", value))
    }

    fn seq(&self, value: Span) -> Result<u64, LineError> {
        let seq = self.integer(value, "seq").ok().and_then(|n| u64::try_from(n).ok());
        seq.filter(|n| *n > 0).ok_or_else(|| bad("seq", "an integer from 1 to 2^53 - 1", value))
    }

    fn run(&self, value: Span) -> Result<Cow<'a, str>, LineError> {
        let run = self.string(value, "run")?;
        if RunId::is_valid(&run) {
            Ok(run)
        } else {
            Err(bad("run", "1 to 64 characters of A-Z a-z 0-9 . _ -", value))
        }
    }
}

fn bad(key: &'static str, expected: &'static str, value: Span) -> LineError {
    LineError { kind: LineErrorKind::BadField { key, expected }, offset: value.start }
}

/// Whether a line of this type belongs to the conversation between our own parts and has no meaning
/// for a run (SPEC §3): `link.*` but for `link.lost`, and `hub.*`.
pub fn is_control(kind: &str) -> bool {
    kind.starts_with("hub.") || (kind.starts_with("link.") && kind != kind::LINK_LOST)
}
