//! The threads that look things up, so that the one with the sockets does not wait.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use super::cold::COLD;
use super::desk::{Desk, Job, Mail};
use super::question::{Looked, Question};
use crate::shared::Shared;
use crate::topic::Topic;

/// Answers questions, one after the other.
pub(super) struct Clerk {
    desk: Arc<Desk>,
    shared: Arc<Shared>,
}

impl Clerk {
    /// Starts one for what memory has, and those that ask the store.
    pub(super) fn start(desk: &Arc<Desk>, shared: &Arc<Shared>) -> io::Result<Vec<JoinHandle<()>>> {
        let clerk = || Clerk { desk: Arc::clone(desk), shared: Arc::clone(shared) };
        let first = clerk();
        let mut threads = vec![Builder::new().name("choo-history".to_owned()).spawn(move || first.run())?];
        for _ in 0..COLD {
            let clerk = clerk();
            threads.push(Builder::new().name("choo-cold".to_owned()).spawn(move || clerk.run_cold())?);
        }
        Ok(threads)
    }

    fn run(&self) {
        while let Some(job) = self.desk.next_job() {
            match job {
                Job::Question(question) => self.answer(question),
                Job::Topic(topic) => self.look_at(topic),
            }
        }
    }

    fn answer(&self, mut question: Question) {
        loop {
            match self.shared.look(|core, now| question.look(core, now)) {
                Looked::Again(more) => question = more,
                // A disk may take its time, which is not that of readers who do not need it.
                Looked::Cold(question, fetch) => return self.desk.ask_store(question, fetch),
                Looked::Found(found) => return self.desk.answer(found.encode()),
            }
        }
    }

    fn look_at(&self, topic: Topic) {
        let clients = self.shared.clients();
        let view = self.shared.look(|core, _| topic.look(core, clients));
        let json = view.json();
        self.desk.post(Mail::Topic(topic, json));
    }

    /// Asks the store, one page after the other.
    fn run_cold(&self) {
        while let Some((mut question, fetch)) = self.desk.next_fetch() {
            question.handle_page(self.shared.read(&fetch));
            self.desk.ask(question);
        }
    }
}
