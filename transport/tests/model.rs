//! The mailbox between emitting threads and the writer, in every interleaving: loom runs the very file,
//! with its own primitives in place of the system's.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(dead_code, reason = "the file is the pusher's; not all of it is needed here")]

use loom::sync::Arc;
use loom::thread;
use mailbox::Mailbox;
use sync::notifications;

#[path = "../src/mailbox.rs"]
mod mailbox;

mod sync {
    pub(crate) use std::sync::{PoisonError, TryLockError};

    use loom::sync::{Arc, Condvar};
    pub(crate) use loom::sync::{Mutex, MutexGuard};
    pub(crate) use loom::thread::{yield_now as spin, yield_now as nap};

    pub(crate) const LOOKS: u32 = 2;
    pub(crate) const SPINS: u32 = 1;

    /// As `event_listener::Event`: who has begun to listen hears of every notification from then on.
    #[derive(Debug)]
    pub(crate) struct Wake(Arc<(Mutex<u64>, Condvar)>);

    pub(crate) struct Listener {
        wake: Arc<(Mutex<u64>, Condvar)>,
        heard: u64,
    }

    impl Wake {
        pub(crate) fn new() -> Self {
            Wake(Arc::new((Mutex::new(0), Condvar::new())))
        }

        pub(crate) fn listen(&self) -> Listener {
            Listener { wake: Arc::clone(&self.0), heard: *self.0.0.lock().unwrap() }
        }

        pub(crate) fn notify(&self) {
            *self.0.0.lock().unwrap() += 1;
            self.0.1.notify_all();
        }
    }

    impl Listener {
        pub(crate) fn wait(self) {
            let mut count = self.wake.0.lock().unwrap();
            while *count == self.heard {
                count = self.wake.1.wait(count).unwrap();
            }
        }
    }

    /// How many notifications there were since the listener began.
    pub(crate) fn notifications(listener: &Listener) -> u64 {
        *listener.wake.0.lock().unwrap() - listener.heard
    }
}

/// What staging is, as far as it matters here: numbers given under the lock, and the events with them.
#[derive(Debug, Default)]
struct Events {
    seq: u64,
    waiting: Vec<u64>,
}

fn emit(mailbox: &Mailbox<Events>) {
    mailbox.put(|events| {
        events.seq += 1;
        events.waiting.push(events.seq);
    });
}

fn take(mailbox: &Mailbox<Events>) -> Vec<u64> {
    mailbox.take(|events| std::mem::take(&mut events.waiting))
}

fn model(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(body);
}

/// A writer that sleeps whenever there is nothing; a lost wake-up would leave it asleep for ever, which
/// loom reports.
fn every_event_arrives(threads: u64, each: u64) {
    let mailbox = Arc::new(Mailbox::new(Events::default()));
    let emitters: Vec<_> = (0..threads)
        .map(|_| {
            let mailbox = Arc::clone(&mailbox);
            thread::spawn(move || (0..each).for_each(|_| emit(&mailbox)))
        })
        .collect();
    let all = usize::try_from(threads * each).unwrap();
    let mut taken = Vec::new();
    while taken.len() < all {
        taken.extend(take(&mailbox));
        let listener = mailbox.listen(|events| !events.waiting.is_empty());
        if let Some(listener) = listener.filter(|_| taken.len() < all) {
            listener.wait();
        }
    }
    assert_eq!(taken, (1..=threads * each).collect::<Vec<_>>(), "each once, in order");
    for emitter in emitters {
        emitter.join().unwrap();
    }
}

#[test]
fn one_emitter_wakes_a_sleeping_writer_whenever_it_must() {
    model(4, || every_event_arrives(1, 3));
}

#[test]
fn two_emitters_lose_and_double_nothing() {
    model(3, || every_event_arrives(2, 2));
}

#[test]
fn a_writer_that_naps_is_not_woken_and_one_that_sleeps_is_woken_once() {
    model(3, || {
        let mailbox = Arc::new(Mailbox::new(Events::default()));
        let listener = mailbox.listen(|_| false).unwrap();
        // It was only a thought: from here on the writer naps.
        let early = take(&mailbox);
        let other = Arc::clone(&mailbox);
        let emitter = thread::spawn(move || (0..2).for_each(|_| emit(&other)));
        let mut taken = take(&mailbox);
        emitter.join().unwrap();
        taken.extend(take(&mailbox));
        assert_eq!((early, taken), (vec![], vec![1, 2]));
        assert_eq!(notifications(&listener), 0);

        let listener = mailbox.listen(|_| false).unwrap();
        emit(&mailbox);
        emit(&mailbox);
        assert_eq!(notifications(&listener), 1);
    });
}
