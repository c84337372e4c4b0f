//! A snapshot that is being told, part by part.

use std::collections::VecDeque;

/// The rest of an `orch.snapshot`. Nothing but an answer to a ping comes between its parts, and what is left of
/// it ends with its connection.
#[derive(Debug)]
pub(crate) struct Telling {
    through: u64,
    lines: VecDeque<Vec<u8>>,
    /// Whether a part has been written whole.
    begun: bool,
}

impl Telling {
    /// One that reaches through an event.
    pub(crate) fn new(through: u64, lines: VecDeque<Vec<u8>>) -> Self {
        Telling { through, lines, begun: false }
    }

    /// The next part, to be written.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        self.lines.pop_front()
    }

    /// A part was written whole; answers the event that the snapshot reaches through if it was the last.
    pub(crate) fn finish_part(&mut self) -> Option<u64> {
        self.begun = true;
        self.lines.is_empty().then_some(self.through)
    }

    /// Whether a part has been written whole.
    pub(crate) fn is_begun(&self) -> bool {
        self.begun
    }
}
