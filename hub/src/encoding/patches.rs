//! State changes as server-sent events: data is a patch, and what else there is to say has a name.

use choo_protocol::kind;
use serde_json::Value;

use super::sse;
use crate::core::{Block, Body, Cursor, Frame, whole};

/// Appends the block. Behind the last event of it a reader stands where it ends; behind a patch, at that.
pub(super) fn write(block: &Block, out: &mut Vec<u8>) {
    if block.frames.is_empty() {
        out.extend_from_slice(sse::COMMENT);
    }
    let last = block.frames.len().saturating_sub(1);
    for (n, frame) in block.frames.iter().enumerate() {
        let Some(Told { name, data, offset }) = told(frame) else { continue };
        if let Some(name) = name {
            out.extend_from_slice(format!("event: {name}\n").as_bytes());
        }
        match offset {
            _ if n == last => sse::write_id(block.cursor, out),
            Some(offset) => sse::write_id(Cursor { offset, ..block.cursor }, out),
            None => {}
        }
        sse::write_data(&data, out);
        out.push(b'\n');
    }
}

/// An event.
struct Told {
    /// None for a patch.
    name: Option<&'static str>,
    data: Vec<u8>,
    /// Where a reader stands that has it; none where it cannot resume.
    offset: Option<u64>,
}

fn told(frame: &Frame) -> Option<Told> {
    match frame {
        Frame::Event(record) => match (&record.patch, &record.body) {
            (Some(patch), _) => {
                let data = patch.json(record.offset);
                Some(Told { name: None, data, offset: Some(record.offset) })
            }
            (None, Body::Line { json, .. }) => control(json, Some(record.offset)),
            (None, Body::State(_)) => None,
        },
        Frame::Document { state, version } => {
            Some(Told { name: None, data: whole(state, *version), offset: None })
        }
        Frame::Control(json) => control(json, None),
        Frame::Snapshot { .. } => None,
    }
}

/// What the hub says besides, by its payload.
fn control(json: &[u8], offset: Option<u64>) -> Option<Told> {
    let line: Value = serde_json::from_slice(json).ok()?;
    let name = match line["type"].as_str()? {
        kind::HUB_HELLO => "hello",
        kind::HUB_END => "end",
        kind::HUB_BYE => "bye",
        _ => return None,
    };
    Some(Told { name: Some(name), data: line["payload"].to_string().into_bytes(), offset })
}
