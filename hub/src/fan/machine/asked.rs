//! Which questions are on their way to whoever answers them.

use std::collections::HashMap;

use crate::fan::question::SeatId;

/// How many of a reader may be. One that subscribes again and again takes turns with the others all the same,
/// and what it no longer wants when its turn comes is not looked up.
pub(crate) const MAX_ASKED: usize = 4;

/// The seats that questions were asked for, by reader, also of those that are gone.
#[derive(Debug, Default)]
pub(super) struct Asked(HashMap<usize, Vec<u64>>);

impl Asked {
    /// Whether a reader may ask one more.
    pub(super) fn has_room(&self, reader: usize) -> bool {
        self.0.get(&reader).is_none_or(|seats| seats.len() < MAX_ASKED)
    }

    /// A question was asked.
    pub(super) fn handle_asked(&mut self, seat: SeatId) {
        self.0.entry(seat.reader).or_default().push(seat.number);
    }

    /// It was answered; whether its reader is still there.
    pub(super) fn handle_answered(&mut self, seat: SeatId) -> bool {
        let Some(seats) = self.0.get_mut(&seat.reader) else { return false };
        // Another reader may have the number by now.
        let Some(place) = seats.iter().position(|number| *number == seat.number) else { return false };
        seats.swap_remove(place);
        if seats.is_empty() {
            self.0.remove(&seat.reader);
        }
        true
    }

    /// A reader is gone.
    pub(super) fn handle_gone(&mut self, reader: usize) {
        self.0.remove(&reader);
    }
}
