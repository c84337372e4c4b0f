//! Ready JSON that becomes part of a line.

use serde_json::value::RawValue;

use crate::escape::write_escape;
use crate::plain::plain_end;

/// A way to append ready JSON to a line.
pub(crate) type WriteRaw = fn(&RawValue, &mut Vec<u8>);

/// Appends it as it is. A line break in it can only be white space between tokens and becomes a blank,
/// since a break would end the line.
pub(crate) fn write_raw(json: &RawValue, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(json.get().as_bytes());
    for byte in &mut out[start..] {
        if matches!(byte, b'\n' | b'\r') {
            *byte = b' ';
        }
    }
}

/// Appends it as Go writes a `json.RawMessage`: without white space between tokens, and with `<`, `>`,
/// `&`, U+2028 and U+2029 escaped. Numbers and escapes that are there keep their spelling (Go 1.19,
/// `encoding/json`, `compact`).
pub(crate) fn write_compact(json: &RawValue, out: &mut Vec<u8>) {
    compact(json.get(), out);
}

/// [`write_compact`] for text that is known to be JSON.
pub(crate) fn compact(json: &str, out: &mut Vec<u8>) {
    let mut rest = json.as_bytes();
    let mut in_string = false;
    while let Some(&byte) = rest.first() {
        let len = match byte {
            b'"' => {
                in_string = !in_string;
                copy(out, rest, 1)
            }
            _ if !in_string => {
                if !byte.is_ascii_whitespace() {
                    out.push(byte);
                }
                1
            }
            b'\\' => copy(out, rest, 2),
            b'<' | b'>' | b'&' | 0xE2 => write_escape(rest, out),
            _ => copy(out, rest, plain_end(rest, 0, [b'"', b'\\', b'<', b'>', b'&', 0xE2]).max(1)),
        };
        rest = &rest[len.min(rest.len())..];
    }
}

fn copy(out: &mut Vec<u8>, from: &[u8], len: usize) -> usize {
    let len = len.min(from.len());
    out.extend_from_slice(&from[..len]);
    len
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_white_space_between_tokens_goes() {
        let json = "\t{ \"a b\\\" <\" :\r\n[ 1.0 , -0e+1, \"\\u003C\\/\u{2028}\u{2027} \" ] } ";
        let mut out = Vec::new();
        compact(json, &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\"a b\\\" \\u003c\":[1.0,-0e+1,\"\\u003C\\/\\u2028\u{2027} \"]}"
        );
    }

    #[test]
    fn no_line_break_gets_out() {
        let json: Box<RawValue> = serde_json::from_str("[1,\r\n 2]").unwrap();
        let mut out = Vec::new();
        write_raw(&json, &mut out);
        assert_eq!(out, b"[1,   2]");
    }
}
