//! What a pusher has done and is doing.

use crate::{Delay, Failure, SpoolFailure};

/// A pusher's numbers, all of them since it was started.
///
/// [`Stats::emitted`] is always `sent` + `queued` + [`Stats::lost`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Whether there is a connection.
    pub connected: bool,
    /// Whether the peer is a hub that says what it has stored.
    pub acking: bool,
    /// Whether the peer has not taken a byte for the write timeout though there was something to write.
    pub stalled: bool,
    /// Events emitted; the last `seq`.
    pub emitted: u64,
    /// Events written whole to a connection.
    pub sent: u64,
    /// Events that are still to be sent.
    pub queued: u64,
    /// Bytes of their lines, as far as the writer has them.
    pub queued_bytes: u64,
    /// The last `seq` that has been delivered with all before it: stored by the hub as it says, or
    /// written whole to a peer that says nothing.
    pub acked: u64,
    /// How many events behind that were sent to a hub that has not said yet that it stored them.
    pub unacked: u64,
    /// Events dropped because the buffer was full: bulk first, each class oldest first.
    pub evicted: u64,
    /// Progress events dropped from the full buffer since a later one of the same task waited.
    pub conflated: u64,
    /// Events refused when emitted because the writer did not keep up at all.
    pub refused: u64,
    /// Events refused when emitted because their line would be longer than the wire allows.
    pub oversized: u64,
    /// Events a reader has been told are lost.
    pub announced: u64,
    /// Events that lie in the spool and have not been delivered, some of them sent.
    pub spooled: u64,
    /// Bytes of the spool.
    pub spool_bytes: u64,
    /// Why the spool takes no events at present.
    pub spool_failure: Option<SpoolFailure>,
    /// Connections made.
    pub connections: u64,
    /// Attempts to connect.
    pub dials: u64,
    /// The delay before the next attempt to connect, while there is one.
    pub retry: Option<Delay>,
    /// Why the last attempt or connection failed.
    pub last_failure: Option<Failure>,
}

impl Stats {
    /// Events that will not be sent, for whatever reason.
    pub fn lost(&self) -> u64 {
        self.evicted + self.conflated + self.refused + self.oversized
    }

    /// How often a connection was made after the first.
    pub fn reconnects(&self) -> u64 {
        self.connections.saturating_sub(1)
    }
}

/// What is left when a pusher is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CloseReport {
    /// Events written whole to a connection.
    pub sent: u64,
    /// Events that were not sent, and now never will be unless they are spooled.
    pub unsent: u64,
    /// Events sent to a hub that has not said that it stored them.
    pub unacked: u64,
    /// Events dropped before for lack of room or for their size.
    pub lost: u64,
    /// Events of those that are unsent or not known to be stored which the spool keeps, for the next run or
    /// `choo push --spool` to deliver.
    pub spooled: u64,
    /// Whether the writer came to its end within the deadline.
    pub finished: bool,
}

impl CloseReport {
    /// Whether every event was sent, and stored if the peer is a hub that says so.
    pub fn is_complete(&self) -> bool {
        self.finished && self.unsent == 0 && self.unacked == 0 && self.lost == 0
    }
}
