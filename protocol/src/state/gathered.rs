//! A state that comes in parts, which apply together.

use crate::RunState;

/// Tells a state from others: the event it reaches through, or the cursor it stands at.
pub(crate) type Which = (u64, String);

/// What has come of a state.
#[derive(Clone, Debug)]
pub(crate) struct Gathered {
    state: RunState,
    which: Which,
    /// The part that must come next, from 2, and how many there are.
    next: u32,
    parts: u32,
}

/// A part does not follow the one before it. What there was of either state is forgotten.
#[derive(Debug)]
pub(crate) struct Torn;

impl Gathered {
    /// Adds part `part` of `parts` to what `slot` holds; answers with the state when it was the last. A first
    /// one begins anew.
    #[inline(never)]
    pub(crate) fn add(
        slot: &mut Option<Box<Self>>,
        which: Which,
        state: RunState,
        (part, parts): (u32, u32),
    ) -> Result<Option<RunState>, Torn> {
        let gathered = match slot.take() {
            _ if part <= 1 && parts <= 1 => return Ok(Some(state)),
            _ if part <= 1 => Box::new(Gathered { state, which, next: 2, parts }),
            Some(mut before) if before.next == part && before.parts == parts && before.which == which => {
                before.state.merge(state);
                before.next = part.saturating_add(1);
                before
            }
            _ => return Err(Torn),
        };
        if part >= parts {
            return Ok(Some(gathered.state));
        }
        *slot = Some(gathered);
        Ok(None)
    }
}

/// The parts of an `orch.snapshot` that have come, until the last one does. They are no part of a state: its
/// JSON is without them, and states that differ in nothing else are equal.
#[derive(Clone, Debug, Default)]
pub struct PendingSnapshot(pub(super) Option<Box<Gathered>>);

impl PendingSnapshot {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl PartialEq for PendingSnapshot {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
