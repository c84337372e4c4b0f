//! A block as lines of the wire, as every encoding carries them.

use std::borrow::Cow;

use choo_protocol::{HubCursor, RunState, Timestamp, control_line, kind, snapshot_line};

use crate::core::{Block, Body, Cursor, Frame};

/// One line of a block.
pub(super) struct Item<'a> {
    /// Without its newline.
    pub(super) line: Cow<'a, [u8]>,
    /// Where a reader stands that has it; none where it cannot resume.
    pub(super) cursor: Option<Cursor>,
}

/// The lines of a block that is sent at `time`. Behind the last one a reader stands where the block
/// ends: what follows it in the history has been looked at, too.
pub(super) fn of(block: &Block, time: Timestamp) -> Vec<Item<'_>> {
    let mut items = Vec::with_capacity(block.frames.len());
    for frame in &block.frames {
        match frame {
            Frame::Event(record) => {
                if let Body::Line { json, .. } = &record.body {
                    let cursor = Some(Cursor { offset: record.offset, ..block.cursor });
                    items.push(Item { line: Cow::Borrowed(json), cursor });
                }
            }
            Frame::Control(json) => items.push(Item { line: Cow::Borrowed(json), cursor: None }),
            // Only readers of patches get those.
            Frame::Document { .. } => {}
            Frame::Snapshot { state, cursor } => {
                let parts = state.parts(RunState::PART_BYTES);
                let cursor = cursor.to_string();
                for (n, part) in parts.iter().enumerate() {
                    let line = snapshot_line(&state.run, &cursor, n + 1, parts.len(), part, time);
                    items.push(Item { line: Cow::Owned(line), cursor: None });
                }
            }
        }
    }
    if let Some(last) = items.last_mut() {
        last.cursor = Some(block.cursor);
    }
    items
}

/// About how many bytes they take, for room to be made at once: a large state otherwise has twice the room that
/// it needs, as long as its reader takes to read it.
pub(super) fn room(items: &[Item<'_>]) -> usize {
    /// A cursor, and what names it.
    const AROUND: usize = 64;
    items.iter().map(|item| item.line.len() + AROUND).sum::<usize>() + 2 * AROUND
}

/// The line that tells where a reader stands, and which of its subscriptions is meant.
pub(super) fn cursor_line(cursor: &dyn std::fmt::Display, id: Option<&str>, time: Timestamp) -> Vec<u8> {
    let cursor = HubCursor { cursor: cursor.to_string(), id: id.map(str::to_owned) };
    control_line(kind::HUB_CURSOR, time, None, &cursor)
}
