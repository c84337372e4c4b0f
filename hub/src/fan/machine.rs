//! The fan-out, without sockets, clock and threads.

mod asked;
mod board;
mod care;
mod input;
mod seat;
mod status;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use slab::Slab;

use self::asked::Asked;
use self::board::Board;
pub(super) use self::care::SWEEP;
use self::seat::{Place, Seat};
pub(crate) use self::status::{Look, Origin, ReaderStatus, SeatStatus, Standing};
#[cfg(test)]
pub(super) use self::{
    asked::MAX_ASKED,
    board::PERIOD,
    care::{DEAD, KEEP_ALIVE, LINGER, PING, STUCK},
};
use super::channel::{Channel, Key};
use super::question::{Answer, Question, SeatId};
use super::reader::{Phase, Reader, Slices};
use crate::core::{Epoch, Item, Moment, Selection, Subscription};
use crate::encoding::{Encoding, Framing};
use crate::topic::Topic;

/// Everything between the newest record and the sockets of all readers.
///
/// Its driver reports `handle_join`, `handle_input`, `handle_records`, … and afterwards does what the
/// `poll_*` methods say until they say nothing: [`Fan::poll_question`] (what readers need from the history
/// goes to whoever may wait for it, and comes back by [`Fan::handle_answer`]), [`Fan::poll_write`] (each
/// write is reported by [`Fan::handle_written`]) and [`Fan::poll_close`]. It calls [`Fan::handle_tick`] at
/// [`Fan::deadline`].
///
/// A reader that has everything stands in no queue. A block of new records is encoded once for all readers
/// of a [`Channel`] and handed to each by reference. One whose socket is full finds the next blocks in the
/// channel as long as they are kept there, and later, by its cursor, in the history.
#[derive(Debug)]
pub(crate) struct Fan {
    epoch: Epoch,
    /// The offset up to which records have gone out.
    head: u64,
    readers: Slab<Reader>,
    seats: Slab<Seat>,
    channels: Slab<Channel>,
    by_key: HashMap<Key, usize>,
    /// Readers that have something to write and whose sockets may take it.
    ready: VecDeque<usize>,
    questions: VecDeque<Question>,
    /// Those that have no answer yet.
    asked: Asked,
    boards: Slab<Board>,
    /// Topics to be looked at.
    topics: VecDeque<Topic>,
    /// The version of the newest message about a topic.
    shown: u64,
    closed: Vec<Closing>,
    /// How many bytes of answers have left, or are not needed any more, since this was last asked.
    released: usize,
    /// There is no room for more answers.
    pressed: bool,
    /// Seats that are ahead of `head`.
    ahead: Vec<SeatId>,
    /// How many seats there were.
    seated: u64,
    sweep: Option<Duration>,
    /// The hub shuts down.
    closing: bool,
    now: Moment,
}

/// A connection that is done with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Closing {
    /// Nothing more is written to it; it stays until its peer closes, too.
    Write(usize),
    /// It is gone.
    Both(usize),
}

/// A reader that comes.
#[derive(Debug)]
pub(crate) struct NewReader {
    pub(crate) encoding: Encoding,
    pub(crate) framing: Framing,
    /// What is sent before everything else.
    pub(crate) head: Bytes,
    /// Its subscription, if it comes with one.
    pub(crate) subscription: Option<(Selection, Box<Subscription>)>,
    /// What it watches instead.
    pub(crate) topic: Option<Topic>,
}

/// Something to write.
#[derive(Debug)]
pub(crate) struct Write<'a> {
    pub(crate) reader: usize,
    pub(crate) slices: Slices<'a>,
}

impl Fan {
    /// A fan-out that goes on behind the offset `head`.
    pub(crate) fn new(epoch: Epoch, head: u64, now: Moment) -> Self {
        Fan {
            epoch,
            head,
            readers: Slab::new(),
            seats: Slab::new(),
            channels: Slab::new(),
            by_key: HashMap::new(),
            ready: VecDeque::new(),
            questions: VecDeque::new(),
            asked: Asked::default(),
            boards: Slab::new(),
            topics: VecDeque::new(),
            shown: 0,
            closed: Vec::new(),
            released: 0,
            pressed: false,
            ahead: Vec::new(),
            seated: 0,
            sweep: None,
            closing: false,
            now,
        }
    }

    /// The offset up to which records have gone out.
    pub(crate) fn head(&self) -> u64 {
        self.head
    }

    /// Whether nobody is here.
    pub(crate) fn is_empty(&self) -> bool {
        self.readers.is_empty()
    }

    /// When to call `handle_tick` if nothing else happens.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.sweep.into_iter().chain(self.boards_deadline()).min()
    }

    /// A reader comes; it gets this number until it is closed on both sides.
    pub(crate) fn handle_join(&mut self, new: NewReader, now: Moment) -> usize {
        self.now = now;
        let NewReader { encoding, framing, head, subscription, topic } = new;
        let mut reader = Reader::new(encoding, framing, now.at);
        reader.push(head);
        let index = self.readers.insert(reader);
        self.sweep.get_or_insert(now.at + SWEEP);
        if let Some((selection, subscription)) = subscription {
            let key = Key { selection, encoding, framing, id: None };
            let seat = self.sit(index, key, Place::Asked);
            self.place(seat, subscription);
        } else if self.closing {
            self.say_bye(index, None);
        } else if let Some(topic) = topic {
            self.watch(index, topic);
        }
        self.queue(index);
        index
    }

    /// A reader's connection is gone.
    pub(crate) fn handle_gone(&mut self, reader: usize) {
        let Some(gone) = self.readers.get(reader) else { return };
        self.released += gone.unsent.as_ref().map_or(0, |unsent| unsent.bytes());
        for seat in gone.seats.clone() {
            self.stand_up(seat);
        }
        self.unwatch(reader);
        self.asked.handle_gone(reader);
        self.readers.remove(reader);
        self.closed.push(Closing::Both(reader));
        if self.readers.is_empty() {
            self.sweep = None;
        }
    }

    /// Records have been made: those behind [`Fan::head`] up to `head`.
    pub(crate) fn handle_records(&mut self, items: &[Item], head: u64, now: Moment) {
        self.now = now;
        let from = std::mem::replace(&mut self.head, head);
        for index in 0..self.channels.capacity() {
            let Some(channel) = self.channels.get_mut(index) else { continue };
            let first = channel.extend(items, from, head, self.epoch, now);
            for number in first..channel.next() {
                self.offer(index, number);
            }
            if let Some(channel) = self.channels.get_mut(index) {
                channel.trim(head);
            }
        }
        for seat in std::mem::take(&mut self.ahead) {
            self.replace(seat);
        }
        self.stir_by(items);
    }

    /// The records behind [`Fan::head`] are no longer in the history: everybody is told what is missing.
    pub(crate) fn handle_overtaken(&mut self, head: u64, now: Moment) {
        self.now = now;
        let from = std::mem::replace(&mut self.head, head);
        let indices: Vec<usize> = self.seats.iter().map(|(index, _)| index).collect();
        for index in indices {
            let position = match self.seats[index].place {
                Place::Live => from,
                Place::Behind { position, .. } => position,
                _ => continue,
            };
            self.send_away(index, position);
            self.queue(self.seats[index].reader);
        }
        for (_, channel) in &mut self.channels {
            channel.trim(head);
        }
        for seat in std::mem::take(&mut self.ahead) {
            self.replace(seat);
        }
        self.stir_all();
    }

    /// What comes behind a cursor, or how a stream begins, has been looked up.
    pub(crate) fn handle_answer(&mut self, answer: Answer, now: Moment) {
        self.now = now;
        let bytes = answer.bytes();
        let Answer { seat, pieces, mut subscription } = answer;
        if !self.asked.handle_answered(seat) {
            self.released += bytes;
            return;
        }
        // Others of its seats may have waited for that.
        let SeatId { reader, index, number } = seat;
        self.queue(reader);
        let Some(seat) = self.seats.get(index).filter(|seat| seat.number == number) else {
            self.released += bytes;
            return;
        };
        subscription.reselect(&self.channels[seat.channel].key.selection);
        self.readers[reader].push_answer(pieces, now.at);
        self.place(index, subscription);
    }

    /// The reader's socket takes something again.
    pub(crate) fn handle_writable(&mut self, reader: usize) {
        if let Some(it) = self.readers.get_mut(reader) {
            it.blocked = false;
            self.queue(reader);
        }
    }

    /// How many bytes of answers need no more room, since this was last asked.
    pub(crate) fn take_released(&mut self) -> usize {
        std::mem::take(&mut self.released)
    }

    /// Whether answers wait for room that readers take who do not read.
    pub(crate) fn set_pressed(&mut self, pressed: bool) {
        self.pressed = pressed;
    }

    /// What is needed from the history.
    pub(crate) fn poll_question(&mut self) -> Option<Question> {
        self.questions.pop_front()
    }

    /// What to write next. Each has to be reported by `handle_written`.
    pub(crate) fn poll_write(&mut self) -> Option<Write<'_>> {
        let reader = loop {
            let reader = self.ready.pop_front()?;
            let Some(it) = self.readers.get_mut(reader) else { continue };
            it.queued = false;
            if it.blocked || matches!(it.phase, Phase::Closed { .. }) {
                continue;
            }
            self.fill(reader);
            self.show(reader);
            if !self.readers[reader].is_clear() {
                break reader;
            }
            if !self.is_waiting(reader) {
                self.settle(reader);
            }
        };
        Some(Write { reader, slices: self.readers[reader].slices() })
    }

    /// So many bytes have been written; if `blocked`, the socket takes no more for now.
    pub(crate) fn handle_written(&mut self, reader: usize, bytes: usize, blocked: bool) {
        let Some(it) = self.readers.get_mut(reader) else { return };
        self.released += it.handle_written(bytes, self.now.at);
        it.blocked = blocked;
        if it.is_clear() {
            self.settle(reader);
        }
        let Some(it) = self.readers.get(reader) else { return };
        let needs = |seat: &usize| {
            matches!(self.seats[*seat].place, Place::Behind { .. } | Place::New(_) | Place::Away(_))
        };
        if !it.is_clear() || it.seats.iter().any(needs) || self.is_outdated(reader) {
            self.queue(reader);
        }
    }

    /// Gives a block to all readers that have everything before it.
    fn offer(&mut self, channel: usize, number: u64) {
        let Fan { channels, seats, readers, ready, .. } = self;
        let Some(it) = channels.get_mut(channel) else { return };
        let Some(block) = it.block(number).cloned() else { return };
        let mut over = Vec::new();
        for index in &it.members {
            let seat = &mut seats[*index];
            if !matches!(seat.place, Place::Live) {
                continue;
            }
            let reader = &mut readers[seat.reader];
            if reader.is_clear() && !reader.blocked {
                reader.push(block.bytes.clone());
                if block.over {
                    over.push(*index);
                }
                if !std::mem::replace(&mut reader.queued, true) {
                    ready.push_back(seat.reader);
                }
            } else {
                seat.place = Place::Behind { block: number, position: block.from };
                it.behind += 1;
            }
        }
        for seat in over {
            self.end(seat);
        }
    }

    fn queue(&mut self, reader: usize) {
        let it = &mut self.readers[reader];
        if !it.blocked && !std::mem::replace(&mut it.queued, true) {
            self.ready.push_back(reader);
        }
    }
}

#[cfg(test)]
impl Fan {
    /// How many bytes wait for readers, shared ones counted once for each.
    pub(crate) fn held(&self) -> usize {
        let readers: usize = self.readers.iter().map(|(_, reader)| reader.bytes()).sum();
        readers + self.channels.iter().map(|(_, channel)| channel.bytes()).sum::<usize>()
    }
}
