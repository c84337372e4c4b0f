//! Which lines go out.

use choo_protocol::{Event, RunId, Timestamp};

/// How lines are written, and what the pusher says besides them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wire {
    /// Lines name their run and number, and the pusher talks with the hub, so that nothing is lost or
    /// shown twice across connections. Other readers get every line too.
    #[default]
    Full,
    /// The seven members that the original tool writes and nothing else, byte for byte; for its own
    /// daemon and for readers that accept nothing else. What is dropped is only counted, and a new
    /// connection begins with `orch.started` but no snapshot.
    Seed,
}

impl Wire {
    /// Appends the event as a line with its newline.
    pub(crate) fn encode(self, event: &Event, run: &RunId, seq: u64, time: Timestamp, out: &mut Vec<u8>) {
        match self {
            Wire::Full => event.encode(Some(run), Some(seq), time, out),
            Wire::Seed => event.encode_seed(time, out),
        }
    }
}
