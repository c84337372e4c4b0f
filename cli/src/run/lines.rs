//! Cuts a process's output into lines of text. No I/O.

/// Takes bytes in any chunks and gives lines: without their end, at most [`MAX_LINE_BYTES`] long, as valid
/// UTF-8.
///
/// A longer line becomes several. Bytes that are not UTF-8 become U+FFFD.
#[derive(Debug, Default)]
pub(crate) struct LineSplitter {
    /// The line begun; never longer than the bound.
    begun: Vec<u8>,
}

impl LineSplitter {
    /// Reports every line that `chunk` completes.
    pub(crate) fn handle_bytes(&mut self, chunk: &[u8], mut on_line: impl FnMut(&str)) {
        let mut rest = chunk;
        while !rest.is_empty() {
            let room = MAX_LINE_BYTES - self.begun.len();
            // One byte further than there is room, for the newline of a line that fits exactly.
            let window = &rest[..rest.len().min(room + 1)];
            if let Some(end) = window.iter().position(|byte| *byte == b'\n') {
                self.begun.extend_from_slice(&rest[..end]);
                rest = &rest[end + 1..];
                self.report(self.begun.len(), &mut on_line);
            } else if rest.len() > room {
                self.begun.extend_from_slice(&rest[..room]);
                rest = &rest[room..];
                self.report(self.cut(), &mut on_line);
            } else {
                self.begun.extend_from_slice(rest);
                rest = &[];
            }
        }
    }

    /// Reports a last line that lacks its newline.
    pub(crate) fn handle_end(&mut self, mut on_line: impl FnMut(&str)) {
        if !self.begun.is_empty() {
            self.report(self.begun.len(), &mut on_line);
        }
    }

    fn report(&mut self, len: usize, on_line: &mut impl FnMut(&str)) {
        let line = &self.begun[..len];
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        on_line(&String::from_utf8_lossy(line));
        self.begun.drain(..len);
    }

    /// How much of a full buffer to report: all of it, but for a character that may go on in the next bytes.
    fn cut(&self) -> usize {
        let len = self.begun.len();
        let tail = len.saturating_sub(4)..len;
        for start in tail.rev() {
            let byte = self.begun[start];
            if byte & 0b1100_0000 == 0b1000_0000 {
                continue;
            }
            let width = match byte {
                0xC2..=0xDF => 2,
                0xE0..=0xEF => 3,
                0xF0..=0xF4 => 4,
                _ => 1,
            };
            return if start + width > len { start } else { len };
        }
        len
    }
}

/// Escaped as JSON, where a byte becomes six at worst, such a line still fits into the 512 KiB of the wire.
pub(crate) const MAX_LINE_BYTES: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn split(chunks: &[&[u8]]) -> Vec<String> {
        let mut splitter = LineSplitter::default();
        let mut lines = Vec::new();
        for chunk in chunks {
            splitter.handle_bytes(chunk, |line| lines.push(line.to_owned()));
        }
        splitter.handle_end(|line| lines.push(line.to_owned()));
        lines
    }

    #[test]
    fn lines_in_any_chunks() {
        let text = "one\n\ntwo\r\nthr\u{e9}e\nlast";
        let expected = ["one", "", "two", "thr\u{e9}e", "last"];
        assert_eq!(split(&[text.as_bytes()]), expected);
        let bytes: Vec<&[u8]> = text.as_bytes().chunks(1).collect();
        assert_eq!(split(&bytes), expected);
        assert!(split(&[]).is_empty());
        assert!(split(&[b"\n"]) == [""]);
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(split(&[b"a\xffb\n\xe2\x82\n"]), ["a\u{fffd}b", "\u{fffd}"]);
    }

    #[test]
    fn a_line_of_exactly_the_bound_is_one_line() {
        let mut line = vec![b'x'; MAX_LINE_BYTES];
        line.extend_from_slice(b"\ny\n");
        let lines = split(&[&line]);
        assert_eq!((lines.len(), lines[0].len(), lines[1].as_str()), (2, MAX_LINE_BYTES, "y"));
    }

    #[test]
    fn a_longer_line_is_split_and_nothing_is_lost() {
        let line = vec![b'x'; 2 * MAX_LINE_BYTES + 3];
        let lens: Vec<usize> = split(&[&line]).iter().map(String::len).collect();
        assert_eq!(lens, [MAX_LINE_BYTES, MAX_LINE_BYTES, 3]);
    }

    #[test]
    fn a_split_never_cuts_a_character() {
        for lead in 0..4 {
            let mut text = "x".repeat(lead);
            while text.len() < 2 * MAX_LINE_BYTES {
                text.push('\u{1F600}');
            }
            let lines = split(&[text.as_bytes()]);
            assert!(lines.iter().all(|line| line.len() <= MAX_LINE_BYTES));
            assert_eq!(lines.concat(), text);
        }
    }

    #[test]
    fn the_longest_line_fits_the_wire() {
        let limits = choo_protocol::Limits::default();
        assert!(MAX_LINE_BYTES * 6 + 4_096 < limits.line);
    }
}
