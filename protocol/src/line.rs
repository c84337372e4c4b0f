//! One line of the wire, checked and borrowed: the one validator.

use std::borrow::Cow;

use serde::de::DeserializeOwned;

use crate::json::Span;
use crate::number::write_number;
use crate::reader::{Read, read_ours};
use crate::{
    Class, Limits, LineError, LineErrorKind, PayloadMismatch, RunId, Timestamp, envelope, kind, reader,
};

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
    pub(crate) text: &'a str,
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
    pub(crate) places: Places,
    pub(crate) extra: Vec<(Cow<'a, str>, Span)>,
}

/// Where values stand in the text, `null` included.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Places {
    pub(crate) payload: Option<Span>,
    pub(crate) time: Option<Span>,
    pub(crate) run: Option<Span>,
    pub(crate) seq: Option<Span>,
    /// Just behind the last member.
    pub(crate) members_end: usize,
    /// Whether the envelope uses an alias, a `null` or an empty unit or error, which readers forgive and we
    /// never write.
    pub(crate) forgiven: bool,
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

/// More bytes than all of those take, keys included.
const MAX_FILL: usize = 192;

/// One value of those.
#[derive(Clone, Copy)]
enum Given<'a> {
    Time(Timestamp),
    Run(&'a RunId),
    Seq(u64),
}

impl Given<'_> {
    fn write(self, out: &mut Vec<u8>) {
        // Neither a time nor a run's id has characters that need an escape.
        match self {
            Given::Seq(seq) => return write_number(seq, out),
            Given::Time(time) => {
                out.push(b'"');
                time.write(out);
            }
            Given::Run(run) => {
                out.push(b'"');
                out.extend_from_slice(run.as_str().as_bytes());
            }
        }
        out.push(b'"');
    }
}

impl<'a> Line<'a> {
    /// Decides whether `bytes`, one line without its newline, is a line, and reads its envelope.
    ///
    /// Keys come in any order. `timestamp` is read as `time` and `data` as `payload`; `null` counts
    /// as absent. Unknown keys are checked, kept in the bytes, and otherwise ignored.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, LineError> {
        if bytes.len() > limits.graph_line.max(limits.line) {
            return Err(LineError::too_long(bytes.len(), limits.graph_line.max(limits.line)));
        }
        let text = std::str::from_utf8(bytes)
            .map_err(|e| LineError { kind: LineErrorKind::NotUtf8, offset: e.valid_up_to() })?;
        if text.starts_with('\u{feff}') {
            return Err(LineError { kind: LineErrorKind::ByteOrderMark, offset: 0 });
        }
        let mut line = Line::unread(text);
        line.fill_in(limits)?;
        Ok(line)
    }

    fn fill_in(&mut self, limits: &Limits) -> Result<(), LineError> {
        envelope::read(self, limits.depth)?;
        let bytes = self.text.len();
        if bytes > limits.line.min(limits.graph_line) && bytes > limits.of(&self.kind) {
            return Err(LineError::too_long(bytes, limits.of(&self.kind)));
        }
        Ok(())
    }

    pub(crate) fn unread(text: &'a str) -> Self {
        Line {
            text,
            kind: Cow::Borrowed(""),
            time: None,
            unit: Cow::Borrowed(""),
            task: None,
            pr: None,
            error: Cow::Borrowed(""),
            run: None,
            seq: None,
            places: Places::default(),
            extra: Vec::new(),
        }
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
        self.places.payload.map(|span| self.slice(span)).filter(|json| *json != "null")
    }

    /// The payload as a type; `None` when absent or `null`. Of duplicate keys the last one wins.
    pub fn payload<T: DeserializeOwned>(&self) -> Option<Result<T, PayloadMismatch>> {
        self.payload_json().map(reader::read)
    }

    /// The same for what the fold reads.
    pub(crate) fn read<T: Read>(&self) -> Option<Result<T, PayloadMismatch>> {
        self.payload_json().map(read_ours)
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
        let missing = [
            ("time", self.places.time, fill.time.filter(|_| self.time.is_none()).map(Given::Time)),
            ("run", self.places.run, fill.run.filter(|_| self.run.is_none()).map(Given::Run)),
            ("seq", self.places.seq, fill.seq.map(Given::Seq)),
        ];
        let text = self.text.as_bytes();
        out.reserve(text.len() + MAX_FILL);
        let mut copied = 0;
        // A key that is there (as `null`, or a `seq` to be replaced) is written over, never repeated.
        if missing.iter().any(|(_, place, given)| place.is_some() && given.is_some()) {
            let mut there = missing.map(|(_, place, given)| place.zip(given));
            there.sort_by_key(|there| there.map_or(usize::MAX, |(span, _)| span.start));
            for (span, given) in there.into_iter().flatten() {
                out.extend_from_slice(&text[copied..span.start]);
                given.write(out);
                copied = span.end;
            }
        }
        out.extend_from_slice(&text[copied..self.places.members_end]);
        for (key, place, given) in missing {
            if let (None, Some(given)) = (place, given) {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(key.as_bytes());
                out.extend_from_slice(b"\":");
                given.write(out);
            }
        }
        out.push(b'}');
    }

    pub(crate) fn slice(&self, span: Span) -> &'a str {
        &self.text[span.start..span.end]
    }
}

/// Whether a line of this type belongs to the conversation between our own parts and has no meaning
/// for a run (SPEC §3): `link.*` but for `link.lost`, and `hub.*`.
pub fn is_control(kind: &str) -> bool {
    kind.starts_with("hub.") || (kind.starts_with("link.") && kind != kind::LINK_LOST)
}
