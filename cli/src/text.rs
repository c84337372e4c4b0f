//! Text for a terminal: other people's bytes made harmless, durations made readable.

use std::borrow::Cow;
use std::time::Duration;

/// `line` without anything that moves the cursor, sets titles, rings or hides: only printable text, tabs
/// and, with `colours`, colour sequences (closed at the end, so that they do not run into what follows).
pub(crate) fn harmless(line: &str, colours: bool) -> Cow<'_, str> {
    if !line.chars().any(|c| c.is_control() && c != '\t') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + RESET.len());
    let mut coloured = false;
    let mut rest = line;
    while let Some(at) = rest.find(|c: char| c.is_control() && c != '\t') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let sequence = control_len(rest);
        if colours && is_colour(&rest[..sequence]) {
            out.push_str(&rest[..sequence]);
            coloured = true;
        }
        rest = &rest[sequence..];
    }
    out.push_str(rest);
    if coloured && !out.ends_with(RESET) {
        out.push_str(RESET);
    }
    Cow::Owned(out)
}

/// The length of the control character or escape sequence that `text` begins with.
fn control_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    match (bytes.first(), bytes.get(1)) {
        (Some(0x1b), Some(b'[')) => {
            let end = bytes.iter().skip(2).position(|byte| !(0x20..0x40).contains(byte));
            // A sequence ends with its final byte; anything else there is not part of it.
            end.map_or(text.len(), |end| 2 + end + usize::from((0x40..0x7f).contains(&bytes[2 + end])))
        }
        // Strings addressed to the terminal: titles, links, and worse.
        (Some(0x1b), Some(b']' | b'P' | b'X' | b'^' | b'_')) => {
            let bell = text.find('\u{7}').map(|at| at + 1);
            let terminator = text.find("\u{1b}\\").map(|at| at + 2);
            bell.into_iter().chain(terminator).min().unwrap_or(text.len())
        }
        (Some(0x1b), Some(0x20..0x7f)) => 2,
        _ => text.chars().next().map_or(0, char::len_utf8),
    }
}

fn is_colour(sequence: &str) -> bool {
    sequence
        .strip_prefix("\u{1b}[")
        .and_then(|rest| rest.strip_suffix('m'))
        .is_some_and(|parameters| parameters.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b';' | b':')))
}

/// A duration at the precision that matters: `0.4s`, `12.3s`, `4m05s`, `1h02m`.
pub(crate) fn human(duration: Duration) -> String {
    let secs = duration.as_secs();
    match secs {
        0..60 => format!("{:.1}s", duration.as_secs_f64().min(59.9)),
        60..3_600 => format!("{}m{:02}s", secs / 60, secs % 60),
        _ => format!("{}h{:02}m", secs / 3_600, secs / 60 % 60),
    }
}

/// `1 unit`, `2 units`.
pub(crate) fn count(number: impl TryInto<u64>, noun: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

const RESET: &str = "\u{1b}[0m";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_stay_or_go_as_asked() {
        let line = "\u{1b}[1;31merror\u{1b}[0m: x\u{1b}[38:5:2m";
        assert_eq!(harmless(line, true), "\u{1b}[1;31merror\u{1b}[0m: x\u{1b}[38:5:2m\u{1b}[0m");
        assert_eq!(harmless(line, false), "error: x");
        assert!(matches!(harmless("plain\ttext ü", true), Cow::Borrowed(_)));
    }

    #[test]
    fn whatever_else_speaks_to_the_terminal_goes() {
        for (line, expected) in [
            ("a\u{1b}[2Jb\u{1b}[10;5Hc", "abc"),
            ("a\u{1b}]0;title\u{7}b", "ab"),
            ("a\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\b", "alinkb"),
            ("10%\r20%\u{8}\u{7}\n", "10%20%"),
            ("a\u{1b}cb\u{9b}2Jc", "ab2Jc"),
            ("never ends \u{1b}]0;title", "never ends "),
            ("never ends \u{1b}[12;", "never ends "),
            ("cut \u{1b}", "cut "),
            ("cut \u{1b}[1ü", "cut ü"),
            ("\u{1b}ü", "ü"),
        ] {
            assert_eq!(harmless(line, true), expected, "{line:?}");
        }
    }

    #[test]
    fn durations_are_short() {
        for (millis, expected) in
            [(0, "0.0s"), (420, "0.4s"), (59_999, "59.9s"), (245_000, "4m05s"), (3_725_000, "1h02m")]
        {
            assert_eq!(human(Duration::from_millis(millis)), expected);
        }
        assert_eq!((count(1_u32, "unit"), count(0_usize, "unit")), ("1 unit".into(), "0 units".into()));
    }
}
