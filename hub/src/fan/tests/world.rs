//! A hub without sockets, and a clock that moves when told.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use choo_protocol::RunId;

use super::form::Form;
use crate::core::{Core, Ingest, Item, Moment, Selection, Since, Subscription};
use crate::fan::machine::{Closing, Fan, NewReader};
use crate::fan::question::{Looked, Question};

/// A hub with a clock that moves when told.
pub(super) struct World {
    pub(super) core: Core,
    pub(super) fan: Fan,
    pub(super) newest: Option<RunId>,
    pub(super) now: Moment,
    pub(super) questions: VecDeque<Question>,
    /// How many bytes readers were given as answers, and have not taken.
    pub(super) answered: usize,
}

/// What a reader's side of a connection has.
#[derive(Default)]
pub(super) struct Socket {
    pub(super) got: Vec<u8>,
    /// How many more bytes it takes.
    pub(super) room: usize,
    pub(super) finished: bool,
    pub(super) gone: bool,
}

impl World {
    pub(super) fn new(history: usize) -> Self {
        let now = Moment { at: Duration::from_secs(100), time: "2025-01-18T10:30:00Z".parse().unwrap() };
        let core = Core::new(history, 7, now);
        let fan = Fan::new(core.epoch(), 0, now);
        World { core, fan, newest: None, now, questions: VecDeque::new(), answered: 0 }
    }

    pub(super) fn pass(&mut self, duration: Duration) {
        self.now.pass(duration);
        self.core.handle_tick(self.now);
    }

    pub(super) fn send(&mut self, producer: &mut Ingest, line: &str) {
        producer.handle_bytes(&mut self.core, format!("{line}\n").as_bytes(), self.now);
    }

    pub(super) fn join(
        &mut self,
        sockets: &mut Vec<Socket>,
        form: Form,
        subscription: Option<(Selection, Since)>,
    ) -> usize {
        let subscription = subscription.map(|(selection, since)| {
            (selection.clone(), Box::new(Subscription::new(&self.core, selection, since, self.now)))
        });
        let Form(encoding, framing) = form;
        let new = NewReader { encoding, framing, head: Bytes::new(), subscription, topic: None };
        let reader = self.fan.handle_join(new, self.now);
        if sockets.len() <= reader {
            sockets.resize_with(reader + 1, Socket::default);
        }
        sockets[reader] = Socket::default();
        reader
    }

    /// What was recorded goes out.
    pub(super) fn round(&mut self) {
        let (head, history) = (self.fan.head(), self.core.history());
        if history.last() == head {
            return;
        }
        let newest = &mut self.newest;
        let items: Vec<Item> = history.after(head).map(|r| Item::new(&self.core, r, newest)).collect();
        if history.floor() <= head {
            self.fan.handle_records(&items, history.last(), self.now);
        } else {
            self.fan.handle_overtaken(history.last(), self.now);
        }
    }

    pub(super) fn answer(&mut self) -> bool {
        let Some(mut question) = self.questions.pop_front() else { return false };
        let found = loop {
            match question.look(&self.core, self.now) {
                Looked::Again(more) => question = more,
                Looked::Cold(_, fetch) => panic!("nothing is stored: {fetch:?}"),
                Looked::Found(found) => break found,
            }
        };
        let answer = found.encode();
        self.answered += answer.bytes();
        self.fan.handle_answer(answer, self.now);
        true
    }

    /// Writes what the sockets take.
    pub(super) fn drive(&mut self, sockets: &mut [Socket]) {
        while let Some(write) = self.fan.poll_write() {
            let reader = write.reader;
            let bytes: Vec<u8> = write.slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let socket = &mut sockets[reader];
            assert!(!socket.gone && !socket.finished, "written to a closed socket");
            let taken = bytes.len().min(socket.room);
            socket.room -= taken;
            socket.got.extend_from_slice(&bytes[..taken]);
            self.fan.handle_written(reader, taken, taken < bytes.len());
        }
        while let Some(question) = self.fan.poll_question() {
            self.questions.push_back(question);
        }
        while let Some(closing) = self.fan.poll_close() {
            match closing {
                Closing::Write(reader) => sockets[reader].finished = true,
                Closing::Both(reader) => sockets[reader].gone = true,
            }
        }
    }

    /// Until nothing is left to do, with sockets that take everything.
    pub(super) fn settle(&mut self, sockets: &mut [Socket]) {
        for (reader, socket) in sockets.iter_mut().enumerate() {
            socket.room = usize::MAX;
            if !socket.gone {
                self.fan.handle_writable(reader);
            }
        }
        loop {
            self.round();
            self.drive(sockets);
            if !self.answer() {
                self.answered -= self.fan.take_released();
                assert_eq!(self.answered, 0, "all of it has left");
                return;
            }
        }
    }
}
