//! What readers say.

use choo_protocol::{Filter, GlobError, Globs, HubError};

use super::Fan;
use super::seat::Place;
use crate::core::{Moment, Selection, Since};
use crate::encoding::{Framing, pong_frame};
use crate::fan::channel::Key;
use crate::fan::inbound::{Input, Wish, error_line};
use crate::fan::reader::Phase;

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
            Input::Wish(Wish::Unsubscribe { id, repositories }) => {
                if let Some(seat) = self.seat_of(reader, id.as_deref()) {
                    self.unsubscribe(reader, seat, &repositories);
                }
            }
            Input::Wish(Wish::Pong) => {
                let time = self.now.time;
                self.say(reader, format!("{{\"type\":\"pong\",\"time\":\"{time}\"}}").as_bytes());
            }
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
            if let (None, Since::Snapshot, Some(both)) =
                (&id, since, self.with_repositories(seat, &selection))
            {
                return match both {
                    Ok(both) => self.reselect(seat, both),
                    Err(error) => {
                        let (kind, message) = ("filter".to_owned(), error.to_string());
                        self.complain(reader, &HubError { kind, message, count: 1, id: None });
                    }
                };
            }
            self.leave(reader, seat);
        }
        let it = &self.readers[reader];
        if it.seats.len() >= MAX_SEATS {
            let message = format!("a connection has at most {MAX_SEATS} subscriptions");
            let id = id.map(String::from);
            return self.complain(reader, &HubError { kind: "subscribe".to_owned(), message, count: 1, id });
        }
        let key = Key { selection, encoding: it.encoding, framing: it.framing, id };
        self.sit(reader, key, Place::New(since));
        self.queue(reader);
    }

    /// What a seat selects and the repositories of another selection, if they differ in those only.
    fn with_repositories(&self, seat: usize, more: &Selection) -> Option<Result<Selection, GlobError>> {
        let known = &self.channels[self.seats[seat].channel].key.selection;
        let (Selection::Filter(known), Selection::Filter(more)) = (known, more) else { return None };
        let like_known = of_repositories(more, known.repositories.clone());
        if *known != like_known || known.repositories.is_empty() || more.repositories.is_empty() {
            return None;
        }
        let mut names: Vec<String> = known.repositories.iter().map(|glob| glob.as_str().to_owned()).collect();
        for glob in more.repositories.iter() {
            if !names.iter().any(|name| name == glob.as_str()) {
                names.push(glob.as_str().to_owned());
            }
        }
        Some(Globs::parse(names).map(|both| Selection::Filter(of_repositories(more, both))))
    }

    /// Takes repositories from a seat's selection, or the seat if they are all that it has.
    fn unsubscribe(&mut self, reader: usize, seat: usize, repositories: &[String]) {
        let selection = &self.channels[self.seats[seat].channel].key.selection;
        let Selection::Filter(filter) = selection else { return self.leave(reader, seat) };
        if repositories.is_empty() {
            return self.leave(reader, seat);
        }
        let names = filter.repositories.iter().map(|glob| glob.as_str().to_owned());
        let left: Vec<String> = names.filter(|name| !repositories.contains(name)).collect();
        // What was parsed once is parsed again.
        let Ok(left) = Globs::parse(left) else { return };
        match (left.is_empty(), filter.repositories.is_empty()) {
            // It has no repositories to take away.
            (_, true) => {}
            (true, false) => self.leave(reader, seat),
            (false, false) => {
                let selection = Selection::Filter(of_repositories(filter, left));
                self.reselect(seat, selection);
            }
        }
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

/// The filter with other repositories.
fn of_repositories(filter: &Filter, repositories: Globs) -> Filter {
    let mut filter = filter.clone();
    filter.repositories = repositories;
    filter
}
