//! Subscriptions of readers: how far each is, and what it takes next.

use std::time::Duration;

use super::Fan;
use crate::core::{Selection, Since, Subscription};
use crate::encoding::Encoding;
use crate::fan::channel::{Channel, Key, Spot};
use crate::fan::question::{Ask, Question, SeatId};
use crate::fan::reader::Phase;

/// A subscription of a reader.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) number: u64,
    pub(super) reader: usize,
    pub(super) channel: usize,
    /// Where it stands among the channel's members.
    slot: usize,
    pub(super) place: Place,
}

/// How far a seat is.
#[derive(Debug)]
pub(super) enum Place {
    /// It has everything, or what it lacks is on its way to the socket.
    Live,
    /// The block of this number is the next one; it has everything up to the offset.
    Behind { block: u64, position: u64 },
    /// It needs the beginning of its stream.
    New(Since),
    /// It needs something from the history.
    Away(Box<Subscription>),
    /// What it needs has been asked for.
    Asked,
    /// It stands further than what has been sent to anybody.
    Ahead(Box<Subscription>),
}

impl Fan {
    pub(super) fn leave(&mut self, reader: usize, seat: usize) {
        self.stand_up(seat);
        self.readers[reader].seats.retain(|other| *other != seat);
    }

    /// The subscription of this name.
    pub(super) fn seat_of(&self, reader: usize, id: Option<&str>) -> Option<usize> {
        let of = |seat: &usize| self.channels[self.seats[*seat].channel].key.id.as_deref() == id;
        self.readers[reader].seats.iter().copied().find(of)
    }

    /// Takes what is kept for a reader's seats, as far as there is room, or asks for it.
    pub(super) fn fill(&mut self, reader: usize) {
        for n in 0..self.readers[reader].seats.len() {
            // A seat whose stream ends is gone.
            while let Some(seat) = self.readers[reader].seats.get(n).copied()
                && self.readers[reader].has_room()
                && self.take_block(reader, seat)
            {}
            if let Some(seat) = self.readers[reader].seats.get(n).copied()
                && self.readers[reader].is_clear()
                && matches!(self.seats[seat].place, Place::New(_) | Place::Away(_))
                && self.asked.has_room(reader)
            {
                self.ask(seat);
            }
        }
        // The first one is served first; let that be another the next time.
        if let [_, _, ..] = *self.readers[reader].seats {
            self.readers[reader].seats.rotate_left(1);
        }
    }

    /// Takes the next block for a seat; `false` if there is none here.
    pub(super) fn take_block(&mut self, reader: usize, index: usize) -> bool {
        let Place::Behind { block, position } = self.seats[index].place else { return false };
        let channel = &mut self.channels[self.seats[index].channel];
        let Some(shared) = channel.block(block).cloned() else {
            self.send_away(index, position);
            return false;
        };
        self.readers[reader].push(shared.bytes);
        if block + 1 == channel.next() {
            channel.behind -= 1;
            self.seats[index].place = Place::Live;
        } else {
            self.seats[index].place = Place::Behind { block: block + 1, position: shared.to };
        }
        if shared.over {
            self.end(index);
        }
        true
    }

    /// The seat goes on from the history.
    pub(super) fn send_away(&mut self, index: usize, position: u64) {
        let seat = &mut self.seats[index];
        let channel = &mut self.channels[seat.channel];
        if matches!(seat.place, Place::Behind { .. }) {
            channel.behind -= 1;
        }
        let told = self.epoch.cursor(position);
        seat.place = Place::Away(Box::new(Subscription::resume(channel.key.selection.clone(), told)));
    }

    pub(super) fn ask(&mut self, index: usize) {
        let seat = &mut self.seats[index];
        let channel = &self.channels[seat.channel];
        let what = match std::mem::replace(&mut seat.place, Place::Asked) {
            Place::New(since) => Ask::Open(since),
            Place::Away(subscription) => {
                let until = match channel.locate(subscription.position(), self.head) {
                    Spot::Until(until) => until,
                    // It has something to say before it reads on.
                    _ => subscription.position(),
                };
                Ask::More(subscription, until)
            }
            other => {
                seat.place = other;
                return;
            }
        };
        let seat = SeatId { reader: seat.reader, index, number: seat.number };
        self.asked.handle_asked(seat);
        self.questions.push_back(Question { seat, key: channel.key.clone(), what });
    }

    /// Finds the place of a seat that stands where its subscription does.
    pub(super) fn place(&mut self, index: usize, subscription: Box<Subscription>) {
        let seat = &mut self.seats[index];
        if subscription.is_over() {
            return self.end(index);
        }
        let channel = &mut self.channels[seat.channel];
        let position = subscription.position();
        let spot = channel.locate(position, self.head);
        if subscription.is_opening() {
            seat.place = Place::Away(subscription);
            return;
        }
        match spot {
            Spot::Live => {
                channel.handle_untold(subscription.told());
                seat.place = Place::Live;
            }
            Spot::Block(block) => {
                channel.behind += 1;
                seat.place = Place::Behind { block, position };
            }
            Spot::Until(_) => seat.place = Place::Away(subscription),
            Spot::Ahead => {
                seat.place = Place::Ahead(subscription);
                self.ahead.push(SeatId { reader: seat.reader, index, number: seat.number });
            }
        }
    }

    /// Looks again where a seat stands that was ahead of everything.
    pub(super) fn replace(&mut self, SeatId { index, number, .. }: SeatId) {
        let Some(seat) = self.seats.get_mut(index).filter(|seat| seat.number == number) else { return };
        let reader = seat.reader;
        match std::mem::replace(&mut seat.place, Place::Asked) {
            Place::Ahead(subscription) => self.place(index, subscription),
            other => seat.place = other,
        }
        self.queue(reader);
    }

    /// Whether something is on its way to a reader.
    pub(super) fn is_waiting(&self, reader: usize) -> bool {
        self.readers[reader].seats.iter().any(|seat| matches!(self.seats[*seat].place, Place::Asked))
    }

    /// Nothing more comes for a seat.
    pub(super) fn end(&mut self, index: usize) {
        let reader = self.seats[index].reader;
        self.leave(reader, index);
        let it = &mut self.readers[reader];
        if it.encoding != Encoding::WebSocket {
            it.push(it.framing.end());
            it.phase = Phase::Ending { until: Duration::MAX };
            self.queue(reader);
        } else if self.closing {
            self.part(reader);
        }
    }

    /// A seat gets another selection and goes on where it is: nothing is missed, and nothing comes twice.
    pub(super) fn reselect(&mut self, index: usize, selection: Selection) {
        if let Place::Behind { position, .. } = self.seats[index].place {
            self.send_away(index, position);
        }
        let old = self.seats[index].channel;
        let key = Key { selection, ..self.channels[old].key.clone() };
        if let Place::Away(subscription) | Place::Ahead(subscription) = &mut self.seats[index].place {
            subscription.reselect(&key.selection);
        }
        self.leave_channel(old, self.seats[index].slot);
        let channel = self.channel_of(key);
        let members = &mut self.channels[channel].members;
        (self.seats[index].channel, self.seats[index].slot) = (channel, members.len());
        members.push(index);
        self.queue(self.seats[index].reader);
    }

    fn channel_of(&mut self, key: Key) -> usize {
        self.by_key.get(&key).copied().unwrap_or_else(|| {
            let channel = self.channels.insert(Channel::new(key.clone(), self.head, self.now));
            self.by_key.insert(key, channel);
            channel
        })
    }

    pub(super) fn sit(&mut self, reader: usize, key: Key, place: Place) -> usize {
        let channel = self.channel_of(key);
        self.seated += 1;
        let slot = self.channels[channel].members.len();
        let seat = Seat { number: self.seated, reader, channel, slot, place };
        let index = self.seats.insert(seat);
        self.channels[channel].members.push(index);
        self.readers[reader].seats.push(index);
        index
    }

    pub(super) fn stand_up(&mut self, index: usize) {
        let Seat { channel, slot, place, .. } = self.seats.remove(index);
        if matches!(place, Place::Behind { .. }) {
            self.channels[channel].behind -= 1;
        }
        self.leave_channel(channel, slot);
    }

    fn leave_channel(&mut self, channel: usize, slot: usize) {
        let it = &mut self.channels[channel];
        it.members.swap_remove(slot);
        if let Some(moved) = it.members.get(slot) {
            self.seats[*moved].slot = slot;
        }
        if it.members.is_empty() {
            let channel = self.channels.remove(channel);
            self.by_key.remove(&channel.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fan::reader::Reader;

    /// Thousands of readers wait at a time, so what each of them takes is watched: this, two short lists and
    /// its socket.
    #[test]
    fn a_reader_that_waits_takes_a_quarter_of_a_kibibyte() {
        let bytes = size_of::<Reader>() + size_of::<Seat>();
        assert!(bytes <= 256, "{bytes}");
    }
}
