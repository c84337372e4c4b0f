//! The line that is being written, when it does not lie in the ring.

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
    /// A part of the `orch.snapshot` that is being told.
    Snapshot,
    /// An event's line that the full ring dropped when it was begun, and whether it was never written
    /// whole. It is no longer anywhere else, but for what base knows of it.
    Held { seq: u64, first: bool },
    /// `link.bye`.
    Bye,
}

impl Begun {
    pub(crate) fn new(line: Vec<u8>, what: What) -> Self {
        Begun { line, written: 0, what }
    }

    /// A dropped line, of which the first `written` bytes went out as the ring's.
    pub(crate) fn held(line: Vec<u8>, written: usize, seq: u64, first: bool) -> Self {
        Begun { line, written, what: What::Held { seq, first } }
    }

    /// The line, if it is an event's that the ring dropped and that was never written whole; and its `seq`.
    pub(crate) fn first_held(&self) -> Option<(u64, &[u8])> {
        match self.what {
            What::Held { seq, first: true } => Some((seq, &self.line)),
            _ => None,
        }
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
