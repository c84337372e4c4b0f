//! State changes as server-sent events: data is a patch.

use super::told::{self, Told};
use crate::core::{Block, Body, Frame, whole};

/// Appends the block.
pub(super) fn write(block: &Block, out: &mut Vec<u8>) {
    told::write(block, false, tell, out);
}

fn tell(frame: &Frame) -> Option<Told> {
    match frame {
        Frame::Event(record) => match (&record.patch, &record.body) {
            (Some(patch), _) => Some(Told::of(patch.json(record.offset))),
            (None, Body::Line { json, .. }) => Told::control(json),
            (None, Body::State(_)) => None,
        },
        Frame::Document { state, version } => Some(Told::of(whole(state, *version))),
        Frame::Control(json) => Told::control(json),
        Frame::Snapshot { .. } => None,
    }
}
