//! The line that is being written, when it does not lie in the ring.

use crate::base::Base;

/// A line made by the outbox, and how much of it is written.
#[derive(Debug)]
pub(crate) struct Begun {
    line: Vec<u8>,
    written: usize,
    pub(crate) what: What,
}

/// What the line is, which decides what follows from its being written whole, or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum What {
    /// `link.hello`.
    Hello,
    /// `link.pong`.
    Pong,
    /// The pinned `orch.started`.
    Started,
    /// `link.lost` of the hole that is being told.
    Lost,
    /// `orch.snapshot` through this event.
    Snapshot(u64),
    /// The line in [`Held`].
    Held,
    /// `link.bye`.
    Bye,
}

/// A line that was begun when the full ring dropped it, and the base without it and what was dropped
/// behind it: if the line has to go out again, a new reader needs the state in front of it.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) seq: u64,
    pub(crate) line: Vec<u8>,
    pub(crate) before: Base,
    /// Whether it was never written whole.
    pub(crate) first: bool,
}

impl Begun {
    pub(crate) fn new(line: Vec<u8>, what: What) -> Self {
        Begun { line, written: 0, what }
    }

    /// The held line, of which the first `written` bytes went out as the ring's.
    pub(crate) fn held(line: Vec<u8>, written: usize) -> Self {
        Begun { line, written, what: What::Held }
    }

    /// Whether a byte of it is written.
    pub(crate) fn is_on_the_wire(&self) -> bool {
        self.written > 0
    }

    /// What is still to be written.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.line[self.written..]
    }

    /// So many more bytes were written.
    pub(crate) fn advance(&mut self, n: usize) {
        self.written += n;
    }
}
