//! What a WebSocket's peer says.

use std::io::{self, Read, Write};

use choo_protocol::{
    Filter, Globs, HubError, Limits, Line, Subscribe, Timestamp, Unsubscribe, control_line, kind,
};
use tungstenite::Message;
use tungstenite::error::{CapacityError, Error, ProtocolError};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};

use super::cut::Cut;
use crate::core::{Cursor, Selection, Since};
use crate::encoding::CloseCode;

/// The longest message that a reader may send, in bytes.
pub(crate) const MESSAGE_BYTES: usize = 512 << 10;

/// The longest name of a subscription, in bytes.
pub(crate) const ID_BYTES: usize = 256;

/// How much room a message has at first, in bytes. Readers say little.
const BUFFER: usize = 256;

/// The inbound half of a WebSocket. What goes out is written elsewhere, since readers share it.
///
/// Readers say little, so nothing is held but while a message is on its way.
#[derive(Debug, Default)]
pub(crate) struct Inbound {
    begun: Option<Box<Begun>>,
}

/// What there is of a message that has not come to its end.
#[derive(Debug)]
struct Begun {
    context: WebSocketContext,
    cut: Cut,
}

/// What a peer wants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wish {
    Subscribe {
        id: Option<Box<str>>,
        selection: Selection,
        since: Since,
    },
    Unsubscribe {
        id: Option<Box<str>>,
        /// Only these; all of it if there are none.
        repositories: Vec<String>,
    },
    /// An answer to a `ping` line, which is a line too.
    Pong,
    /// Something that cannot be read; the connection goes on.
    Bad(HubError),
}

/// What came in.
#[derive(Debug, PartialEq)]
pub(crate) enum Input {
    /// It is alive.
    Sign,
    /// It asks whether we are, with these bytes.
    Ping(bytes::Bytes),
    Wish(Wish),
    /// It closes the connection, or has to be cut off, with this code.
    Close(CloseCode, &'static str),
}

impl Inbound {
    /// Takes bytes, cut anywhere. Behind a [`Input::Close`] nothing more is to be handed in.
    pub(crate) fn handle_bytes(&mut self, bytes: &[u8], take: impl FnMut(Input)) {
        let mut begun = self.begun.take().unwrap_or_else(|| Box::new(Begun::new()));
        begun.cut.handle_bytes(bytes);
        begun.read(bytes, take);
        if !begun.cut.is_between_messages() {
            self.begun = Some(begun);
        }
    }
}

impl Begun {
    fn new() -> Self {
        let config = WebSocketConfig::default()
            .read_buffer_size(BUFFER)
            .write_buffer_size(0)
            .max_write_buffer_size(4096)
            .max_message_size(Some(MESSAGE_BYTES))
            .max_frame_size(Some(MESSAGE_BYTES));
        Begun { context: WebSocketContext::new(Role::Server, Some(config)), cut: Cut::default() }
    }

    fn read(&mut self, bytes: &[u8], mut take: impl FnMut(Input)) {
        let mut pipe = Pipe(bytes);
        loop {
            match self.context.read(&mut pipe) {
                Ok(Message::Text(text)) => {
                    for line in text.as_bytes().split(|b| *b == b'\n').filter(|line| !line.is_empty()) {
                        if let Some(wish) = Wish::read(line) {
                            take(Input::Wish(wish));
                        }
                    }
                    take(Input::Sign);
                }
                Ok(Message::Binary(_)) => {
                    return take(Input::Close(CloseCode::Unsupported, "lines of JSON are text"));
                }
                Ok(Message::Ping(payload)) => take(Input::Ping(payload)),
                Ok(Message::Pong(_)) => take(Input::Sign),
                Ok(Message::Close(_)) => return take(Input::Close(CloseCode::Normal, "")),
                Ok(Message::Frame(_)) => {}
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => return take(refusal(&error)),
            }
        }
    }
}

/// Why a connection cannot go on.
fn refusal(error: &Error) -> Input {
    match error {
        Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Input::Close(CloseCode::TooBig, "a message has at most 512 KiB")
        }
        Error::Utf8(_) => Input::Close(CloseCode::Data, "a text message is UTF-8"),
        Error::Protocol(ProtocolError::UnmaskedFrameFromClient) => {
            Input::Close(CloseCode::Protocol, "frames of a client are masked")
        }
        _ => Input::Close(CloseCode::Protocol, "not a frame of RFC 6455"),
    }
}

impl Wish {
    /// What a line asks for; nothing if it is of a type that means nothing here.
    fn read(line: &[u8]) -> Option<Self> {
        let mut id = None;
        let bad = |kind: &str, message: String, id: Option<String>| {
            Some(Wish::Bad(HubError { kind: kind.to_owned(), message, count: 1, id }))
        };
        let line = match Line::parse(line, &Limits::default()) {
            Ok(line) => line,
            Err(error) => return bad(error.kind.as_str(), error.to_string(), id),
        };
        match &*line.kind {
            kind::SUBSCRIBE => match line.payload::<Subscribe>() {
                Some(Err(error)) => bad("subscribe", error.to_string(), id),
                payload => {
                    let subscribe = payload.and_then(Result::ok).unwrap_or_default();
                    id.clone_from(&subscribe.id);
                    wish(subscribe).map_or_else(|(kind, message)| bad(kind, message, id), Some)
                }
            },
            kind::UNSUBSCRIBE => {
                let unsubscribe = line.payload().and_then(Result::ok).unwrap_or_default();
                let Unsubscribe { id, repositories } = unsubscribe;
                Some(Wish::Unsubscribe { id: id.map(Into::into), repositories })
            }
            "ping" => Some(Wish::Pong),
            _ => None,
        }
    }
}

fn wish(subscribe: Subscribe) -> Result<Wish, (&'static str, String)> {
    let Subscribe { id, run, types, units, repositories, since } = subscribe;
    if id.as_ref().is_some_and(|id| id.len() > ID_BYTES) {
        return Err(("subscribe", format!("an id has at most {ID_BYTES} bytes")));
    }
    let bad = |error: &dyn std::fmt::Display| ("filter", error.to_string());
    let globs = |list: Vec<String>| Globs::parse(list).map_err(|error| bad(&error));
    let mut filter = Filter::all();
    filter.types = globs(types)?;
    filter.units = globs(units)?;
    filter.repositories = globs(repositories)?;
    filter.run = run.map(|run| run.parse()).transpose().map_err(|error| bad(&error))?;
    let since = match since.as_deref() {
        None | Some("snapshot") => Since::Snapshot,
        Some("earliest") => Since::Earliest,
        Some("now") => Since::Now,
        Some(text) => {
            let cursor = text.parse::<Cursor>().map_err(|error| ("cursor", error.to_string()))?;
            Since::Cursor(cursor)
        }
    };
    Ok(Wish::Subscribe { id: id.map(Into::into), selection: Selection::Filter(filter), since })
}

/// `hub.error`, told to the reader whose fault it is.
pub(crate) fn error_line(error: &HubError, time: Timestamp) -> Vec<u8> {
    control_line(kind::HUB_ERROR, time, None, error)
}

/// The bytes that came; what would be written is thrown away.
struct Pipe<'a>(&'a [u8]);

impl Read for Pipe<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.0.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.0.read(buffer)
    }
}

impl Write for Pipe<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use tungstenite::WebSocket;
    use tungstenite::protocol::CloseFrame;
    use tungstenite::protocol::frame::coding::CloseCode as PeerCode;

    use super::*;

    /// The bytes of a client that sends these.
    fn client(messages: Vec<Message>) -> Vec<u8> {
        let mut socket = WebSocket::from_raw_socket(io::Cursor::new(Vec::new()), Role::Client, None);
        for message in messages {
            socket.send(message).unwrap();
        }
        socket.into_inner().into_inner()
    }

    fn inputs(bytes: &[u8], chunk: usize) -> Vec<Input> {
        let (mut inbound, mut got) = (Inbound::default(), Vec::new());
        for part in bytes.chunks(chunk) {
            if !matches!(got.last(), Some(Input::Close(..))) {
                inbound.handle_bytes(part, |input| got.push(input));
            }
        }
        assert!(inbound.begun.is_none() || matches!(got.last(), Some(Input::Close(..))), "{inbound:?}");
        got
    }

    fn wishes(text: &str) -> Vec<Wish> {
        let inputs = inputs(&client(vec![Message::text(text)]), 4096);
        inputs
            .into_iter()
            .filter_map(|input| if let Input::Wish(wish) = input { Some(wish) } else { None })
            .collect()
    }

    #[test]
    fn subscriptions_come_in_any_cut() {
        let line = r#"{"type":"subscribe","payload":{"id":"a","types":["task.*"],"since":"now"}}"#;
        let bytes = client(vec![
            Message::text(line),
            Message::Ping("x".into()),
            Message::text("{\"type\":\"unsubscribe\",\"payload\":{\"id\":\"a\"}}"),
        ]);
        for chunk in [1, 3, 7, 4096] {
            let got = inputs(&bytes, chunk);
            assert!(
                matches!(&got[0], Input::Wish(Wish::Subscribe { id: Some(id), since: Since::Now, .. }) if &**id == "a"),
                "{got:?}"
            );
            assert!(got.contains(&Input::Ping("x".into())));
            assert!(got.contains(&Input::Wish(Wish::Unsubscribe {
                id: Some("a".into()),
                repositories: Vec::new()
            })));
        }
    }

    #[test]
    fn a_message_in_parts_is_held_until_its_last() {
        let frame = |head: u8, payload: &[u8]| {
            let mut frame = vec![head, 0x80 | u8::try_from(payload.len()).unwrap(), 0, 0, 0, 0];
            frame.extend_from_slice(payload);
            frame
        };
        let (text, more, last, ping) = (0x01, 0x00, 0x80, 0x89);
        let frames = [
            frame(text, b"{\"type\":"),
            frame(ping, b"x"),
            frame(more, b"\"pi"),
            frame(more, b""),
            frame(last, b"ng\"}"),
        ];
        let mut inbound = Inbound::default();
        for (n, frame) in frames.iter().enumerate() {
            let mut got = Vec::new();
            inbound.handle_bytes(frame, |input| got.push(input));
            let expected = match n {
                1 => vec![Input::Ping("x".into())],
                4 => vec![Input::Wish(Wish::Pong), Input::Sign],
                _ => Vec::new(),
            };
            assert_eq!((got, inbound.begun.is_none()), (expected, n == 4), "frame {n}");
        }
        for chunk in 1..8 {
            let got = inputs(&frames.concat(), chunk);
            assert_eq!(got, [Input::Ping("x".into()), Input::Wish(Wish::Pong), Input::Sign]);
        }
    }

    #[test]
    fn s3_05_the_other_tools_frame_names_repositories() {
        let got = wishes(
            r#"{"type":"subscribe","timestamp":"2025-01-18T10:30:00Z","data":{"repositories":["o/r","*"]}}"#,
        );
        let [Wish::Subscribe { id: None, selection: Selection::Filter(filter), since: Since::Snapshot }] =
            &got[..]
        else {
            panic!("{got:?}")
        };
        assert_eq!(filter.repositories.iter().count(), 2);
    }

    #[test]
    fn what_cannot_be_read_is_told_and_ends_nothing() {
        for (text, kind) in [
            ("nonsense", "not-an-object"),
            (r#"{"type":"subscribe","payload":{"types":5}}"#, "subscribe"),
            (r#"{"type":"subscribe","payload":{"run":"a b"}}"#, "filter"),
            (r#"{"type":"subscribe","payload":{"since":"yesterday","id":"a"}}"#, "cursor"),
        ] {
            let got = wishes(text);
            assert!(
                matches!(&got[..], [Wish::Bad(error)] if error.kind == kind && error.id.is_some() == text.contains("\"id\"")),
                "{text}: {got:?}"
            );
        }
        assert_eq!(wishes(r#"{"type":"of.tomorrow"}"#), []);
        assert_eq!(wishes(r#"{"type":"ping"}"#), [Wish::Pong]);
    }

    #[test]
    fn s3_16_what_breaks_the_protocol_ends_it_with_a_reason() {
        let close = |bytes: &[u8]| match inputs(bytes, 1 << 16).pop() {
            Some(Input::Close(code, _)) => Some(code),
            _ => None,
        };
        assert_eq!(
            close(&client(vec![Message::text("x".repeat(MESSAGE_BYTES + 1))])),
            Some(CloseCode::TooBig)
        );
        assert_eq!(close(&client(vec![Message::text("x".repeat(MESSAGE_BYTES))])), None);
        assert_eq!(close(&client(vec![Message::binary(vec![1])])), Some(CloseCode::Unsupported));
        assert_eq!(close(b"\x81\x01x"), Some(CloseCode::Protocol), "not masked");
        assert_eq!(close(b"\x83\x80\0\0\0\0"), Some(CloseCode::Protocol), "no such frame");
        assert_eq!(close(b"\x81\x81\0\0\0\0\xff"), Some(CloseCode::Data));
        let bye = CloseFrame { code: PeerCode::Normal, reason: "".into() };
        assert_eq!(close(&client(vec![Message::Close(Some(bye))])), Some(CloseCode::Normal));
    }
}
