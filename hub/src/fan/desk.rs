//! What the threads of the fan-out are handed, by each other and by the rest of the hub.

use std::collections::VecDeque;
use std::fmt;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use smol::channel::Sender;

use super::bell::Bell;
use super::cold::Cold;
use super::machine::{Look, NewReader};
use super::question::{Answer, Question};
use crate::core::Fetch;
use crate::shared::Place;
use crate::topic::Topic;

/// How many bytes of answers may be on their way to readers, all together, before more are made: one snapshot
/// of 10,000 units has ten million.
const ANSWERED_BYTES: usize = 64 << 20;

/// Where readers are handed over, questions wait for a clerk, and answers for the thread with the sockets.
#[derive(Debug)]
pub(crate) struct Desk {
    bell: Arc<Bell>,
    mail: Mutex<Vec<Mail>>,
    questions: Mutex<Questions>,
    asked: Condvar,
    /// What the store is asked.
    cold: Cold,
}

/// For the thread with the sockets.
#[derive(Debug)]
pub(super) enum Mail {
    Join(Box<Joining>),
    Answer(Answer),
    /// What a topic shows.
    Topic(Topic, Vec<u8>),
    /// Who is here, from this number on.
    Look(usize, Sender<Look>),
}

/// A connection that becomes a reader's.
pub(crate) struct Joining {
    /// Does not block.
    pub(crate) socket: OwnedFd,
    /// What was read of it beyond the request.
    pub(crate) rest: Vec<u8>,
    pub(crate) reader: NewReader,
    pub(crate) place: Place,
    /// Held as long as the connection lives.
    pub(crate) alive: Sender<()>,
}

/// What a clerk does next.
pub(super) enum Job {
    Question(Question),
    Topic(Topic),
}

/// At most one of each subscription.
#[derive(Debug, Default)]
struct Questions {
    open: VecDeque<Question>,
    /// Views to be looked at.
    topics: VecDeque<Topic>,
    /// How many bytes of answers are on their way to readers.
    answered: usize,
    stopped: bool,
}

impl Questions {
    /// Whether there is no room for more answers.
    fn is_pressed(&self) -> bool {
        self.answered > ANSWERED_BYTES
    }

    /// What there is to do. Views are short, and there is one of each.
    fn poll(&mut self) -> Option<Job> {
        if let Some(topic) = self.topics.pop_front() {
            return Some(Job::Topic(topic));
        }
        if self.is_pressed() {
            return None;
        }
        self.open.pop_front().map(Job::Question)
    }
}

impl Desk {
    pub(super) fn new(bell: Arc<Bell>) -> Self {
        Desk {
            bell,
            mail: Mutex::default(),
            questions: Mutex::default(),
            asked: Condvar::new(),
            cold: Cold::new(),
        }
    }

    /// Hands over a reader.
    pub(crate) fn join(&self, joining: Joining) {
        self.post(Mail::Join(Box::new(joining)));
    }

    /// Some of the readers, from a number on; none if they are gone with the hub.
    pub(crate) async fn look(&self, from: usize) -> Option<Look> {
        let (sender, answer) = smol::channel::bounded(1);
        self.post(Mail::Look(from, sender));
        answer.recv().await.ok()
    }

    pub(super) fn bell(&self) -> &Arc<Bell> {
        &self.bell
    }

    pub(super) fn post(&self, mail: Mail) {
        let mut waiting = self.mail.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.push(mail);
        let first = waiting.len() == 1;
        drop(waiting);
        if first {
            self.bell.ring();
        }
    }

    pub(super) fn take_mail(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.mail.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One more question for a clerk.
    pub(super) fn ask(&self, question: Question) {
        self.questions().open.push_back(question);
        self.asked.notify_one();
    }

    /// One more view to be looked at.
    pub(super) fn ask_topic(&self, topic: Topic) {
        self.questions().topics.push_back(topic);
        self.asked.notify_one();
    }

    /// The answer to a question.
    pub(super) fn answer(&self, answer: Answer) {
        self.questions().answered += answer.bytes();
        self.post(Mail::Answer(answer));
    }

    /// So many bytes of answers need no more room; whether there is still none for others that wait for it.
    pub(super) fn release(&self, bytes: usize) -> bool {
        let mut questions = self.questions();
        let before = questions.is_pressed();
        questions.answered -= bytes;
        let pressed = questions.is_pressed();
        if before && !pressed {
            self.asked.notify_one();
        }
        pressed && !questions.open.is_empty()
    }

    /// One more question that waits for the store.
    pub(super) fn ask_store(&self, question: Question, fetch: Fetch) {
        self.cold.ask(question, fetch);
    }

    /// What there is to do, once there is something; none when it is over.
    pub(super) fn next_job(&self) -> Option<Job> {
        let mut questions = self.questions();
        loop {
            if questions.stopped {
                return None;
            }
            if let Some(job) = questions.poll() {
                return Some(job);
            }
            questions = self.asked.wait(questions).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// What the store is to be asked, once there is something; none when it is over.
    pub(super) fn next_fetch(&self) -> Option<(Question, Fetch)> {
        self.cold.next()
    }

    /// Has all threads come to an end.
    pub(super) fn stop(&self) {
        self.bell.stop();
        self.questions().stopped = true;
        self.asked.notify_all();
        self.cold.stop();
    }

    fn questions(&self) -> MutexGuard<'_, Questions> {
        self.questions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Joining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("socket", &self.socket).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::Filter;

    use super::*;
    use crate::core::{Selection, Since};
    use crate::encoding::{Encoding, Framing};
    use crate::fan::channel::Key;
    use crate::fan::question::{Ask, SeatId};

    #[test]
    fn nothing_is_looked_up_while_answers_fill_the_room() {
        let selection = Selection::Filter(Filter::all());
        let key = Key { selection, encoding: Encoding::Sse, framing: Framing::Plain, id: None };
        let seat = SeatId { reader: 0, index: 0, number: 1 };
        let mut questions = Questions::default();
        questions.open.push_back(Question { seat, key, what: Ask::Open(Since::Snapshot) });
        questions.answered = ANSWERED_BYTES + 1;
        assert!(questions.poll().is_none());
        questions.topics.push_back(Topic::Queue);
        assert!(matches!(questions.poll(), Some(Job::Topic(_))), "but views");
        questions.answered -= 1;
        assert!(matches!(questions.poll(), Some(Job::Question(_))));
    }
}
