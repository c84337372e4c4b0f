//! Lines with their numbers, out of bytes. No I/O.

use choo_protocol::{Frame, Limits, Line, LineDecoder};

/// Cuts an input into lines and validates each, as the hub would.
#[derive(Debug)]
pub(crate) struct Intake {
    decoder: LineDecoder,
    limits: Limits,
    /// The line that the next byte belongs to, from 1.
    number: u64,
}

impl Intake {
    /// At the first byte.
    pub(crate) fn new() -> Self {
        let limits = Limits::default();
        Self { decoder: LineDecoder::new(limits), limits, number: 1 }
    }

    /// Reports every line that `bytes` completes, with its number; blank ones are passed over. `Err` says
    /// what is wrong with a line.
    pub(crate) fn handle_bytes(&mut self, bytes: &[u8], mut on: impl FnMut(u64, Result<Line<'_>, String>)) {
        let Self { decoder, limits, number } = self;
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            decoder.feed(piece, |frame| on(*number, check(frame, limits)));
            if piece.ends_with(b"\n") {
                *number += 1;
            }
        }
    }

    /// Reports a last line that lacks its newline.
    pub(crate) fn handle_end(&mut self, on: impl FnMut(u64, Result<Line<'_>, String>)) {
        self.handle_bytes(b"\n", on);
    }
}

fn check<'a>(frame: Frame<'a>, limits: &Limits) -> Result<Line<'a>, String> {
    let bytes = match frame {
        Frame::Line(bytes) => bytes,
        Frame::Oversized { bytes } => return Err(format!("line of {bytes} bytes is longer than any may be")),
    };
    Line::parse(bytes, limits).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `number: type`, or `number! reason`.
    fn taken(chunks: &[&[u8]]) -> Vec<String> {
        let mut intake = Intake::new();
        let mut taken = Vec::new();
        let mut on = |number, result: Result<Line<'_>, String>| match result {
            Ok(line) => taken.push(format!("{number}: {}", line.kind)),
            Err(why) => taken.push(format!("{number}! {why}")),
        };
        for chunk in chunks {
            intake.handle_bytes(chunk, &mut on);
        }
        intake.handle_end(&mut on);
        taken
    }

    #[test]
    fn lines_have_their_numbers_in_any_chunks() {
        let text = b"{\"type\":\"a\"}\n\n\r\nnot json\n{\"type\":\"b\"}\r\n{\"type\":\"c\"}";
        let expected = ["1: a", "4! not a JSON object: expected ", "5: b", "6: c"];
        let bytewise: Vec<&[u8]> = text.chunks(1).collect();
        for taken in [taken(&[text]), taken(&bytewise)] {
            assert_eq!(taken.len(), expected.len(), "{taken:?}");
            assert!(taken.iter().zip(expected).all(|(line, start)| line.starts_with(start)), "{taken:?}");
        }
    }

    #[test]
    fn an_endless_line_is_one_bad_line() {
        let mut long = vec![b'x'; 17 << 20];
        long.extend_from_slice(b"\n{\"type\":\"a\"}\n");
        let taken = taken(&[&long]);
        assert_eq!(taken, ["1! line of 17825792 bytes is longer than any may be", "2: a"]);
    }
}
