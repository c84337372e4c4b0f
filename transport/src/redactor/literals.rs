//! Secrets as they may stand in a text.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use aho_corasick::AhoCorasick;

use crate::redaction::MIN_SECRET;

/// All forms of all secrets, found in one pass.
#[derive(Debug)]
pub(crate) struct Literals {
    automaton: AhoCorasick,
    /// As much of each form's beginning as tells too much.
    beginnings: AhoCorasick,
    forms: Vec<Form>,
    longest: usize,
}

/// One form, and for each of its prefixes the longest that ends it (Knuth, Morris, Pratt 1977).
#[derive(Debug)]
struct Form {
    bytes: Vec<u8>,
    borders: Vec<usize>,
}

impl Literals {
    /// `None` if there are none.
    ///
    /// # Panics
    ///
    /// Never: the bounds of [`Redaction`](crate::Redaction) are far below those of the automaton.
    pub(crate) fn new(secrets: &[String]) -> Option<Self> {
        let mut forms = BTreeSet::new();
        for secret in secrets {
            let lines = secret.lines().filter(|line| line.len() >= MIN_SECRET);
            for text in lines.chain([secret.as_str()]) {
                forms.extend([text.to_owned(), in_json(text), in_ascii(text, false), in_ascii(text, true)]);
                forms.insert(in_html(&in_json(text)));
            }
        }
        if forms.is_empty() {
            return None;
        }
        let automaton = AhoCorasick::new(&forms);
        let automaton = automaton.expect("all forms together are below 2^31 bytes");
        let longest = forms.iter().map(String::len).max().unwrap_or(0);
        let forms: Vec<Form> = forms.into_iter().map(Form::new).collect();
        let beginnings = AhoCorasick::new(forms.iter().map(|form| &form.bytes[..form.telling()]));
        let beginnings = beginnings.expect("they are shorter than the forms");
        Some(Literals { automaton, beginnings, forms, longest })
    }

    /// Whether one stands in these bytes.
    pub(crate) fn is_in(&self, bytes: &[u8]) -> bool {
        self.automaton.is_match(bytes)
    }

    /// Where they stand, in the order of their ends; each of those that overlap.
    pub(crate) fn find<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.automaton.find_overlapping_iter(text).map(|found| found.range())
    }

    /// How much of the text's end is the beginning of a secret, so much of it that it must not be shown.
    pub(crate) fn begun(&self, text: &[u8]) -> usize {
        // Forms may be thousands and are tried one by one, so only where there is something to find.
        let tail = &text[text.len() - text.len().min(self.reach())..];
        if !self.beginnings.is_match(tail) {
            return 0;
        }
        self.forms.iter().map(|form| form.begun(text)).max().unwrap_or(0)
    }

    /// Bytes of a text that may belong to a secret which goes on in the next.
    pub(crate) fn reach(&self) -> usize {
        self.longest - 1
    }
}

impl Form {
    fn new(text: String) -> Self {
        let bytes = text.into_bytes();
        let mut borders = vec![0; bytes.len()];
        let mut matched = 0;
        for at in 1..bytes.len() {
            while matched > 0 && bytes[at] != bytes[matched] {
                matched = borders[matched - 1];
            }
            matched += usize::from(bytes[at] == bytes[matched]);
            borders[at] = matched;
        }
        Form { bytes, borders }
    }

    fn begun(&self, text: &[u8]) -> usize {
        let Form { bytes, borders } = self;
        let tail = &text[text.len() - text.len().min(bytes.len() - 1)..];
        let mut matched = 0;
        for byte in tail {
            while matched > 0 && (matched == bytes.len() || *byte != bytes[matched]) {
                matched = borders[matched - 1];
            }
            matched += usize::from(*byte == bytes[matched]);
        }
        if matched >= self.telling() { matched } else { 0 }
    }

    /// So many of the first bytes tell too much.
    fn telling(&self) -> usize {
        MIN_SECRET.min(self.bytes.len().div_ceil(2))
    }
}

/// As a JSON string within a text.
fn in_json(text: &str) -> String {
    // A string cannot fail to be written.
    let quoted = serde_json::to_string(text).unwrap_or_default();
    quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default().to_owned()
}

/// The same by writers that keep to ASCII.
fn in_ascii(text: &str, upper: bool) -> String {
    let mut out = String::new();
    for c in in_json(text).chars() {
        if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                // Writing to a text cannot fail.
                let _ = if upper { write!(out, "\\u{unit:04X}") } else { write!(out, "\\u{unit:04x}") };
            }
        }
    }
    out
}

/// The same by writers that keep HTML apart, as Go's.
fn in_html(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(secrets: &[&str]) -> Literals {
        Literals::new(&secrets.iter().map(|secret| (*secret).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn every_form_is_found() {
        let literals = literals(&["a\"\\\nü<😀"]);
        for form in [
            "a\"\\\nü<😀",
            r#"a\"\\\nü<😀"#,
            r#"a\"\\\n\u00fc<\ud83d\ude00"#,
            r#"a\"\\\n\u00FC<\uD83D\uDE00"#,
            r#"a\"\\\nü\u003c😀"#,
        ] {
            let text = format!("x{form}y");
            assert!(literals.find(&text).any(|range| range == (1..1 + form.len())), "{form}");
        }
    }

    #[test]
    fn each_line_of_a_key_file_is_a_secret() {
        let literals = literals(&["-----BEGIN-----\nMIIabc\nxy\n"]);
        assert!(literals.is_in(b"..MIIabc..") && !literals.is_in(b"xyz"));
    }

    #[test]
    fn a_beginning_counts_once_it_tells_too_much() {
        let literals = literals(&["aabaabcd", "wxyz"]);
        for (text, begun) in [
            ("aab", 0),
            ("aaba", 4),
            (".aabaab", 6),
            ("aabaabaab", 6),
            ("aabaabcd", 0),
            ("w", 0),
            ("wx", 2),
            (".wxy", 3),
            ("wxyz", 0),
            ("", 0),
        ] {
            assert_eq!(literals.begun(text.as_bytes()), begun, "{text}");
        }
    }
}
