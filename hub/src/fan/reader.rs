//! One connection that streams go out by.

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Duration;

use bytes::{Buf, Bytes};

use super::inbound::Inbound;
use crate::encoding::{Encoding, Framing};

/// How much is taken from what waits for a reader, in bytes, before that has left.
pub(crate) const BUDGET: usize = 64 << 10;

/// ... and in how many pieces: as many as one call of the system is given.
pub(crate) const PIECES: usize = 16;

/// A reader: what is on its way to the socket, and the seats it has. All else is shared.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) encoding: Encoding,
    pub(crate) framing: Framing,
    /// What is to be written, begun pieces shortened.
    out: VecDeque<Bytes>,
    /// Its subscriptions.
    pub(crate) seats: Vec<usize>,
    /// The topic it watches, instead.
    pub(super) watch: Option<Watch>,
    /// What comes in by it, if that matters.
    pub(crate) inbound: Option<Inbound>,
    /// What it has not taken of the answers to its questions.
    pub(crate) unsent: Option<Box<Unsent>>,
    /// The socket takes nothing at the moment.
    pub(crate) blocked: bool,
    /// It stands in the queue of those that have something to write.
    pub(crate) queued: bool,
    pub(crate) phase: Phase,
    /// When it came.
    pub(crate) since: Duration,
    /// When its peer last showed that it is there, and when it was last asked.
    pub(crate) heard: Duration,
    pub(crate) pinged: Duration,
}

/// A reader's place at a board.
#[derive(Clone, Copy, Debug)]
pub(super) struct Watch {
    pub(super) board: usize,
    /// The version of the message that it has, or is being given.
    pub(super) had: u64,
}

/// What was looked up for one reader alone, snapshots above all, which may be much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unsent {
    /// How many bytes of it have not left.
    bytes: usize,
    /// How many had not when it was last seen to get on, and when that was.
    seen: (usize, Duration),
}

impl Unsent {
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether there is much of it, and next to nothing of that left in so long a time.
    pub(crate) fn is_stuck(&self, now: Duration, patience: Duration) -> bool {
        self.bytes > BUDGET && self.seen.1 + patience <= now
    }
}

/// Where a connection is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    Open,
    /// Nothing more is added; what is there goes out until this time, then the connection is closed for
    /// writing.
    Ending {
        until: Duration,
    },
    /// It is closed for writing; the peer closes its side, or is cut off at this time.
    Closed {
        until: Duration,
    },
}

impl Reader {
    pub(crate) fn new(encoding: Encoding, framing: Framing, now: Duration) -> Self {
        let inbound = (encoding == Encoding::WebSocket).then(Inbound::default);
        Reader {
            encoding,
            framing,
            out: VecDeque::new(),
            seats: Vec::new(),
            watch: None,
            inbound,
            unsent: None,
            blocked: false,
            queued: false,
            phase: Phase::Open,
            since: now,
            heard: now,
            pinged: now,
        }
    }

    /// Whether all it was given has left.
    pub(crate) fn is_clear(&self) -> bool {
        self.out.is_empty()
    }

    /// Whether it can take more for now.
    pub(crate) fn has_room(&self) -> bool {
        self.out.len() < PIECES && self.bytes() < BUDGET
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        self.out.iter().map(Bytes::len).sum()
    }

    /// How many pieces wait.
    pub(crate) fn pieces(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn push(&mut self, piece: Bytes) {
        if !piece.is_empty() {
            self.out.push_back(piece);
        }
    }

    /// An answer comes to it.
    pub(crate) fn push_answer(&mut self, pieces: Vec<Bytes>, now: Duration) {
        let unsent = self.unsent.get_or_insert_with(|| Box::new(Unsent { bytes: 0, seen: (0, now) }));
        let bytes: usize = pieces.iter().map(Bytes::len).sum();
        unsent.bytes += bytes;
        unsent.seen.0 += bytes;
        for piece in pieces {
            self.push(piece);
        }
    }

    /// What to write next.
    pub(crate) fn slices(&self) -> Slices<'_> {
        let mut slices = [IoSlice::new(&[]); PIECES];
        let mut count = 0;
        for (slice, piece) in slices.iter_mut().zip(&self.out) {
            *slice = IoSlice::new(piece);
            count += 1;
        }
        Slices { slices, count }
    }

    /// So many bytes have been written, of answers as many as it says.
    pub(crate) fn handle_written(&mut self, bytes: usize, now: Duration) -> usize {
        self.advance(bytes);
        let Some(unsent) = &mut self.unsent else { return 0 };
        // Blocks in between count as well: what is left of an answer is never more than what waits.
        let answered = bytes.min(unsent.bytes);
        unsent.bytes -= answered;
        if unsent.bytes + BUDGET <= unsent.seen.0 {
            unsent.seen = (unsent.bytes, now);
        }
        if unsent.bytes == 0 {
            self.unsent = None;
        }
        answered
    }

    fn advance(&mut self, mut bytes: usize) {
        while let Some(front) = self.out.front_mut() {
            if bytes < front.len() {
                front.advance(bytes);
                return;
            }
            bytes -= front.len();
            self.out.pop_front();
        }
    }
}

/// Pieces for one call of the system.
#[derive(Debug)]
pub(crate) struct Slices<'a> {
    slices: [IoSlice<'a>; PIECES],
    count: usize,
}

impl<'a> std::ops::Deref for Slices<'a> {
    type Target = [IoSlice<'a>];

    fn deref(&self) -> &[IoSlice<'a>] {
        &self.slices[..self.count]
    }
}
