//! What stands around a piece of a stream on its socket.

use bytes::Bytes;

/// Room in front of a piece for what stands before it.
const HEAD: usize = 10;

/// How the pieces of a stream are told apart on the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Framing {
    /// As chunks of HTTP/1.1 (RFC 9112, 7.1).
    Chunked,
    /// Not at all: the connection's end is the stream's (HTTP/1.0).
    Plain,
    /// As text messages of a WebSocket (RFC 6455, 5.2).
    Message,
}

/// Why a WebSocket is closed (RFC 6455, 7.4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CloseCode {
    /// All was said.
    Normal,
    /// The hub shuts down.
    Away,
    /// The peer broke the protocol.
    Protocol,
    /// It sent what is not text.
    Unsupported,
    /// It sent text that is not UTF-8.
    Data,
    /// It did not answer, or asked for too much.
    Policy,
    /// Its message was too long.
    TooBig,
}

impl CloseCode {
    fn number(self) -> u16 {
        match self {
            CloseCode::Normal => 1000,
            CloseCode::Away => 1001,
            CloseCode::Protocol => 1002,
            CloseCode::Unsupported => 1003,
            CloseCode::Data => 1007,
            CloseCode::Policy => 1008,
            CloseCode::TooBig => 1009,
        }
    }
}

impl Framing {
    /// A buffer for a piece, with room in front for its head.
    pub(crate) fn begin() -> Vec<u8> {
        vec![0; HEAD]
    }

    /// The piece, framed; none if nothing was written to it.
    pub(crate) fn finish(self, mut piece: Vec<u8>) -> Option<Bytes> {
        let length = piece.len() - HEAD;
        if length == 0 {
            return None;
        }
        let from = match self {
            Framing::Plain => HEAD,
            Framing::Chunked => {
                // Leading zeros are allowed, so the size always takes the same room.
                piece[..HEAD].copy_from_slice(format!("{length:08x}\r\n").as_bytes());
                piece.extend_from_slice(b"\r\n");
                0
            }
            Framing::Message => write_head(&mut piece, TEXT, length),
        };
        Some(Bytes::from(piece).slice(from..))
    }

    /// What follows the last piece.
    pub(crate) fn end(self) -> Bytes {
        match self {
            Framing::Chunked => Bytes::from_static(b"0\r\n\r\n"),
            Framing::Plain => Bytes::new(),
            Framing::Message => close_frame(CloseCode::Normal, "the stream has ended"),
        }
    }
}

const TEXT: u8 = 0x1;
const CLOSE: u8 = 0x8;
const PING: u8 = 0x9;
const PONG: u8 = 0xa;

/// A close frame that says why.
pub(crate) fn close_frame(code: CloseCode, reason: &str) -> Bytes {
    let mut payload = code.number().to_be_bytes().to_vec();
    payload.extend_from_slice(reason.as_bytes());
    control_frame(CLOSE, &payload)
}

/// A ping.
pub(crate) fn ping_frame() -> Bytes {
    Bytes::from_static(&[0x80 | PING, 0])
}

/// The answer to a ping.
pub(crate) fn pong_frame(payload: &[u8]) -> Bytes {
    control_frame(PONG, payload)
}

fn control_frame(code: u8, payload: &[u8]) -> Bytes {
    let mut frame = Framing::begin();
    // A control frame's payload has at most 125 bytes.
    frame.extend_from_slice(&payload[..payload.len().min(125)]);
    let length = frame.len() - HEAD;
    let from = write_head(&mut frame, code, length);
    Bytes::from(frame).slice(from..)
}

/// Writes the head of a frame right before the payload and says where it begins. The shortest form is the
/// only right one.
fn write_head(frame: &mut [u8], code: u8, length: usize) -> usize {
    let (mark, bytes) = match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short), _) if short < 126 => (short, 0),
        (_, Ok(_)) => (126, 2),
        _ => (127, 8),
    };
    let from = HEAD - 2 - bytes;
    frame[from] = 0x80 | code;
    frame[from + 1] = mark;
    frame[from + 2..HEAD].copy_from_slice(&(length as u64).to_be_bytes()[8 - bytes..]);
    from
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tungstenite::protocol::Role;
    use tungstenite::{Message, WebSocket};

    use super::*;

    fn piece(framing: Framing, length: usize) -> Bytes {
        let mut piece = Framing::begin();
        piece.extend(std::iter::repeat_n(b'x', length));
        framing.finish(piece).unwrap()
    }

    #[test]
    fn frames_are_what_another_implementation_reads() {
        for length in [1, 125, 126, 127, 65_535, 65_536, 200_000] {
            let bytes = piece(Framing::Message, length);
            let mut socket = WebSocket::from_raw_socket(Cursor::new(bytes.to_vec()), Role::Client, None);
            let Ok(Message::Text(text)) = socket.read() else { panic!("no text of {length}") };
            assert_eq!(text.len(), length);
            assert_eq!(socket.get_ref().position(), bytes.len() as u64, "nothing is left over");
        }
    }

    #[test]
    fn control_frames_are_too() {
        let read = |bytes: Bytes| {
            let mut socket = WebSocket::from_raw_socket(Cursor::new(bytes.to_vec()), Role::Client, None);
            socket.read().unwrap()
        };
        assert_eq!(read(ping_frame()), Message::Ping(Bytes::new()));
        assert_eq!(read(pong_frame(b"abc")), Message::Pong(Bytes::from_static(b"abc")));
        let Message::Close(Some(close)) = read(close_frame(CloseCode::TooBig, "long")) else { panic!() };
        assert_eq!((u16::from(close.code), close.reason.as_str()), (1009, "long"));
    }

    #[test]
    fn chunks_carry_their_length() {
        assert_eq!(piece(Framing::Chunked, 3), &b"00000003\r\nxxx\r\n"[..]);
        assert_eq!(piece(Framing::Plain, 3), &b"xxx"[..]);
        assert_eq!(Framing::Chunked.finish(Framing::begin()), None, "an empty chunk would end it all");
    }
}
