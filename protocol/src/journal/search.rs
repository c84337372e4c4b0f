//! Whether a text occurs in one of the strings of a line.

use std::borrow::Cow;

use crate::unescape::unescape;

/// What is searched for: ASCII letters match in either case, everything else as it is.
#[derive(Debug)]
pub(super) struct Needle(Vec<u8>);

/// Keys of the envelope whose values nobody searches for by text, but whose digits are everywhere.
const SKIPPED: [&str; 2] = ["time", "run"];

impl Needle {
    /// The empty text is in every line.
    pub(super) fn new(text: &str) -> Self {
        Needle(text.to_ascii_lowercase().into_bytes())
    }

    /// Whether it occurs in a string value of `line`, which is valid JSON in canonical form. Keys, the
    /// time and the run do not count.
    pub(super) fn is_in(&self, line: &str) -> bool {
        if self.0.is_empty() {
            return true;
        }
        // Most lines neither hold the text anywhere nor an escape that could hide it.
        if !self.occurs(line) && memchr::memchr(b'\\', line.as_bytes()).is_none() {
            return false;
        }
        Strings::of(line).any(|text| self.occurs(&text))
    }

    fn occurs(&self, text: &str) -> bool {
        let (text, needle) = (text.as_bytes(), &self.0);
        let first = needle[0];
        let last_start = (text.len() + 1).saturating_sub(needle.len());
        let upper = first.to_ascii_uppercase();
        memchr::memchr2_iter(first, upper, &text[..last_start])
            .any(|at| text[at..at + needle.len()].eq_ignore_ascii_case(needle))
    }
}

/// The string values of a valid JSON object that a person may search for.
struct Strings<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// The value that comes next belongs to a key of the envelope to be passed over.
    skip: bool,
}

impl<'a> Strings<'a> {
    fn of(text: &'a str) -> Self {
        Strings { text, at: 0, depth: 0, skip: false }
    }

    /// The string whose opening quote is at the cursor, unquoted; the cursor moves behind it.
    fn string(&mut self) -> &'a str {
        let start = self.at + 1;
        let bytes = self.text.as_bytes();
        let mut end = start;
        while let Some(found) = memchr::memchr2(b'"', b'\\', bytes.get(end..).unwrap_or_default()) {
            end += found;
            if bytes[end] == b'"' {
                break;
            }
            end += 2;
        }
        self.at = end + 1;
        self.text.get(start..end).unwrap_or_default()
    }

    fn is_key(&self) -> bool {
        let rest = self.text.get(self.at..).unwrap_or_default();
        rest.trim_start_matches([' ', '\t', '\n', '\r']).starts_with(':')
    }
}

impl<'a> Iterator for Strings<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Cow<'a, str>> {
        loop {
            match self.text.as_bytes().get(self.at)? {
                b'"' => {
                    let string = self.string();
                    if self.is_key() {
                        self.skip = self.depth == 1 && SKIPPED.contains(&string);
                    } else if !std::mem::take(&mut self.skip) {
                        return Some(unescape(string));
                    }
                    continue;
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"type":"log.stderr","time":"2025-01-18T10:30:15Z","unit":"app","payload":{"content":"\u003cb\u003e\"Grün\" it\\s \u001b[31mRED\u001b[0m","list":["x","NEEDLE"]},"run":"01JHRUN","seq":7}"#;

    #[test]
    fn values_are_searched_in_either_case_and_without_escapes() {
        for text in ["", "app", "APP", "<b>\"gr", "ün", "it\\s", "red", "needle", "log.std", "\u{1b}[31m"] {
            assert!(Needle::new(text).is_in(LINE), "{text:?}");
        }
    }

    #[test]
    fn keys_times_and_runs_are_not_searched() {
        for text in ["content", "payload", "2025", "01jhrun", "u003c", "seq", "ÜN", "absent", "\"app\""] {
            assert!(!Needle::new(text).is_in(LINE), "{text:?}");
        }
    }

    #[test]
    fn the_same_keys_deeper_down_are_searched() {
        assert!(Needle::new("noon").is_in(r#"{"type":"x","payload":{"time":"noon"}}"#));
        assert!(Needle::new("noon").is_in(r#"{"type":"x","time" : "t", "unit" : "noon"}"#));
    }

    #[test]
    fn a_needle_longer_than_the_line_is_not_in_it() {
        assert!(!Needle::new(&"x".repeat(1000)).is_in(r#"{"type":"x"}"#));
    }
}
