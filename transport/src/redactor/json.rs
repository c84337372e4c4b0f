//! The texts and numbers of a line, and where in its bytes they stand.

use std::ops::Range;

use memchr::{memchr, memchr2};

/// Something in a line that may have to be replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) what: What,
    pub(crate) place: Place,
    /// Its bytes; of a text those between the quotes.
    pub(crate) at: Range<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    Text,
    Number,
}

/// Where something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Kind,
    Unit,
    Task,
    /// `payload.content`.
    Content,
    /// Elsewhere in the payload, its keys included, and `error`.
    Free,
    /// What the program does not write: time, run and numbers.
    Fixed,
}

/// The texts and numbers of a valid line, in order.
pub(crate) fn tokens(line: &[u8], mut on: impl FnMut(Token)) {
    let mut depth = 0_usize;
    let mut at = 0;
    // The last keys of the line and of the payload.
    let (mut member, mut inner): (&[u8], &[u8]) = (b"", b"");
    while let Some(byte) = line.get(at) {
        match byte {
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b'"' => {
                let start = at + 1;
                let end = text_end(line, start);
                at = end;
                let text = &line[start..end];
                let key = line[(end + 1).min(line.len())..].iter().find(|b| !b.is_ascii_whitespace())
                    == Some(&b':');
                if key && depth == 1 {
                    (member, inner) = (text, b"");
                } else {
                    let place = place(member, if key { b"" } else { inner }, depth);
                    on(Token { what: What::Text, place, at: start..end });
                    if key && depth == 2 {
                        inner = text;
                    }
                }
            }
            b'-' | b'0'..=b'9' => {
                let rest = &line[at..];
                let numeric = |b: &u8| matches!(b, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
                let len = rest.iter().position(|b| !numeric(b)).unwrap_or(rest.len());
                on(Token { what: What::Number, place: place(member, inner, depth), at: at..at + len });
                at += len - 1;
            }
            _ => {}
        }
        at += 1;
    }
}

fn place(member: &[u8], inner: &[u8], depth: usize) -> Place {
    match (member, depth) {
        (b"type", 1) => Place::Kind,
        (b"unit", 1) => Place::Unit,
        (b"task", 1) => Place::Task,
        (b"payload", 2) if inner == b"content" => Place::Content,
        (b"payload", _) | (b"error", 1) => Place::Free,
        _ => Place::Fixed,
    }
}

/// Where a text that begins at `at` ends: at its closing quote.
fn text_end(line: &[u8], mut at: usize) -> usize {
    while let Some(found) = line.get(at..).and_then(|rest| memchr2(b'"', b'\\', rest)) {
        at += found;
        if line[at] == b'"' {
            return at;
        }
        at += 2;
    }
    line.len()
}

/// Appends what the bytes of a text mean.
pub(crate) fn decode(raw: &[u8], out: &mut String) {
    for (_, piece) in pieces(raw) {
        match piece {
            Piece::Plain(plain) => out.push_str(&String::from_utf8_lossy(plain)),
            Piece::Escape(c) => out.push(c),
        }
    }
}

/// The bytes of a text that mean these parts of it; parts are in order and whole characters.
pub(crate) fn raw_ranges(raw: &[u8], ranges: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut out: Vec<Range<usize>> = ranges.iter().map(|_| raw.len()..raw.len()).collect();
    let mut meant = 0;
    for (at, piece) in pieces(raw) {
        let len = match piece {
            Piece::Plain(plain) => plain.len(),
            Piece::Escape(c) => c.len_utf8(),
        };
        for (range, out) in ranges.iter().zip(&mut out) {
            // An escape means one character, so that no part begins or ends within.
            if (meant..meant + len).contains(&range.start) {
                out.start = at.start + range.start - meant;
            }
            if meant < range.end && range.end <= meant + len {
                out.end = if let Piece::Plain(_) = piece { at.start + range.end - meant } else { at.end };
            }
        }
        meant += len;
    }
    out
}

enum Piece<'a> {
    Plain(&'a [u8]),
    Escape(char),
}

fn pieces(raw: &[u8]) -> impl Iterator<Item = (Range<usize>, Piece<'_>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at;
        let rest = raw.get(at..).filter(|rest| !rest.is_empty())?;
        if rest[0] != b'\\' {
            at += memchr(b'\\', rest).unwrap_or(rest.len());
            return Some((start..at, Piece::Plain(&raw[start..at])));
        }
        let (len, c) = escape(rest);
        at = (at + len).min(raw.len());
        Some((start..at, Piece::Escape(c)))
    })
}

/// The escape that begins here: its length and what it means.
fn escape(rest: &[u8]) -> (usize, char) {
    let unit = |rest: &[u8]| {
        let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    match rest.get(1) {
        Some(b'b') => (2, '\u{8}'),
        Some(b'f') => (2, '\u{c}'),
        Some(b'n') => (2, '\n'),
        Some(b'r') => (2, '\r'),
        Some(b't') => (2, '\t'),
        Some(b'u') => {
            let units = [unit(rest), rest.get(6..).and_then(unit)].into_iter().map_while(|unit| unit);
            match char::decode_utf16(units).next() {
                Some(Ok(c)) => (6 * c.len_utf16(), c),
                _ => (6, char::REPLACEMENT_CHARACTER),
            }
        }
        Some(other) => (2, char::from(*other)),
        None => (1, '\\'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_and_numbers_are_found_in_their_places() {
        let line = br#"{"type":"log.stdout","time":"2025","unit":"a","task":-1.5e3,"payload":{"content":"x\"y\\","n":4,"a":{"content":[1,"z"]}},"error":"e","seq":7}"#;
        let mut found = Vec::new();
        tokens(line, |token| {
            let text = std::str::from_utf8(&line[token.at.clone()]).unwrap();
            found.push(format!("{:?} {text}", token.place));
        });
        assert_eq!(
            found,
            [
                "Kind log.stdout",
                "Fixed 2025",
                "Unit a",
                "Task -1.5e3",
                "Free content",
                r#"Content x\"y\\"#,
                "Free n",
                "Free 4",
                "Free a",
                "Free content",
                "Free 1",
                "Free z",
                "Free e",
                "Fixed 7"
            ]
        );
    }

    #[test]
    fn a_payload_that_is_a_text_and_blanks_around_colons() {
        let line = b"{ \"type\" : \"x\" , \"payload\" : \"t\" }";
        let mut found = Vec::new();
        tokens(line, |token| found.push((token.place, token.at)));
        assert_eq!(found, [(Place::Kind, 12..13), (Place::Free, 30..31)]);
    }

    #[test]
    fn escapes_mean_what_serde_says_and_parts_are_found_again() {
        let raw = r#"a\n\u00fc\ud83d\ude00\"\/b\tü"#;
        let mut text = String::new();
        decode(raw.as_bytes(), &mut text);
        assert_eq!(text, serde_json::from_str::<String>(&format!("\"{raw}\"")).unwrap());
        for (start, _) in text.char_indices() {
            for (len, c) in text[start..].char_indices() {
                let range = start..start + len + c.len_utf8();
                let raw = &raw[raw_ranges(raw.as_bytes(), std::slice::from_ref(&range))[0].clone()];
                let mut part = String::new();
                decode(raw.as_bytes(), &mut part);
                assert_eq!(part, text[range]);
            }
        }
    }
}
