//! What readers say.

use choo_protocol::HubError;

use super::channel::Key;
use super::inbound::{Input, Wish, error_line};
use super::machine::Fan;
use super::question::{Ask, Question};
use super::reader::Phase;
use super::seat::{Place, SeatId};
use crate::core::{Moment, Selection, Since};
use crate::encoding::{Framing, pong_frame};

/// How many subscriptions a reader may have.
pub(crate) const MAX_SEATS: usize = 64;

/// A reader whose answers to its own pings and lines pile up like this does not read them.
const MAX_PIECES: usize = 256;

impl Fan {
    /// Bytes came in from a reader; no bytes are the end of its side.
    pub(crate) fn handle_input(&mut self, reader: usize, bytes: &[u8], now: Moment) {
        self.now = now;
        let Some(it) = self.readers.get_mut(reader) else { return };
        if bytes.is_empty() {
            return self.handle_gone(reader);
        }
        // What the reader of an HTTP response sends besides means nothing.
        let Some(mut inbound) = it.inbound.take() else { return };
        let mut inputs = Vec::new();
        inbound.handle_bytes(bytes, |input| inputs.push(input));
        it.inbound = Some(inbound);
        for input in inputs {
            self.handle(reader, input);
        }
    }

    pub(super) fn handle(&mut self, reader: usize, input: Input) {
        let Some(it) = self.readers.get_mut(reader) else { return };
        it.heard = self.now.at;
        if it.pieces() > MAX_PIECES {
            // It asks and asks, and does not read the answers.
            return self.handle_gone(reader);
        }
        match input {
            Input::Sign => {}
            Input::Wish(_) | Input::Ping(_) if it.phase != Phase::Open => {}
            Input::Ping(payload) => {
                it.push(pong_frame(&payload));
                self.queue(reader);
            }
            Input::Wish(Wish::Subscribe { id, .. }) if it.watch.is_some() => {
                let message = "at this address comes one topic; `/api/v1/ws` takes subscriptions".to_owned();
                let id = id.map(String::from);
                self.complain(reader, &HubError { kind: "subscribe".to_owned(), message, count: 1, id });
            }
            Input::Wish(Wish::Subscribe { id, selection, since }) => {
                self.subscribe(reader, id, selection, since);
            }
            Input::Wish(Wish::Unsubscribe { id }) => {
                if let Some(seat) = self.seat_of(reader, id.as_deref()) {
                    self.leave(reader, seat);
                }
            }
            Input::Wish(Wish::Pong) => self.say(reader, br#"{"type":"pong"}"#),
            Input::Wish(Wish::Bad(error)) => self.complain(reader, &error),
            Input::Close(..) if it.phase != Phase::Open => self.handle_gone(reader),
            Input::Close(code, reason) => {
                // Behind this nothing can be read.
                it.inbound = None;
                self.close(reader, code, reason);
            }
        }
    }

    pub(super) fn subscribe(
        &mut self,
        reader: usize,
        id: Option<Box<str>>,
        selection: Selection,
        since: Since,
    ) {
        if let Some(seat) = self.seat_of(reader, id.as_deref()) {
            self.leave(reader, seat);
        }
        let it = &self.readers[reader];
        if it.seats.len() >= MAX_SEATS {
            let message = format!("a connection has at most {MAX_SEATS} subscriptions");
            let id = id.map(String::from);
            return self.complain(reader, &HubError { kind: "subscribe".to_owned(), message, count: 1, id });
        }
        let key = Key { selection, encoding: it.encoding, framing: it.framing, id };
        let index = self.sit(reader, key.clone());
        let seat = SeatId { index, number: self.seats[index].number };
        self.seats[index].place = Place::Asked;
        self.questions.push_back(Question { seat, key, what: Ask::Open(since) });
    }

    pub(super) fn complain(&mut self, reader: usize, error: &HubError) {
        let line = error_line(error, self.now.time);
        self.say(reader, &line);
    }

    /// A line for this reader alone, as a message.
    pub(super) fn say(&mut self, reader: usize, line: &[u8]) {
        let it = &mut self.readers[reader];
        let mut message = Framing::begin();
        message.extend_from_slice(line);
        if let Some(message) = it.framing.finish(message) {
            it.push(message);
            self.queue(reader);
        }
    }
}
