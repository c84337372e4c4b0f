//! One line is one line; `hub.cursor` ends each block.

use choo_protocol::Timestamp;

use super::lines;
use crate::core::Block;

/// Appends the block. An empty one is told as a cursor all the same, as a sign of life.
pub(super) fn write(block: &Block, time: Timestamp, out: &mut Vec<u8>) {
    let items = lines::of(block, time);
    out.reserve(lines::room(&items));
    for item in items {
        out.extend_from_slice(&item.line);
        out.push(b'\n');
    }
    out.extend_from_slice(&lines::cursor_line(&block.cursor, None, time));
    out.push(b'\n');
}
