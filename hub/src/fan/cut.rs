//! Where the bytes of a WebSocket's peer are cut.

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::OpCode;

/// Follows the frames of a peer (RFC 6455, 5.2), since the library does not say whether it holds a part of
/// one. Which frames are allowed is the library's to say.
#[derive(Debug, Default)]
pub(super) struct Cut {
    /// The beginning of a frame's header.
    header: Vec<u8>,
    /// How many bytes of a frame's payload are to come.
    payload: u64,
    /// More frames of a message are to come.
    fragmented: bool,
}

impl Cut {
    /// Whether the bytes so far end where a message does.
    pub(super) fn is_between_messages(&self) -> bool {
        self.header.is_empty() && self.payload == 0 && !self.fragmented
    }

    /// These bytes came.
    pub(super) fn handle_bytes(&mut self, mut bytes: &[u8]) {
        loop {
            let skipped = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
            bytes = &bytes[skipped..];
            self.payload -= skipped as u64;
            let Some((byte, rest)) = bytes.split_first() else { return };
            bytes = rest;
            self.header.push(*byte);
            match FrameHeader::parse(&mut Cursor::new(&self.header)) {
                Ok(None) => {}
                Ok(Some((header, payload))) => {
                    if let OpCode::Data(_) = header.opcode {
                        self.fragmented = !header.is_final;
                    }
                    self.payload = payload;
                    self.header.clear();
                }
                // The library refuses it, too, and the connection ends.
                Err(_) => return,
            }
        }
    }
}
