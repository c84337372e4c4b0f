//! Questions that wait for the store.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::question::Question;
use crate::core::Fetch;

/// How many threads ask the store: what a disk does well at a time.
pub(super) const COLD: usize = 2;

/// A queue of them, at most one of each subscription.
#[derive(Debug)]
pub(super) struct Cold {
    waiting: Mutex<Waiting>,
    asked: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    questions: VecDeque<(Question, Fetch)>,
    stopped: bool,
}

impl Cold {
    pub(super) fn new() -> Self {
        Cold { waiting: Mutex::default(), asked: Condvar::new() }
    }

    /// One more.
    pub(super) fn ask(&self, question: Question, fetch: Fetch) {
        self.lock().questions.push_back((question, fetch));
        self.asked.notify_one();
    }

    /// The next one; none once it is over.
    pub(super) fn next(&self) -> Option<(Question, Fetch)> {
        let mut waiting = self.lock();
        while !waiting.stopped {
            if let Some(next) = waiting.questions.pop_front() {
                return Some(next);
            }
            waiting = self.asked.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
        None
    }

    /// No more are answered.
    pub(super) fn stop(&self) {
        self.lock().stopped = true;
        self.asked.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
