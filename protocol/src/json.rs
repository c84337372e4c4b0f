//! A strict JSON scanner (RFC 8259) that checks and measures, and builds nothing.
//!
//! The general parsers disagree with each other on corner cases once a value is skipped rather than
//! read (invalid escapes, lone surrogates, depth, numbers out of range). The one validator needs one
//! answer for every value, read or skipped, so it walks the text itself.

#![expect(clippy::inline_always, reason = "a call costs as much as the token that it reads")]

use crate::finite::is_finite;
use crate::plain::plain_end;
use crate::{LineError, LineErrorKind};

/// Where a problem is, in bytes from the start of the text, and what it is.
///
/// One word, so that results pass in registers: of all that the scanner returns hardly anything is a
/// fault, and moving room for one about took a third of its time.
#[derive(Debug)]
pub(crate) struct Fault(Box<(usize, LineErrorKind)>);

impl Fault {
    #[cold]
    #[inline(never)]
    fn new(offset: usize, kind: LineErrorKind) -> Self {
        Fault(Box::new((offset, kind)))
    }

    pub(crate) fn offset(&self) -> usize {
        self.0.0
    }
}

impl From<Fault> for LineError {
    fn from(fault: Fault) -> Self {
        let (offset, kind) = *fault.0;
        LineError { kind, offset }
    }
}

/// The bytes of a value in the text: `start..end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A string's contents without its quotes, and whether it holds escapes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StrSpan {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) escaped: bool,
}

/// Checks values where they stand: handed the place of one, it answers where that ends.
///
/// Places are passed and returned rather than kept, so that they stay in registers.
#[derive(Clone, Copy)]
pub(crate) struct Checker<'a> {
    text: &'a [u8],
    max_depth: usize,
}

impl<'a> Checker<'a> {
    /// `text` must be valid UTF-8; an object or array may be nested `max_depth` deep.
    pub(crate) fn new(text: &'a str, max_depth: usize) -> Self {
        Checker { text: text.as_bytes(), max_depth }
    }

    /// The byte at a place; behind the end a zero, which stands nowhere in JSON.
    #[inline(always)]
    pub(crate) fn byte(&self, at: usize) -> u8 {
        self.text.get(at).copied().unwrap_or(0)
    }

    /// Skips what JSON calls white space, but for line breaks: one would end the line for a reader.
    #[inline(always)]
    pub(crate) fn skip_whitespace(&self, mut at: usize) -> usize {
        while matches!(self.byte(at), b' ' | b'\t') {
            at += 1;
        }
        at
    }

    #[cold]
    #[inline(never)]
    pub(crate) fn fault(&self, at: usize, expected: &'static str) -> Fault {
        let kind = match self.byte(at) {
            b'\n' | b'\r' => LineErrorKind::LineBreak,
            _ => LineErrorKind::Syntax { expected },
        };
        Fault::new(at, kind)
    }

    /// Checks the value at a place, inside `depth` enclosing containers.
    #[inline(always)]
    pub(crate) fn value(&self, at: usize, depth: usize) -> Result<usize, Fault> {
        match self.byte(at) {
            b'"' => self.string(at).map(|contents| contents.end + 1),
            b'0'..=b'9' | b'-' => self.number(at),
            b'{' => self.object(at, depth + 1),
            b'[' => self.array(at, depth + 1),
            _ => self.literal(at),
        }
    }

    /// Goes through an opening bracket, to the first element or the closing one.
    #[inline(always)]
    fn enter(&self, at: usize, depth: usize) -> Result<usize, Fault> {
        if depth > self.max_depth {
            return Err(Fault::new(at, LineErrorKind::TooDeep { limit: self.max_depth }));
        }
        Ok(self.skip_whitespace(at + 1))
    }

    fn object(&self, at: usize, depth: usize) -> Result<usize, Fault> {
        let mut at = self.enter(at, depth)?;
        if self.byte(at) == b'}' {
            return Ok(at + 1);
        }
        loop {
            let (_, value) = self.key(at)?;
            at = self.value(value, depth)?;
            match self.close_or_comma(at, b'}', "',' or '}'")? {
                Next::Element(next) => at = next,
                Next::End(end) => return Ok(end),
            }
        }
    }

    fn array(&self, at: usize, depth: usize) -> Result<usize, Fault> {
        let mut at = self.enter(at, depth)?;
        if self.byte(at) == b']' {
            return Ok(at + 1);
        }
        loop {
            at = self.value(at, depth)?;
            match self.close_or_comma(at, b']', "',' or ']'")? {
                Next::Element(next) => at = next,
                Next::End(end) => return Ok(end),
            }
        }
    }

    /// A member's name at a place, and where its value begins.
    #[inline(always)]
    pub(crate) fn key(&self, at: usize) -> Result<(StrSpan, usize), Fault> {
        if self.byte(at) != b'"' {
            return Err(self.fault(at, "a quoted key"));
        }
        let key = self.string(at)?;
        let colon = self.skip_whitespace(key.end + 1);
        if self.byte(colon) != b':' {
            return Err(self.fault(colon, "':' after the key"));
        }
        Ok((key, self.skip_whitespace(colon + 1)))
    }

    /// What comes behind an element.
    #[inline(always)]
    pub(crate) fn close_or_comma(&self, at: usize, close: u8, expected: &'static str) -> Result<Next, Fault> {
        let at = self.skip_whitespace(at);
        match self.byte(at) {
            b',' => Ok(Next::Element(self.skip_whitespace(at + 1))),
            byte if byte == close => Ok(Next::End(at + 1)),
            _ => Err(self.fault(at, expected)),
        }
    }

    #[inline(never)]
    fn literal(&self, at: usize) -> Result<usize, Fault> {
        let word: &[u8] = match self.byte(at) {
            b't' => b"true",
            b'f' => b"false",
            b'n' => b"null",
            _ => return Err(self.fault(at, "a value")),
        };
        if !self.rest(at).starts_with(word) {
            return Err(self.fault(at, "true, false or null"));
        }
        Ok(at + word.len())
    }

    fn rest(&self, at: usize) -> &'a [u8] {
        self.text.get(at..).unwrap_or_default()
    }

    /// The contents of the string whose opening quote is at a place.
    #[inline(always)]
    pub(crate) fn string(&self, at: usize) -> Result<StrSpan, Fault> {
        let start = at + 1;
        let end = plain_end(self.text, start, [b'"', b'\\']);
        if self.byte(end) == b'"' {
            return Ok(StrSpan { start, end, escaped: false });
        }
        Ok(StrSpan { start, end: self.escaped(end)?, escaped: true })
    }

    /// The closing quote of a string of which something is at a place that is not plain content.
    #[inline(never)]
    fn escaped(&self, mut at: usize) -> Result<usize, Fault> {
        loop {
            match self.byte(at) {
                b'"' => return Ok(at),
                b'\\' => at = self.escape(at)?,
                _ if at >= self.text.len() => return Err(self.fault(at, "the end of the string")),
                _ => return Err(self.fault(at, "an escaped control character")),
            }
            at = plain_end(self.text, at, [b'"', b'\\']);
        }
    }

    #[inline(always)]
    fn escape(&self, at: usize) -> Result<usize, Fault> {
        match self.byte(at + 1) {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => Ok(at + 2),
            b'u' => self.unicode_escape(at),
            _ => Err(self.fault(at + 1, "an escape character")),
        }
    }

    fn unicode_escape(&self, at: usize) -> Result<usize, Fault> {
        let lone = || Fault::new(at, LineErrorKind::LoneSurrogate);
        match self.hex4(at + 2)? {
            0xD800..=0xDBFF => {
                if !self.rest(at + 6).starts_with(b"\\u") {
                    return Err(lone());
                }
                if (0xDC00..=0xDFFF).contains(&self.hex4(at + 8)?) { Ok(at + 12) } else { Err(lone()) }
            }
            0xDC00..=0xDFFF => Err(lone()),
            _ => Ok(at + 6),
        }
    }

    fn hex4(&self, at: usize) -> Result<u32, Fault> {
        let mut code = 0;
        for at in at..at + 4 {
            let digit = char::from(self.byte(at)).to_digit(16);
            code = code * 16 + digit.ok_or_else(|| self.fault(at, "four hexadecimal digits"))?;
        }
        Ok(code)
    }

    #[inline(always)]
    fn digits(&self, mut at: usize) -> Result<usize, Fault> {
        if !self.byte(at).is_ascii_digit() {
            return Err(self.fault(at, "a digit"));
        }
        while self.byte(at).is_ascii_digit() {
            at += 1;
        }
        Ok(at)
    }

    fn number(&self, start: usize) -> Result<usize, Fault> {
        let mut at = start;
        if self.byte(at) == b'-' {
            at += 1;
        }
        at = if self.byte(at) == b'0' { at + 1 } else { self.digits(at)? };
        match self.byte(at) {
            b'.' | b'e' | b'E' => self.fraction(start, at),
            // It takes 309 digits to leave the range of a double.
            _ if at - start <= 300 => Ok(at),
            _ => self.finite(start, at),
        }
    }

    /// The rest of a number, from its point or exponent on.
    #[inline(never)]
    fn fraction(&self, start: usize, mut at: usize) -> Result<usize, Fault> {
        if self.byte(at) == b'.' {
            at = self.digits(at + 1)?;
        }
        if !matches!(self.byte(at), b'e' | b'E') {
            return if at - start <= 300 { Ok(at) } else { self.finite(start, at) };
        }
        at += 1;
        if matches!(self.byte(at), b'+' | b'-') {
            at += 1;
        }
        at = self.digits(at)?;
        self.finite(start, at)
    }

    #[cold]
    fn finite(&self, start: usize, end: usize) -> Result<usize, Fault> {
        if is_finite(&self.text[start..end]) {
            Ok(end)
        } else {
            Err(Fault::new(start, LineErrorKind::NumberNotFinite))
        }
    }
}

/// What comes behind an element of a container.
pub(crate) enum Next {
    /// Another one, at this place.
    Element(usize),
    /// The closing bracket, in front of this place.
    End(usize),
}

/// A [`Checker`] with a cursor, for those who read what they check.
pub(crate) struct Scanner<'a> {
    check: Checker<'a>,
    pub(crate) pos: usize,
}

impl<'a> Scanner<'a> {
    /// `text` must be valid UTF-8; an object or array may be nested `max_depth` deep.
    pub(crate) fn new(text: &'a str, max_depth: usize) -> Self {
        Scanner { check: Checker::new(text, max_depth), pos: 0 }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.check.text.get(self.pos).copied()
    }

    pub(crate) fn skip_whitespace(&mut self) {
        self.pos = self.check.skip_whitespace(self.pos);
    }

    /// Checks one value that begins at the cursor, inside `depth` enclosing containers.
    pub(crate) fn value(&mut self, depth: usize) -> Result<Span, Fault> {
        let start = self.pos;
        self.pos = self.check.value(start, depth)?;
        Ok(Span { start, end: self.pos })
    }

    /// A member's name with the colon and the white space behind it.
    pub(crate) fn key(&mut self) -> Result<StrSpan, Fault> {
        let (key, value) = self.check.key(self.pos)?;
        self.pos = value;
        Ok(key)
    }

    /// A string at the cursor, which stands on its opening quote.
    pub(crate) fn string(&mut self) -> Result<StrSpan, Fault> {
        let contents = self.check.string(self.pos)?;
        self.pos = contents.end + 1;
        Ok(contents)
    }

    /// After an element: `true` at the closing bracket, `false` after a comma.
    pub(crate) fn close_or_comma(&mut self, close: u8, expected: &'static str) -> Result<bool, Fault> {
        let next = self.check.close_or_comma(self.pos, close, expected)?;
        let end = matches!(next, Next::End(_));
        let (Next::End(at) | Next::Element(at)) = next;
        self.pos = at;
        Ok(end)
    }
}
