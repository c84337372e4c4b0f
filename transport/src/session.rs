//! What one connection has been told.

use std::collections::VecDeque;

use choo_protocol::LinkPong;

/// Pings that wait for their answer; of more only the latest are answered.
const MAX_PONGS: usize = 8;

/// One connection, as far as it decides what is to be said next.
#[derive(Debug)]
pub(crate) struct Session {
    /// Tells holes which of them this peer has heard of. A new one after each step back.
    pub(crate) number: u64,
    pub(crate) mode: Mode,
    pub(crate) hello_owed: bool,
    pongs: VecDeque<LinkPong>,
    /// The peer has, or has been told the fate of, everything up to this event, unless base reaches
    /// further.
    pub(crate) cursor: u64,
    /// Holes that end by here are known to the peer.
    pub(crate) floor: u64,
    /// Whether the pinned `orch.started` has to be said though its place is no longer in the ring.
    pub(crate) started_owed: bool,
    /// What the peer says it has; it counts from the next line on.
    pub(crate) rewind: Option<u64>,
    pub(crate) bye_said: bool,
}

/// What the peer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Not known yet; nothing but `link.hello` is said.
    Greeting,
    /// It says nothing: a line counts as delivered once written whole.
    OneWay,
    /// A hub that says what it has.
    Acking,
}

impl Session {
    pub(crate) fn new(number: u64) -> Self {
        Session {
            number,
            mode: Mode::Greeting,
            hello_owed: true,
            pongs: VecDeque::new(),
            cursor: 0,
            floor: 0,
            started_owed: false,
            rewind: None,
            bye_said: false,
        }
    }

    /// The stream begins, or begins anew, behind an event.
    pub(crate) fn begin(&mut self, number: u64, mode: Mode, cursor: u64, floor: u64) {
        (self.number, self.mode, self.cursor, self.floor) = (number, mode, cursor, floor);
        (self.started_owed, self.rewind, self.bye_said) = (false, None, false);
    }

    /// An answer is due.
    pub(crate) fn owe_pong(&mut self, pong: LinkPong) {
        if self.pongs.len() == MAX_PONGS {
            self.pongs.pop_front();
        }
        self.pongs.push_back(pong);
    }

    /// The next answer.
    pub(crate) fn next_pong(&self) -> Option<&LinkPong> {
        self.pongs.front()
    }

    /// It was given.
    pub(crate) fn finish_pong(&mut self) {
        self.pongs.pop_front();
    }

    /// Whether something has to be done before the next ordinary line.
    pub(crate) fn is_urgent(&self) -> bool {
        self.hello_owed || !self.pongs.is_empty() || self.rewind.is_some()
    }
}
