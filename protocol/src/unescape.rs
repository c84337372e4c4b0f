//! The contents of a JSON string.

use std::borrow::Cow;

/// Resolves the escapes of a string's contents (without the quotes) in text that the scanner has
/// accepted.
pub(crate) fn unescape(raw: &str) -> Cow<'_, str> {
    let first = next_escape(raw);
    if first == raw.len() {
        return Cow::Borrowed(raw);
    }
    let mut text = String::with_capacity(raw.len());
    let (plain, mut rest) = raw.split_at(first);
    text.push_str(plain);
    while let Some(escape) = rest.as_bytes().get(1) {
        let (character, len) = match escape {
            b'b' => ('\u{8}', 2),
            b'f' => ('\u{c}', 2),
            b'n' => ('\n', 2),
            b'r' => ('\r', 2),
            b't' => ('\t', 2),
            b'u' => code_point(rest.as_bytes()),
            // A quote, a slash or a backslash.
            byte => (char::from(*byte), 2),
        };
        text.push(character);
        rest = rest.get(len..).unwrap_or_default();
        let (plain, escapes) = rest.split_at(next_escape(rest));
        text.push_str(plain);
        rest = escapes;
    }
    Cow::Owned(text)
}

/// Where the next backslash stands; the text's length if there is none.
#[inline(never)]
fn next_escape(text: &str) -> usize {
    memchr::memchr(b'\\', text.as_bytes()).unwrap_or(text.len())
}

/// The character that `rest` begins with, written as one or two `\uXXXX`, and how long that is.
fn code_point(rest: &[u8]) -> (char, usize) {
    let first = unit(rest, 2);
    let (code, len) = if (0xD800..0xDC00).contains(&first) {
        (0x10000 + ((first - 0xD800) << 10) + unit(rest, 8).saturating_sub(0xDC00), 12)
    } else {
        (first, 6)
    };
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), len)
}

/// The four hexadecimal digits at a place.
#[inline(never)]
fn unit(text: &[u8], at: usize) -> u32 {
    let digits = text.get(at..at + 4).unwrap_or_default();
    digits.iter().fold(0, |unit, digit| unit << 4 | char::from(*digit).to_digit(16).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_serde_json() {
        for raw in [
            "",
            "plain ü",
            r"\n",
            r"a\tb",
            r#"\"\\\/"#,
            r"\b\f\n\r\t",
            r"\u0041\u00fc\u2028",
            r"x\ud83e\udd80y",
            r"\u0000",
            r"\\u0041",
            r"end\\",
            r"\uD7FF\uE000\uffff\uDBFF\uDFFF",
        ] {
            let expected: String = serde_json::from_str(&format!("\"{raw}\"")).unwrap();
            assert_eq!(unescape(raw), expected, "{raw}");
        }
    }

    #[test]
    fn without_escapes_nothing_is_copied() {
        assert!(matches!(unescape("plain"), Cow::Borrowed(_)));
    }
}
