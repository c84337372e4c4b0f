//! A snapshot that comes in parts, which apply together.

use crate::{HubSnapshot, RunState};

#[derive(Debug)]
pub(super) struct Parts {
    state: RunState,
    cursor: String,
    /// The part that must come next, from 2.
    next: u32,
}

impl Parts {
    /// Adds a part to what `slot` holds; answers with the state when it was the last. A part that does
    /// not follow the one before it belongs to a snapshot that was torn, which is forgotten.
    pub(super) fn add(slot: &mut Option<Parts>, snapshot: HubSnapshot) -> Option<RunState> {
        let HubSnapshot { cursor, state, part, parts, .. } = snapshot;
        let gathered = match slot.take() {
            _ if part <= 1 => Parts { state, cursor, next: 2 },
            Some(mut before) if before.next == part && before.cursor == cursor => {
                before.state.merge(state);
                before.next = part.saturating_add(1);
                before
            }
            _ => return None,
        };
        if part >= parts {
            return Some(gathered.state);
        }
        *slot = Some(gathered);
        None
    }
}
