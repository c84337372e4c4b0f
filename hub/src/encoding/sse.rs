//! Server-sent events, as the HTML standard and less exact clients read them.

use choo_protocol::Timestamp;

use super::lines;
use crate::core::{Block, Body, Cursor, Frame};

/// How long `EventSource` waits before it comes back, in milliseconds. No blank line behind it: two
/// clients in use make an event of that.
pub(super) const OPENING: &[u8] = b"retry: 1000\n";

/// What the original daemon's stream begins with (SPEC §9).
pub(super) const NAMED_OPENING: &[u8] = b": connected\n";

/// A sign of life: a comment, and again no blank line.
pub(super) const COMMENT: &[u8] = b":\n";

/// Appends the block, each line as an event, with its cursor as the id.
pub(super) fn write(block: &Block, time: Timestamp, out: &mut Vec<u8>) {
    if block.frames.is_empty() {
        return write_alive(block, time, out);
    }
    // The same for all of a hub's life; to write it anew for each line would cost as much as the line.
    let epoch = block.cursor.epoch.to_string();
    let mut digits = itoa::Buffer::new();
    let items = lines::of(block, time);
    out.reserve(lines::room(&items));
    for item in items {
        if let Some(cursor) = item.cursor {
            for part in ["id: ", &*epoch, ":", digits.format(cursor.offset), "\n"] {
                out.extend_from_slice(part.as_bytes());
            }
        }
        write_data(&item.line, out);
        out.push(b'\n');
    }
}

/// Appends the block as one event whose data is all its lines (`batch=1`).
pub(super) fn write_batch(block: &Block, time: Timestamp, out: &mut Vec<u8>) {
    if block.frames.is_empty() {
        return write_alive(block, time, out);
    }
    write_id(block.cursor, out);
    let items = lines::of(block, time);
    out.reserve(lines::room(&items));
    for item in items {
        write_data(&item.line, out);
    }
    out.push(b'\n');
}

/// Appends the events of the block with their types as names, and nothing of the hub's own (SPEC §9).
pub(super) fn write_named(block: &Block, out: &mut Vec<u8>) {
    if block.frames.is_empty() {
        out.extend_from_slice(COMMENT);
    }
    for frame in &block.frames {
        let Frame::Event(record) = frame else { continue };
        let Body::Line { kind, json, .. } = &record.body else { continue };
        // The validator lets no control characters into types.
        out.extend_from_slice(format!("event: {kind}\n").as_bytes());
        write_data(json, out);
        out.push(b'\n');
    }
}

/// A comment, or a cursor if the reader stands further than it knows.
fn write_alive(block: &Block, time: Timestamp, out: &mut Vec<u8>) {
    if !block.moved {
        return out.extend_from_slice(COMMENT);
    }
    write_id(block.cursor, out);
    write_data(&lines::cursor_line(&block.cursor, None, time), out);
    out.push(b'\n');
}

fn write_id(cursor: Cursor, out: &mut Vec<u8>) {
    use std::io::Write;
    // Writing to memory does not fail.
    let _ = writeln!(out, "id: {cursor}");
}

/// The validator lets no line breaks into a line, so one `data:` holds it.
pub(super) fn write_data(line: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"data: ");
    out.extend_from_slice(line);
    out.push(b'\n');
}
