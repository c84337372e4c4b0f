//! Which lines go out.

#![expect(clippy::inline_always, reason = "after a pause each call of an emit is a page that is not at hand")]

use choo_protocol::{Encoder, Event, RunId, Timestamp};

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
    /// Appends one event as a line with its newline.
    pub(crate) fn encode(self, event: &Event, run: &RunId, seq: u64, time: Timestamp, out: &mut Vec<u8>) {
        LineEncoder::new(run, self).encode(event, seq, time, out);
    }
}

/// Writes the events of one run in one of these forms.
#[derive(Debug)]
pub(crate) enum LineEncoder {
    Full(Encoder),
    Seed,
}

impl LineEncoder {
    pub(crate) fn new(run: &RunId, wire: Wire) -> Self {
        match wire {
            Wire::Full => LineEncoder::Full(Encoder::new(run)),
            Wire::Seed => LineEncoder::Seed,
        }
    }

    /// Appends the event as a line with its newline.
    #[inline(always)]
    pub(crate) fn encode(&mut self, event: &Event, seq: u64, time: Timestamp, out: &mut Vec<u8>) {
        match self {
            LineEncoder::Full(encoder) => encoder.encode(event, seq, time, out),
            LineEncoder::Seed => event.encode_seed(time, out),
        }
    }
}
