//! Values as Go's `encoding/json` writes them, so that our lines and the original tool's are alike.

use std::io;

use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter};

use crate::float::{write_f32, write_f64};
use crate::plain::plain_end;
use crate::raw::compact;

/// Appends `text` as a JSON string.
///
/// Besides what JSON asks for, `<`, `>`, `&`, U+2028 and U+2029 are escaped, and control characters
/// other than `\n`, `\r`, `\t` are `\u00xx` (Go 1.19, `encoding/json`, `encodeState.string`).
#[cfg_attr(not(target_family = "wasm"), inline)]
pub(crate) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    write_fragment(text, out);
    out.push(b'"');
}

/// What needs an escape. 0xE2 begins U+2028 and U+2029, and much that is left as it is.
const STOPS: [u8; 6] = [b'"', b'\\', b'<', b'>', b'&', 0xE2];

#[cfg_attr(not(target_family = "wasm"), inline)]
fn write_fragment(text: &str, out: &mut Vec<u8>) {
    let text = text.as_bytes();
    let plain = plain_end(text, 0, STOPS);
    out.extend_from_slice(&text[..plain]);
    if plain < text.len() {
        write_rest(text, plain, out);
    }
}

/// Goes on at a character that may need an escape.
#[inline(never)]
fn write_rest(text: &[u8], mut at: usize, out: &mut Vec<u8>) {
    while at < text.len() {
        at += write_escape(&text[at..], out);
        let plain = plain_end(text, at, STOPS);
        out.extend_from_slice(&text[at..plain]);
        at = plain;
    }
}

/// Appends what stands for the first character of `rest`, which may need an escape or may not if it
/// begins with 0xE2; returns how many bytes are done with.
pub(crate) fn write_escape(rest: &[u8], out: &mut Vec<u8>) -> usize {
    match rest[0] {
        b'"' => put(out, b"\\\"", 1),
        b'\\' => put(out, b"\\\\", 1),
        b'\n' => put(out, b"\\n", 1),
        b'\r' => put(out, b"\\r", 1),
        b'\t' => put(out, b"\\t", 1),
        0xE2 if rest.starts_with(b"\xe2\x80\xa8") => put(out, b"\\u2028", 3),
        0xE2 if rest.starts_with(b"\xe2\x80\xa9") => put(out, b"\\u2029", 3),
        0xE2 => put(out, &[0xE2], 1),
        byte => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let hex = [HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]];
            put(out, &[b'\\', b'u', b'0', b'0', hex[0], hex[1]], 1)
        }
    }
}

/// Appends `written`, which stands for the next `len` bytes of the text.
fn put(out: &mut Vec<u8>, written: &[u8], len: usize) -> usize {
    out.extend_from_slice(written);
    len
}

/// Appends any value with the same string escapes, and its numbers as Go writes them.
pub(crate) fn write_value<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> serde_json::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(out, GoFormatter))
}

struct GoFormatter;

impl Formatter for GoFormatter {
    fn write_f32<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f32) -> io::Result<()> {
        write_f32(value, writer)
    }

    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        write_f64(value, writer)
    }

    fn write_raw_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, json: &str) -> io::Result<()> {
        let mut compacted = Vec::with_capacity(json.len());
        compact(json, &mut compacted);
        writer.write_all(&compacted)
    }

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
