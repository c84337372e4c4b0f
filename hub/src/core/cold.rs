//! What a reader has got from the store and not taken yet.

use std::collections::VecDeque;
use std::sync::Arc;

use choo_protocol::RunId;

use super::history::Record;
use super::hub::Core;
use super::saved::{Fetch, Hole, HoleReason, Page, Piece};

/// A page of the store, being read. Behind its end the history may go on in the store or in memory.
#[derive(Debug, Default)]
pub(super) struct Cold {
    pieces: VecDeque<Piece>,
    /// Where a reader stands that has read all of it; 0 without a page.
    through: u64,
}

impl Cold {
    /// The answer to a question.
    pub(super) fn handle_page(&mut self, page: Page) {
        self.pieces.extend(page.pieces);
        self.through = page.through;
    }

    /// Whether something of the page is left.
    pub(super) fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Takes the end of a page that has been read: the offset it ended at.
    pub(super) fn take_end(&mut self) -> Option<u64> {
        (self.pieces.is_empty() && self.through > 0).then(|| std::mem::take(&mut self.through))
    }

    /// Takes a hole, if that is what comes next.
    pub(super) fn take_hole(&mut self) -> Option<Hole> {
        match self.pieces.front() {
            Some(Piece::Hole(hole)) => {
                let hole = *hole;
                self.pieces.pop_front();
                Some(hole)
            }
            _ => None,
        }
    }

    /// The record that comes next; none in front of a hole.
    pub(super) fn front(&self) -> Option<&Arc<Record>> {
        match self.pieces.front() {
            Some(Piece::Record(record)) => Some(record),
            _ => None,
        }
    }

    pub(super) fn pop(&mut self) {
        self.pieces.pop_front();
    }

    /// What is missing where the history no longer reaches back.
    pub(super) fn evicted(core: &Core, position: u64) -> Hole {
        let hot = core.history().floor();
        let to = core.storing().map_or(hot, |storing| storing.floor().min(hot));
        Hole { from: position + 1, to: to.max(position + 1), why: HoleReason::Evicted }
    }

    /// How a reader goes on at `position` that memory no longer has.
    pub(super) fn way_on(core: &Core, position: u64, run: Option<&RunId>) -> WayOn {
        let hot = core.history().floor();
        match core.storing().filter(|storing| position >= storing.floor()) {
            Some(storing) if position < storing.through() => {
                let through = hot.min(storing.through());
                WayOn::Fetch(Fetch { after: position, through, run: run.cloned(), only: None })
            }
            Some(_) => WayOn::Hole(Hole { from: position + 1, to: hot, why: HoleReason::Unstored }),
            None => WayOn::Overtaken,
        }
    }
}

/// How a reader goes on that memory has overtaken.
#[derive(Debug)]
pub(super) enum WayOn {
    /// By asking the store.
    Fetch(Fetch),
    /// Behind what the store did not take.
    Hole(Hole),
    /// Not at all: the events are gone.
    Overtaken,
}
