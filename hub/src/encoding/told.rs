//! Streams whose events are not lines: data that each makes of what there is, and a name for what the hub
//! says besides.

use choo_protocol::kind;
use serde_json::Value;

use super::sse;
use crate::core::{Block, Cursor, Frame};

/// An event.
pub(super) struct Told {
    /// None for what the stream is about.
    pub(super) name: Option<&'static str>,
    pub(super) data: Vec<u8>,
}

impl Told {
    /// What the stream is about.
    pub(super) fn of(data: Vec<u8>) -> Self {
        Told { name: None, data }
    }

    /// What the hub says, by its payload.
    pub(super) fn control(json: &[u8]) -> Option<Self> {
        let line: Value = serde_json::from_slice(json).ok()?;
        let name = match line["type"].as_str()? {
            kind::HUB_HELLO => "hello",
            kind::HUB_GAP => "gap",
            kind::HUB_END => END,
            kind::HUB_BYE => "bye",
            kind::LINK_LOST => "lost",
            _ => return None,
        };
        Some(Told { name: Some(name), data: line["payload"].to_string().into_bytes() })
    }
}

/// The name of the last event.
pub(super) const END: &str = "end";

/// What stands behind the id of the last event, so that a reader that comes back has it known that there
/// was nothing more.
pub(crate) const END_MARK: &str = ":end";

/// Appends the block, of each frame what `tell` makes of it. Behind the last event a reader stands where
/// the block ends; behind another one, at its record.
pub(super) fn write(block: &Block, marked: bool, tell: impl Fn(&Frame) -> Option<Told>, out: &mut Vec<u8>) {
    if block.frames.is_empty() {
        out.extend_from_slice(sse::COMMENT);
    }
    let last = block.frames.len().saturating_sub(1);
    for (n, frame) in block.frames.iter().enumerate() {
        let Some(Told { name, data }) = tell(frame) else { continue };
        if let Some(name) = name {
            out.extend_from_slice(format!("event: {name}\n").as_bytes());
        }
        let cursor = match frame {
            _ if n == last => Some(block.cursor),
            Frame::Event(record) => Some(Cursor { offset: record.offset, ..block.cursor }),
            _ => None,
        };
        if let Some(cursor) = cursor {
            let mark = if marked && name == Some(END) { END_MARK } else { "" };
            out.extend_from_slice(format!("id: {cursor}{mark}\n").as_bytes());
        }
        sse::write_data(&data, out);
        out.push(b'\n');
    }
}
