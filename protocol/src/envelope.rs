//! The reader of a line's top level: which keys there are, and where their values stand.

#![expect(clippy::inline_always, reason = "a call costs as much as the token that it reads")]

use std::borrow::Cow;

use crate::case::differs_by_case;
use crate::json::{Checker, Next, Span, StrSpan};
use crate::names::Names;
use crate::plain::plain_end;
use crate::unescape::unescape;
use crate::{Line, LineError, LineErrorKind, MAX_INTEGER, MAX_KIND, RunId, Timestamp, kind};

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

/// Whether a member of this name is one of the envelope, or may be taken for one.
pub(crate) fn is_taken(name: &str) -> bool {
    Key::of(name).is_some() || Key::like(name).is_some()
}

/// Fills in a line whose text is known to be UTF-8. The line is written in place: it is too large to
/// be moved about for each one that is read.
#[inline(always)]
pub(crate) fn read(line: &mut Line<'_>, max_depth: usize) -> Result<(), LineError> {
    let json = Checker::new(line.text, max_depth);
    Envelope { text: line.text, json, seen: 0, line }.read::<true>()
}

/// How a member begins that has no white space in front of its value: the first eight bytes as one
/// number, of which [`Head::mask`] says how many count.
struct Head {
    word: u64,
    mask: u64,
}

impl Head {
    const fn new(text: &[u8]) -> Self {
        let (mut word, mut mask, mut at) = (0, 0, 0);
        while at < text.len() {
            word |= (text[at] as u64) << (at * 8);
            mask |= 0xff << (at * 8);
            at += 1;
        }
        Head { word, mask }
    }

    #[inline(always)]
    fn begins(&self, word: u64) -> bool {
        word & self.mask == self.word
    }
}

const TYPE: Head = Head::new(b"\"type\":\"");
const TIME: Head = Head::new(b"\"time\":\"");
const UNIT: Head = Head::new(b"\"unit\":\"");
const TASK: Head = Head::new(b"\"task\":");
const PR: Head = Head::new(b"\"pr\":");
const PAYLOAD: Head = Head::new(b"\"payload");
const ERROR: Head = Head::new(b"\"error\":");
const RUN: Head = Head::new(b"\"run\":\"");
const SEQ: Head = Head::new(b"\"seq\":");

struct Envelope<'l, 'a> {
    text: &'a str,
    json: Checker<'a>,
    /// The keys met so far, by [`Key::bit`].
    seen: u16,
    line: &'l mut Line<'a>,
}

impl<'a> Envelope<'_, 'a> {
    /// Members as we and most others write them are known by their first bytes (`KNOWN`). All else, and
    /// all that is wrong, is for [`Envelope::member`], which alone could do.
    #[inline(always)]
    fn read<const KNOWN: bool>(mut self) -> Result<(), LineError> {
        let mut at = self.begin()?;
        let end = loop {
            let end = match if KNOWN { self.known(at) } else { None } {
                Some(end) => end,
                None => self.member(at)?,
            };
            if self.json.byte(end) == b',' && self.json.byte(end + 1) == b'"' {
                at = end + 1;
                continue;
            }
            match self.json.close_or_comma(end, b'}', "',' or '}'")? {
                Next::Element(next) => at = next,
                Next::End(behind) => {
                    self.line.places.members_end = end;
                    break behind;
                }
            }
        };
        if end != self.text.len() {
            self.check_end(end)?;
        }
        if !self.line.extra.is_empty() {
            self.check_extra_keys()?;
        }
        if self.line.kind.is_empty() {
            return Err(LineError { kind: LineErrorKind::MissingType, offset: self.line.places.members_end });
        }
        Ok(())
    }

    /// The place of the first member.
    #[inline(always)]
    fn begin(&self) -> Result<usize, LineError> {
        let start = self.json.skip_whitespace(0);
        match self.json.byte(start) {
            b'{' => {}
            b'"' | b'[' | b't' | b'f' | b'n' | b'-' | b'0'..=b'9' => {
                return Err(LineError { kind: LineErrorKind::NotAnObject, offset: start });
            }
            _ => return Err(self.json.fault(start, "'{'").into()),
        }
        let first = self.json.skip_whitespace(start + 1);
        if self.json.byte(first) == b'}' {
            return Err(LineError { kind: LineErrorKind::MissingType, offset: first });
        }
        Ok(first)
    }

    /// What may follow the object.
    #[cold]
    fn check_end(&self, at: usize) -> Result<(), LineError> {
        let at = self.json.skip_whitespace(at);
        match self.text.as_bytes().get(at) {
            None => Ok(()),
            Some(b'\n' | b'\r') => Err(self.json.fault(at, "the end of the line").into()),
            Some(_) => Err(LineError { kind: LineErrorKind::Trailing, offset: at }),
        }
    }

    /// Reads the member at a place if it is an ordinary one, and says where it ends. Any other is left
    /// alone.
    #[inline(always)]
    fn known(&mut self, at: usize) -> Option<usize> {
        let bytes = self.text.as_bytes();
        let word = u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?);
        let end = if TYPE.begins(word) {
            let start = at + 8;
            let end = plain_end(bytes, start, [b'"', b'\\', b' ', 0x7f]);
            let kind = self.text.get(start..end)?;
            if self.json.byte(end) != b'"' || kind.len().wrapping_sub(1) >= MAX_KIND || !kind.is_ascii() {
                return None;
            }
            self.first(Key::Type)?;
            self.line.kind = Cow::Borrowed(kind);
            end + 1
        } else if TIME.begins(word) {
            let (time, len) = Timestamp::read_prefix(&bytes[at + 8..])?;
            let end = at + 8 + len;
            if self.json.byte(end) != b'"' {
                return None;
            }
            self.first(Key::Time)?;
            self.line.time = Some(time);
            self.line.places.time = Some(Span { start: at + 7, end: end + 1 });
            end + 1
        } else if PAYLOAD.begins(word) {
            let start = at + 10;
            if !bytes[at + 8..].starts_with(b"\":") || !matches!(self.json.byte(start), b'{' | b'[' | b'"') {
                return None;
            }
            let end = self.json.value(start, 1).ok()?;
            self.first(Key::Payload)?;
            self.line.places.payload = Some(Span { start, end });
            end
        } else if UNIT.begins(word) {
            let (unit, end) = self.plain(at + 8).filter(|(unit, _)| !unit.is_empty())?;
            self.first(Key::Unit)?;
            self.line.unit = Cow::Borrowed(unit);
            end
        } else if TASK.begins(word) {
            let (number, end) = self.natural(at + 7)?;
            self.first(Key::Task)?;
            self.line.task = Some(number);
            end
        } else if RUN.begins(word) {
            let (run, end) = self.plain(at + 7)?;
            if !RunId::is_valid(run) {
                return None;
            }
            self.first(Key::Run)?;
            self.line.run = Some(Cow::Borrowed(run));
            self.line.places.run = Some(Span { start: at + 6, end });
            end
        } else if SEQ.begins(word) {
            let (seq, end) = self.natural(at + 6)?;
            let seq = u64::try_from(seq).ok().filter(|seq| *seq > 0)?;
            self.first(Key::Seq)?;
            self.line.seq = Some(seq);
            self.line.places.seq = Some(Span { start: at + 6, end });
            end
        } else if PR.begins(word) {
            let (number, end) = self.natural(at + 5)?;
            self.first(Key::Pr)?;
            self.line.pr = Some(number);
            end
        } else if ERROR.begins(word) && self.json.byte(at + 8) == b'"' {
            let (error, end) = self.plain(at + 9).filter(|(error, _)| !error.is_empty())?;
            self.first(Key::Error)?;
            self.line.error = Cow::Borrowed(error);
            end
        } else {
            return None;
        };
        Some(end)
    }

    /// Notes a key, if it was not there before.
    #[inline(always)]
    fn first(&mut self, key: Key) -> Option<()> {
        let new = self.seen & key.bit() == 0;
        self.seen |= key.bit();
        new.then_some(())
    }

    /// The contents of a string without escapes, and the place behind its closing quote.
    #[inline(always)]
    fn plain(&self, start: usize) -> Option<(&'a str, usize)> {
        let end = plain_end(self.text.as_bytes(), start, [b'"', b'\\']);
        (self.json.byte(end) == b'"').then_some(())?;
        Some((self.text.get(start..end)?, end + 1))
    }

    /// An integer of 1 to 15 digits, and where it ends.
    #[inline(always)]
    fn natural(&self, start: usize) -> Option<(i64, usize)> {
        let (mut number, mut at) = (0, start);
        while self.json.byte(at).is_ascii_digit() && at < start + 16 {
            number = number * 10 + i64::from(self.json.byte(at) - b'0');
            at += 1;
        }
        let len = at - start;
        let fits = (1..=15).contains(&len) && (len == 1 || self.json.byte(start) != b'0');
        (fits && !matches!(self.json.byte(at), b'.' | b'e' | b'E')).then_some((number, at))
    }

    /// Reads any member, and says what is wrong with one that is none.
    #[inline(never)]
    fn member(&mut self, at: usize) -> Result<usize, LineError> {
        let (name, start) = self.json.key(at)?;
        let name = self.unescape(name);
        let end = self.json.value(start, 1)?;
        self.line.places.members_end = end;
        self.named(name, at, Span { start, end })?;
        Ok(end)
    }

    fn named(&mut self, name: Cow<'a, str>, at: usize, value: Span) -> Result<(), LineError> {
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
        let json = &self.text[value.start..value.end];
        let null = json == "null";
        let none = null || json == "\"\"" && matches!(key, Key::Unit | Key::Error);
        self.line.places.forgiven |= alias || none;
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
        let extra = &self.line.extra;
        let mut names = Names::default();
        for (index, (key, value)) in extra.iter().enumerate() {
            // A few are compared faster than they are hashed.
            let repeated = if extra.len() <= 8 {
                extra[..index].iter().any(|(other, _)| other == key)
            } else {
                !names.add(key).1
            };
            if repeated {
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
        Ok(unescape(&self.text[value.start + 1..value.end - 1]))
    }

    fn kind(&self, value: Span) -> Result<Cow<'a, str>, LineError> {
        const EXPECTED: &str = "a string of 1 to 128 bytes without white space or control characters";
        let kind = self.string(value, "type")?;
        if kind::is_well_formed(&kind) { Ok(kind) } else { Err(bad("type", EXPECTED, value)) }
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

#[cfg(test)]
mod tests;
