//! A strict JSON scanner (RFC 8259) that checks and measures, and builds nothing.
//!
//! The general parsers disagree with each other on corner cases once a value is skipped rather than
//! read (invalid escapes, lone surrogates, depth, numbers out of range). The one validator needs one
//! answer for every value, read or skipped, so it walks the text itself.

use crate::finite::is_finite;
use crate::plain::plain_prefix;
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

pub(crate) struct Scanner<'a> {
    text: &'a [u8],
    pub(crate) pos: usize,
    max_depth: usize,
}

impl<'a> Scanner<'a> {
    /// `text` must be valid UTF-8; an object or array may be nested `max_depth` deep.
    pub(crate) fn new(text: &'a str, max_depth: usize) -> Self {
        Scanner { text: text.as_bytes(), pos: 0, max_depth }
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.text.get(self.pos).copied()
    }

    /// Skips what JSON calls white space, but for line breaks: one would end the line for a reader.
    pub(crate) fn skip_whitespace(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.pos += 1;
        }
    }

    #[cold]
    pub(crate) fn fault(&self, expected: &'static str) -> Fault {
        let kind = match self.peek() {
            Some(b'\n' | b'\r') => LineErrorKind::LineBreak,
            _ => LineErrorKind::Syntax { expected },
        };
        Fault::new(self.pos, kind)
    }

    pub(crate) fn expect(&mut self, byte: u8, expected: &'static str) -> Result<(), Fault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(expected));
        }
        self.pos += 1;
        Ok(())
    }

    /// Checks one value that begins at the cursor, inside `depth` enclosing containers.
    #[inline]
    pub(crate) fn value(&mut self, depth: usize) -> Result<Span, Fault> {
        let start = self.pos;
        self.check(depth)?;
        Ok(Span { start, end: self.pos })
    }

    fn check(&mut self, depth: usize) -> Result<(), Fault> {
        match self.peek() {
            Some(b'"') => self.check_string().map(|_| ()),
            Some(b'{') => self.object(depth + 1),
            Some(b'[') => self.array(depth + 1),
            Some(b't') => self.literal(b"true"),
            Some(b'f') => self.literal(b"false"),
            Some(b'n') => self.literal(b"null"),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.fault("a value")),
        }
    }

    fn enter(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > self.max_depth {
            return Err(Fault::new(self.pos, LineErrorKind::TooDeep { limit: self.max_depth }));
        }
        self.pos += 1;
        self.skip_whitespace();
        Ok(())
    }

    fn object(&mut self, depth: usize) -> Result<(), Fault> {
        self.enter(depth)?;
        if self.peek() == Some(b'}') {
            self.pos += 1;
            return Ok(());
        }
        loop {
            self.key()?;
            self.check(depth)?;
            if self.close_or_comma(b'}', "',' or '}'")? {
                return Ok(());
            }
        }
    }

    /// A member's name with the colon and the white space behind it.
    #[inline]
    pub(crate) fn key(&mut self) -> Result<StrSpan, Fault> {
        if self.peek() != Some(b'"') {
            return Err(self.fault("a quoted key"));
        }
        let key = self.string()?;
        self.skip_whitespace();
        self.expect(b':', "':' after the key")?;
        self.skip_whitespace();
        Ok(key)
    }

    /// After an element: `true` at the closing bracket, `false` after a comma.
    pub(crate) fn close_or_comma(&mut self, close: u8, expected: &'static str) -> Result<bool, Fault> {
        self.skip_whitespace();
        match self.peek() {
            Some(b',') => {
                self.pos += 1;
                self.skip_whitespace();
                Ok(false)
            }
            Some(b) if b == close => {
                self.pos += 1;
                Ok(true)
            }
            _ => Err(self.fault(expected)),
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Fault> {
        self.enter(depth)?;
        if self.peek() == Some(b']') {
            self.pos += 1;
            return Ok(());
        }
        loop {
            self.check(depth)?;
            if self.close_or_comma(b']', "',' or ']'")? {
                return Ok(());
            }
        }
    }

    fn literal(&mut self, word: &'static [u8]) -> Result<(), Fault> {
        if !self.text[self.pos..].starts_with(word) {
            return Err(self.fault("true, false or null"));
        }
        self.pos += word.len();
        Ok(())
    }

    /// A string at the cursor, which stands on its opening quote.
    #[inline]
    pub(crate) fn string(&mut self) -> Result<StrSpan, Fault> {
        let start = self.pos + 1;
        let escaped = self.check_string()?;
        Ok(StrSpan { start, end: self.pos - 1, escaped })
    }

    /// Checks the string at the cursor; `true` if it holds escapes.
    fn check_string(&mut self) -> Result<bool, Fault> {
        self.pos += 1;
        let mut escaped = false;
        loop {
            self.pos += plain_prefix(&self.text[self.pos..], [b'"', b'\\']);
            match self.peek() {
                None => return Err(self.fault("the end of the string")),
                Some(b'"') => {
                    self.pos += 1;
                    return Ok(escaped);
                }
                Some(b'\\') => {
                    escaped = true;
                    self.escape()?;
                }
                Some(_) => return Err(self.fault("an escaped control character")),
            }
        }
    }

    fn escape(&mut self) -> Result<(), Fault> {
        let start = self.pos;
        self.pos += 1;
        match self.peek() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.pos += 1;
                Ok(())
            }
            Some(b'u') => {
                self.pos += 1;
                let lone = || Fault::new(start, LineErrorKind::LoneSurrogate);
                match self.hex4()? {
                    0xD800..=0xDBFF => {
                        if !self.text[self.pos..].starts_with(b"\\u") {
                            return Err(lone());
                        }
                        self.pos += 2;
                        if (0xDC00..=0xDFFF).contains(&self.hex4()?) { Ok(()) } else { Err(lone()) }
                    }
                    0xDC00..=0xDFFF => Err(lone()),
                    _ => Ok(()),
                }
            }
            _ => Err(self.fault("an escape character")),
        }
    }

    fn hex4(&mut self) -> Result<u32, Fault> {
        let mut code = 0;
        for _ in 0..4 {
            let digit = self.peek().and_then(|b| char::from(b).to_digit(16));
            code = code * 16 + digit.ok_or_else(|| self.fault("four hexadecimal digits"))?;
            self.pos += 1;
        }
        Ok(code)
    }

    fn digits(&mut self) -> Result<(), Fault> {
        if !matches!(self.peek(), Some(b'0'..=b'9')) {
            return Err(self.fault("a digit"));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.pos += 1;
        }
        Ok(())
    }

    fn number(&mut self) -> Result<(), Fault> {
        let start = self.pos;
        if self.peek() == Some(b'-') {
            self.pos += 1;
        }
        if self.peek() == Some(b'0') {
            self.pos += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.pos += 1;
            self.digits()?;
        }
        let exponent = matches!(self.peek(), Some(b'e' | b'E'));
        if exponent {
            self.pos += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.pos += 1;
            }
            self.digits()?;
        }
        // Without an exponent it takes 309 digits to leave the range of a double.
        if (exponent || self.pos - start > 300) && !is_finite(&self.text[start..self.pos]) {
            return Err(Fault::new(start, LineErrorKind::NumberNotFinite));
        }
        Ok(())
    }
}
