//! The three forms of a stream as their readers take them apart.

use serde_json::json;

use crate::encoding::{Encoding, Framing};

#[derive(Clone, Copy, Debug)]
pub(super) struct Form(pub(super) Encoding, pub(super) Framing);

pub(super) const NDJSON: Form = Form(Encoding::Ndjson, Framing::Chunked);
pub(super) const SSE: Form = Form(Encoding::Sse, Framing::Plain);
pub(super) const WEBSOCKET: Form = Form(Encoding::WebSocket, Framing::Message);

/// A client's frame; a mask of zeros leaves the text as it is.
pub(super) fn frame(code: u8, text: &str) -> Vec<u8> {
    let length = text.len();
    let mut frame = vec![0x80 | code];
    match u8::try_from(length) {
        Ok(short) if short < 126 => frame.push(0x80 | short),
        _ if length < 1 << 16 => {
            frame.push(0xfe);
            frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            frame.push(0xff);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

pub(super) fn subscribe(id: &str, since: &str, types: &[&str]) -> Vec<u8> {
    frame(1, &json!({"type": "subscribe", "payload": {"id": id, "since": since, "types": types}}).to_string())
}

/// Takes whole pieces off what came, the framing aside: text for responses, messages for a WebSocket.
pub(super) fn pieces(form: Form, got: &mut Vec<u8>) -> Vec<String> {
    let mut pieces = Vec::new();
    while let Some((from, to, end)) = piece(form, got) {
        if !matches!((form.1, got[0] & 0xf), (Framing::Message, 8..)) {
            pieces.push(String::from_utf8(got[from..to].to_vec()).unwrap());
        }
        got.drain(..end);
    }
    pieces
}

pub(super) fn piece(Form(_, framing): Form, got: &[u8]) -> Option<(usize, usize, usize)> {
    match framing {
        Framing::Plain => {
            // Up to the last line that is whole.
            let end = got.iter().rposition(|b| *b == b'\n')? + 1;
            Some((0, end, end))
        }
        Framing::Chunked => {
            let head = got.windows(2).position(|two| two == b"\r\n")?;
            let size = usize::from_str_radix(std::str::from_utf8(&got[..head]).unwrap(), 16).unwrap();
            let from = head + 2;
            (got.len() >= from + size + 2).then_some((from, from + size, from + size + 2))
        }
        Framing::Message => {
            let (head, size) = match got.get(1)? {
                126 => (4, u64::from(u16::from_be_bytes(got.get(2..4)?.try_into().unwrap()))),
                127 => (10, u64::from_be_bytes(got.get(2..10)?.try_into().unwrap())),
                short => (2, u64::from(*short)),
            };
            let end = head + usize::try_from(size).unwrap();
            (got.len() >= end).then_some((head, end, end))
        }
    }
}

/// An event of SSE.
#[derive(Debug, Default)]
pub(super) struct ServerEvent {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) data: Option<String>,
}

/// Takes a response of SSE apart, as far as the hub makes use of its syntax: nothing else may occur.
#[derive(Debug, Default)]
pub(super) struct ServerEvents {
    /// What of an event has come.
    begun: ServerEvent,
}

impl ServerEvents {
    /// Takes whole events off what came.
    pub(super) fn take(&mut self, form: Form, got: &mut Vec<u8>) -> Vec<ServerEvent> {
        let mut events = Vec::new();
        for text in pieces(form, got) {
            for line in text.lines() {
                match line.split_once(": ") {
                    Some(("id", id)) => self.begun.id = Some(id.to_owned()),
                    Some(("event", name)) => self.begun.name = Some(name.to_owned()),
                    Some(("data", data)) => self.begun.data = Some(data.to_owned()),
                    None if line.is_empty() => events.push(std::mem::take(&mut self.begun)),
                    None if line == ":" => {}
                    _ => panic!("{line}"),
                }
            }
        }
        events
    }
}
