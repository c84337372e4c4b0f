//! Strings as Go's `encoding/json` writes them, so that our lines and the original tool's are alike.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};
use serde_json::value::RawValue;

use crate::plain::plain_prefix;

/// Appends `text` as a JSON string.
///
/// Besides what JSON asks for, `<`, `>`, `&`, U+2028 and U+2029 are escaped, and control characters
/// other than `\n`, `\r`, `\t` are `\u00xx` (Go 1.19, `encoding/json`, `encodeState.string`).
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_fragment(text, out);
    out.push(b'"');
}

fn write_fragment(text: &str, out: &mut Vec<u8>) {
    let mut rest = text.as_bytes();
    loop {
        // 0xE2 begins U+2028 and U+2029, and much that is left as it is.
        let plain = plain_prefix(rest, [b'"', b'\\', b'<', b'>', b'&', 0xE2]);
        out.extend_from_slice(&rest[..plain]);
        rest = &rest[plain..];
        let Some(&byte) = rest.first() else { return };
        let len = match byte {
            b'"' => put(out, b"\\\"", 1),
            b'\\' => put(out, b"\\\\", 1),
            b'\n' => put(out, b"\\n", 1),
            b'\r' => put(out, b"\\r", 1),
            b'\t' => put(out, b"\\t", 1),
            0xE2 if rest.starts_with(b"\xe2\x80\xa8") => put(out, b"\\u2028", 3),
            0xE2 if rest.starts_with(b"\xe2\x80\xa9") => put(out, b"\\u2029", 3),
            0xE2 => put(out, &[byte], 1),
            _ => {
                const HEX: &[u8; 16] = b"0123456789abcdef";
                let hex = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
                put(out, &[b'\\', b'u', b'0', b'0', hex[0], hex[1]], 1)
            }
        };
        rest = &rest[len..];
    }
}

/// Appends `written`, which stands for the next `len` bytes of the text.
fn put(out: &mut Vec<u8>, written: &[u8], len: usize) -> usize {
    out.extend_from_slice(written);
    len
}

/// Appends any value with the same string escapes.
pub(crate) fn write_value<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, GoFormatter))
}

/// Appends ready JSON. A line break in it can only be white space between tokens and becomes a blank,
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

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        let bytes = fragment.as_bytes();
        if !bytes.iter().any(|b| matches!(b, b'<' | b'>' | b'&' | 0xE2)) {
            return writer.write_all(bytes);
        }
        let mut escaped = Vec::with_capacity(bytes.len() + 16);
        write_fragment(fragment, &mut escaped);
        writer.write_all(&escaped)
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        let byte = match escape {
            CharEscape::Quote => b'"',
            CharEscape::ReverseSolidus => b'\\',
            CharEscape::Solidus => b'/',
            CharEscape::Backspace => 8,
            CharEscape::FormFeed => 12,
            CharEscape::LineFeed => b'\n',
            CharEscape::CarriageReturn => b'\r',
            CharEscape::Tab => b'\t',
            CharEscape::AsciiControl(byte) => byte,
        };
        let mut escaped = Vec::with_capacity(6);
        write_fragment(char::from(byte).encode_utf8(&mut [0; 4]), &mut escaped);
        writer.write_all(&escaped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_as_go() {
        let text = "a\"\\/\n\r\t\u{8}\u{c}\u{0}\u{1f}\u{7f}<b>&\u{2028}\u{2029}\u{2027}äß🦀";
        let expected = "\"a\\\"\\\\/\\n\\r\\t\\u0008\\u000c\\u0000\\u001f\u{7f}\\u003cb\\u003e\\u0026\\u2028\\u2029\u{2027}äß🦀\"";
        let mut direct = Vec::new();
        write_string(text, &mut direct);
        assert_eq!(String::from_utf8(direct).unwrap(), expected);
        let mut through_serde = Vec::new();
        write_value(text, &mut through_serde).unwrap();
        assert_eq!(String::from_utf8(through_serde).unwrap(), expected);
        assert_eq!(serde_json::from_str::<String>(expected).unwrap(), text);
    }
}
