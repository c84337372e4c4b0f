//! What a reader needs from the history, and the answer. Whoever answers may have to wait for a disk, so
//! that is nobody whom other readers wait for.

use bytes::Bytes;
use choo_protocol::Timestamp;

use super::channel::Key;
use crate::core::{Block, Core, Fetch, Moment, Page, Since, Step, Subscription};

/// A seat that may be gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SeatId {
    pub(super) reader: usize,
    pub(super) index: usize,
    pub(super) number: u64,
}

/// What a reader needs.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) seat: SeatId,
    pub(crate) key: Key,
    pub(crate) what: Ask,
}

/// What is asked.
#[derive(Debug)]
pub(crate) enum Ask {
    /// How a stream begins.
    Open(Since),
    /// How it goes on, up to an offset.
    More(Box<Subscription>, u64),
}

/// What was found in a turn.
#[derive(Debug)]
pub(crate) enum Looked {
    /// Nothing so far; ask on in another turn.
    Again(Question),
    /// Memory does not have it: the store is to be asked this, and the question goes on with its answer.
    Cold(Question, Fetch),
    Found(Found),
}

/// What goes out, before it is written as it goes to the socket, which takes no turn.
#[derive(Debug)]
pub(crate) struct Found {
    seat: SeatId,
    key: Key,
    block: Option<Block>,
    subscription: Box<Subscription>,
    time: Timestamp,
}

/// What the history says.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) seat: SeatId,
    /// As it goes to the socket.
    pub(crate) pieces: Vec<Bytes>,
    pub(crate) subscription: Box<Subscription>,
}

impl Answer {
    /// How much of it there is.
    pub(crate) fn bytes(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

impl Question {
    /// Looks it up, as far as one turn goes.
    pub(crate) fn look(self, core: &Core, now: Moment) -> Looked {
        let Question { seat, key, what } = self;
        let (mut subscription, until) = match what {
            Ask::Open(since) => {
                let subscription = Box::new(Subscription::new(core, key.selection.clone(), since, now));
                let until = subscription.position();
                (subscription, until)
            }
            Ask::More(subscription, until) => (subscription, until),
        };
        let block = match subscription.poll(core, until, now) {
            Step::Again => {
                return Looked::Again(Question { seat, key, what: Ask::More(subscription, until) });
            }
            Step::Fetch(fetch) => {
                return Looked::Cold(Question { seat, key, what: Ask::More(subscription, until) }, fetch);
            }
            Step::Send(block) => Some(block),
            Step::Idle | Step::End => None,
        };
        Looked::Found(Found { seat, key, block, subscription, time: now.time })
    }

    /// What the store answered.
    pub(crate) fn handle_page(&mut self, page: Page) {
        if let Ask::More(subscription, _) = &mut self.what {
            subscription.handle_page(page);
        }
    }
}

impl Found {
    /// Writes it as it goes to the socket.
    pub(crate) fn encode(self) -> Answer {
        let Found { seat, key, block, subscription, time } = self;
        let encode = |block: Block| key.encoding.encode(key.framing, key.id.as_deref(), &block, time);
        Answer { seat, pieces: block.map(encode).unwrap_or_default(), subscription }
    }
}
