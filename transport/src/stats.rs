//! What a pusher has done and is doing.

use std::fmt;
use std::io;

use crate::Delay;

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
    /// Events that were not sent and now never will be.
    pub unsent: u64,
    /// Events sent to a hub that has not said that it stored them.
    pub unacked: u64,
    /// Events dropped before for lack of room or for their size.
    pub lost: u64,
    /// Whether the writer came to its end within the deadline.
    pub finished: bool,
}

impl CloseReport {
    /// Whether every event was sent, and stored if the peer is a hub that says so.
    pub fn is_complete(&self) -> bool {
        self.finished && self.unsent == 0 && self.unacked == 0 && self.lost == 0
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Nobody listens there.
    NoHub,
    /// The attempt took longer than the dial timeout.
    DialTimeout,
    /// The socket may not be used by this user.
    Denied,
    /// The socket belongs to another user, who is not given the run's events.
    ForeignHub {
        /// That user.
        uid: u32,
    },
    /// The peer closed the connection.
    Closed,
    /// The peer took nothing for the stall timeout.
    Stalled,
    /// The system failed in another way.
    System(io::ErrorKind),
}

impl Failure {
    /// What an error of `connect` says.
    pub(crate) fn of_dial(error: &io::Error) -> Failure {
        use io::ErrorKind::{ConnectionRefused, NotConnected, NotFound, PermissionDenied, WouldBlock};
        match error.kind() {
            // WouldBlock: its queue is full, as a hub's is while it starts or hangs. NotConnected is how
            // the same shows once the socket is polled.
            NotFound | ConnectionRefused | WouldBlock | NotConnected => Failure::NoHub,
            PermissionDenied => Failure::Denied,
            kind => Failure::System(kind),
        }
    }

    /// What an error of reading or writing says.
    pub(crate) fn of_transfer(error: &io::Error) -> Failure {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
        match error.kind() {
            BrokenPipe | ConnectionReset | NotConnected => Failure::Closed,
            kind => Failure::System(kind),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NoHub => f.write_str("nobody listens"),
            Failure::DialTimeout => f.write_str("no answer in time"),
            Failure::Denied => f.write_str("permission denied"),
            Failure::ForeignHub { uid } => write!(f, "it belongs to another user, uid {uid}"),
            Failure::Closed => f.write_str("closed by the peer"),
            Failure::Stalled => f.write_str("the peer stopped reading"),
            Failure::System(kind) => write!(f, "{kind}"),
        }
    }
}
