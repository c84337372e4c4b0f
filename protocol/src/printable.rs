//! What others wrote, in messages of ours.

/// A text for people to read in a message: quotes, backslashes and whatever is not printable ASCII are
/// escaped as Rust does, so that no key or name plays tricks on a terminal.
pub(crate) fn printable(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '"' | '\\' => shown.extend(['\\', char]),
            ' '..='~' => shown.push(char),
            _ => {
                let code = u32::from(char);
                let len = 6 - code.leading_zeros().min(31).saturating_sub(8) / 4;
                let digits = (0..len).rev().map(|place| code >> (place * 4));
                shown.push_str("\\u{");
                shown.extend(digits.map(|rest| char::from(HEX[rest as usize & 15])));
                shown.push('}');
            }
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn only_printable_characters_are_left() {
        for (text, shown) in [
            ("plain text", "plain text"),
            ("a\"b\\c", "a\\\"b\\\\c"),
            ("\u{0}\n\u{7f}", "\\u{0}\\u{a}\\u{7f}"),
            ("\u{9b}ü\u{202e}🦀", "\\u{9b}\\u{fc}\\u{202e}\\u{1f980}"),
        ] {
            assert_eq!(printable(text), shown);
        }
    }
}
