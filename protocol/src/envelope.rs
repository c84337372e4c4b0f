//! The reader of a line's top level: which keys there are, and where their values stand.

use std::borrow::Cow;

use crate::case::differs_by_case;
use crate::json::{Scanner, Span, StrSpan};
use crate::names::Names;
use crate::unescape::unescape;
use crate::{Line, LineError, LineErrorKind, MAX_INTEGER, MAX_KIND, RunId, Timestamp};

/// A key of the envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Key {
    Type,
    Time,
    Unit,
    Task,
    Pr,
    Payload,
    Error,
    Run,
    Seq,
}

impl Key {
    /// The key of a name, and whether the name is an alias.
    fn of(name: &str) -> Option<(Key, bool)> {
        Some(match name {
            "type" => (Key::Type, false),
            "time" => (Key::Time, false),
            "unit" => (Key::Unit, false),
            "task" => (Key::Task, false),
            "pr" => (Key::Pr, false),
            "payload" => (Key::Payload, false),
            "error" => (Key::Error, false),
            "run" => (Key::Run, false),
            "seq" => (Key::Seq, false),
            "timestamp" => (Key::Time, true),
            "data" => (Key::Payload, true),
            _ => return None,
        })
    }

    /// The name of a key that a reader which overlooks case would take `name` for.
    fn like(name: &str) -> Option<&'static str> {
        const NAMES: [&str; 11] =
            ["type", "time", "unit", "task", "pr", "payload", "error", "run", "seq", "timestamp", "data"];
        NAMES.into_iter().find(|known| differs_by_case(name, known))
    }

    fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// Fills in a line whose text is known to be UTF-8. The line is written in place: it is too large to
/// be moved about for each one that is read.
pub(crate) fn read(line: &mut Line<'_>, max_depth: usize) -> Result<(), LineError> {
    Envelope { text: line.text, seen: 0, line }.read(max_depth)
}

struct Envelope<'l, 'a> {
    text: &'a str,
    /// The keys met so far, by [`Key::bit`].
    seen: u16,
    line: &'l mut Line<'a>,
}

impl<'a> Envelope<'_, 'a> {
    fn read(mut self, max_depth: usize) -> Result<(), LineError> {
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
            self.line.places.members_end = json.pos;
            self.member(key, at, value)?;
            if json.close_or_comma(b'}', "',' or '}'")? {
                break;
            }
        }
        json.skip_whitespace();
        match json.peek() {
            None => {}
            Some(b'\n' | b'\r') => return Err(json.fault("the end of the line").into()),
            Some(_) => return Err(LineError { kind: LineErrorKind::Trailing, offset: json.pos }),
        }
        self.check_extra_keys()?;
        if self.line.kind.is_empty() {
            return Err(LineError { kind: LineErrorKind::MissingType, offset: self.line.places.members_end });
        }
        Ok(())
    }

    fn member(&mut self, name: Cow<'a, str>, at: usize, value: Span) -> Result<(), LineError> {
        let Some((key, alias)) = Key::of(&name) else {
            if let Some(like) = Key::like(&name) {
                let kind = LineErrorKind::AmbiguousKey { key: name.into_owned(), like };
                return Err(LineError { kind, offset: at });
            }
            self.line.extra.push((name, value));
            return Ok(());
        };
        if self.seen & key.bit() != 0 {
            let kind = LineErrorKind::DuplicateKey { key: name.into_owned() };
            return Err(LineError { kind, offset: at });
        }
        self.seen |= key.bit();
        match key {
            Key::Time => self.line.places.time = Some(value),
            Key::Run => self.line.places.run = Some(value),
            Key::Seq => self.line.places.seq = Some(value),
            _ => {}
        }
        let null = &self.text[value.start..value.end] == "null";
        self.line.places.forgiven |= alias || null;
        if null && key != Key::Type {
            return Ok(());
        }
        match key {
            Key::Type => self.line.kind = self.kind(value)?,
            Key::Time => self.line.time = Some(self.time(value)?),
            Key::Unit => self.line.unit = self.string(value, "unit")?,
            Key::Task => self.line.task = Some(self.integer(value, "task")?),
            Key::Pr => self.line.pr = Some(self.integer(value, "pr")?),
            Key::Payload => self.line.places.payload = Some(value),
            Key::Error => self.line.error = self.string(value, "error")?,
            Key::Run => self.line.run = Some(self.run(value)?),
            Key::Seq => self.line.seq = Some(self.seq(value)?),
        }
        Ok(())
    }

    /// Decoders differ on which of two equal keys they keep, so unknown ones may not repeat either.
    fn check_extra_keys(&self) -> Result<(), LineError> {
        if self.line.extra.len() < 2 {
            return Ok(());
        }
        let mut names = Names::default();
        for (key, value) in &self.line.extra {
            if let (_, false) = names.add(key) {
                let kind = LineErrorKind::DuplicateKey { key: key.to_string() };
                return Err(LineError { kind, offset: value.start });
            }
        }
        Ok(())
    }

    fn unescape(&self, span: StrSpan) -> Cow<'a, str> {
        let raw = &self.text[span.start..span.end];
        if span.escaped { unescape(raw) } else { Cow::Borrowed(raw) }
    }

    fn string(&self, value: Span, key: &'static str) -> Result<Cow<'a, str>, LineError> {
        let text = &self.text[value.start..value.end];
        if !text.starts_with('"') {
            return Err(bad(key, "a string", value));
        }
        let escaped = memchr::memchr(b'\\', text.as_bytes()).is_some();
        Ok(self.unescape(StrSpan { start: value.start + 1, end: value.end - 1, escaped }))
    }

    fn kind(&self, value: Span) -> Result<Cow<'a, str>, LineError> {
        const EXPECTED: &str = "a string of 1 to 128 bytes without white space or control characters";
        let kind = self.string(value, "type")?;
        let fits = (1..=MAX_KIND).contains(&kind.len());
        let plain = |c: char| !c.is_control() && !c.is_whitespace();
        if fits && (kind.bytes().all(|b| b.is_ascii_graphic()) || kind.chars().all(plain)) {
            Ok(kind)
        } else {
            Err(bad("type", EXPECTED, value))
        }
    }

    fn time(&self, value: Span) -> Result<Timestamp, LineError> {
        // Go reads a time before it resolves escapes: a time with one is none.
        let quoted = &self.text[value.start..value.end];
        let text = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| bad("time", "an RFC 3339 time such as 2025-01-18T10:30:15Z", value))
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
