//! Framing: bytes in any cut, lines out.

use crate::Limits;

/// Splits a byte stream into lines. It never looks inside a line; [`Line::parse`](crate::Line::parse)
/// does.
///
/// Lines end in `\n` or `\r\n`; blank ones are passed over. A line longer than
/// [`Limits::graph_line`] is skipped to its newline and reported as [`Frame::Oversized`]; the
/// decoder then goes on with the next line. It holds at most one unfinished line in memory and takes
/// time linear in what it is fed, however it is cut.
///
/// ```
/// use choo_protocol::{Frame, Limits, LineDecoder};
/// let mut decoder = LineDecoder::new(Limits::default());
/// let mut lines = Vec::new();
/// for chunk in [&b"{\"type\":"[..], b"\"a\"}\n{\"type\":\"b\"}\n{\"ty"] {
///     decoder.feed(chunk, |frame| {
///         if let Frame::Line(line) = frame {
///             lines.push(String::from_utf8_lossy(line).into_owned());
///         }
///     });
/// }
/// assert_eq!(lines, [r#"{"type":"a"}"#, r#"{"type":"b"}"#]);
/// assert_eq!(decoder.finish(), Some(4)); // a torn line, never delivered
/// ```
#[derive(Debug)]
pub struct LineDecoder {
    limit: usize,
    /// The beginning of a line whose newline has not come yet; never longer than `limit` + 1 (a `\r`).
    partial: Vec<u8>,
    /// Bytes of the oversized line being skipped; 0 when none is.
    skipped: u64,
    /// Whether the last of them is a `\r`, which is part of the newline if that comes next.
    skipped_return: bool,
}

/// What the decoder found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// A whole line without its newline.
    Line(&'a [u8]),
    /// A line was longer than the limit and has been skipped to its newline.
    Oversized {
        /// Its length without the newline.
        bytes: u64,
    },
}

impl LineDecoder {
    /// A decoder at the start of a stream; of `limits` only the larger line size matters here.
    pub fn new(limits: Limits) -> Self {
        LineDecoder {
            limit: limits.graph_line.max(limits.line),
            partial: Vec::new(),
            skipped: 0,
            skipped_return: false,
        }
    }

    /// Takes the next bytes and calls `on` for each line that they complete. A line that lies whole in
    /// `chunk` is not copied.
    pub fn feed(&mut self, chunk: &[u8], mut on: impl FnMut(Frame<'_>)) {
        self.split(chunk, &mut on);
    }

    /// Once for all that may be done with the lines: to call it costs a hundredth of validating a line.
    fn split(&mut self, chunk: &[u8], on: &mut dyn FnMut(Frame<'_>)) {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (head, tail) = (&rest[..end], &rest[end + 1..]);
            rest = tail;
            if self.skipped > 0 {
                self.skip(head);
                on(Frame::Oversized { bytes: self.skipped - u64::from(self.skipped_return) });
                self.skipped = 0;
            } else if self.partial.is_empty() {
                self.report(head, on);
            } else {
                let mut line = std::mem::take(&mut self.partial);
                line.extend_from_slice(head);
                self.report(&line, on);
                line.clear();
                // A graph of megabytes comes once; do not keep its room for log lines.
                if line.capacity() <= KEEP {
                    self.partial = line;
                }
            }
        }
        if self.skipped > 0 {
            self.skip(rest);
        } else if self.partial.len() + rest.len() > self.limit + 1 {
            let partial = std::mem::take(&mut self.partial);
            self.skip(&partial);
            self.skip(rest);
        } else {
            self.partial.extend_from_slice(rest);
        }
    }

    fn skip(&mut self, bytes: &[u8]) {
        self.skipped += bytes.len() as u64;
        if let Some(last) = bytes.last() {
            self.skipped_return = *last == b'\r';
        }
    }

    fn report(&self, line: &[u8], on: &mut dyn FnMut(Frame<'_>)) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.len() > self.limit {
            on(Frame::Oversized { bytes: line.len() as u64 });
        } else if !line.iter().all(u8::is_ascii_whitespace) {
            on(Frame::Line(line));
        }
    }

    /// The stream has ended: the length of a last line without newline, if there is one. It is torn
    /// and must not be used. The decoder is then as new.
    pub fn finish(&mut self) -> Option<u64> {
        let torn = std::mem::take(&mut self.partial).len() as u64 + std::mem::take(&mut self.skipped);
        (torn > 0).then_some(torn)
    }
}

/// Capacity worth keeping between lines, in bytes.
const KEEP: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    enum Got {
        Line(Vec<u8>),
        Oversized(u64),
    }

    fn decode(limit: usize, chunks: &[&[u8]]) -> (Vec<Got>, Option<u64>) {
        let limits = Limits { line: limit, graph_line: limit, ..Limits::default() };
        let mut decoder = LineDecoder::new(limits);
        let mut got = Vec::new();
        for chunk in chunks {
            decoder.feed(chunk, |frame| {
                got.push(match frame {
                    Frame::Line(line) => Got::Line(line.to_vec()),
                    Frame::Oversized { bytes } => Got::Oversized(bytes),
                });
            });
        }
        (got, decoder.finish())
    }

    #[test]
    fn every_cut_gives_the_same_lines() {
        let stream = b"{\"a\":1}\r\n\n  \n0123456789012345\n{\"b\":\"\xc3\xa4\"}\nto";
        let whole = decode(12, &[stream]);
        assert_eq!(
            whole,
            (
                vec![
                    Got::Line(b"{\"a\":1}".to_vec()),
                    Got::Oversized(16),
                    Got::Line(b"{\"b\":\"\xc3\xa4\"}".to_vec())
                ],
                Some(2)
            )
        );
        for i in 0..=stream.len() {
            for j in i..=stream.len() {
                assert_eq!(decode(12, &[&stream[..i], &stream[i..j], &stream[j..]]), whole, "{i} {j}");
            }
        }
    }

    #[test]
    fn the_limit_is_exact_and_a_carriage_return_does_not_count() {
        assert_eq!(decode(4, &[b"1234\r\n"]).0, [Got::Line(b"1234".to_vec())]);
        assert_eq!(decode(4, &[b"1234\r", b"\n"]).0, [Got::Line(b"1234".to_vec())]);
        assert_eq!(decode(4, &[b"12345\n6\n"]).0, [Got::Oversized(5), Got::Line(b"6".to_vec())]);
        let oversized: [&[&[u8]]; 4] =
            [&[b"1234567\r\n"], &[b"1234567", b"\r\n"], &[b"1234567\r", b"\n"], &[b"1234567\r", b"", b"\n"]];
        for chunks in oversized {
            assert_eq!(decode(4, chunks).0, [Got::Oversized(7)]);
        }
    }

    #[test]
    fn an_endless_line_takes_no_memory() {
        let mut decoder = LineDecoder::new(Limits { line: 100, graph_line: 100, ..Limits::default() });
        for _ in 0..1000 {
            decoder.feed(&[b'x'; 1000], |_| panic!("no line is complete"));
            assert!(decoder.partial.capacity() <= 1000);
        }
        let mut frames = 0;
        decoder.feed(b"\n", |frame| {
            assert_eq!(frame, Frame::Oversized { bytes: 1_000_000 });
            frames += 1;
        });
        assert_eq!(frames, 1);
    }
}
