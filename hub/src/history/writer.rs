//! The thread that stores.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use choo_protocol::Timestamp;
use event_listener::Listener;

use super::keeper::{Do, Keeper, Progress};
use super::store::{Excess, Store, StoreError};
use crate::core::{Batch, Core, Keep, Storing};
use crate::shared::Shared;

/// Moves what the core records to the store, on a thread of its own, so that nobody waits for a disk.
#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    finish: Arc<AtomicBool>,
    finished: mpsc::Receiver<()>,
}

impl Writer {
    /// Starts the thread.
    pub(crate) fn start(shared: Arc<Shared>, store: Box<dyn Store>, keep: Keep) -> io::Result<Self> {
        let finish = Arc::new(AtomicBool::new(false));
        let (alive, finished) = mpsc::sync_channel(1);
        let thread = Thread {
            keeper: Keeper::new(shared.now().at),
            shared: Arc::clone(&shared),
            store,
            keep,
            finish: Arc::clone(&finish),
        };
        let run = move || {
            thread.run();
            drop(alive);
        };
        thread::Builder::new().name("history".to_owned()).spawn(run)?;
        Ok(Writer { shared, finish, finished })
    }

    /// Has everything stored that was recorded, and the epoch ended in good order; waits at most so long.
    pub(crate) fn finish(self, patience: Duration) {
        self.finish.store(true, Ordering::Release);
        self.shared.rouse_storing();
        // Nothing is ever sent; it errs with the thread's end.
        if self.finished.recv_timeout(patience) == Err(mpsc::RecvTimeoutError::Timeout) {
            tracing::warn!("the disk is slow; the last events may be missing in the history");
        }
    }
}

struct Thread {
    shared: Arc<Shared>,
    store: Box<dyn Store>,
    keeper: Keeper,
    keep: Keep,
    finish: Arc<AtomicBool>,
}

impl Thread {
    fn run(mut self) {
        loop {
            // Made before looking, so that nothing recorded in between is slept through.
            let unstored = self.shared.unstored();
            let last = self.finish.load(Ordering::Acquire);
            let now = self.shared.now();
            let until = match self.keeper.poll(now.at) {
                _ if last => {
                    self.store_rest();
                    return;
                }
                Do::Store if self.store(false) => continue,
                Do::Store => self.deadline(now.at),
                Do::Settle => {
                    self.settle();
                    continue;
                }
                Do::Remove => {
                    self.remove();
                    continue;
                }
                Do::Rest(until) if self.shared.act(|core, _| core.rest_storing()) => self.deadline(until),
                Do::Rest(until) | Do::Wait(until) => until,
            };
            unstored.wait_deadline(self.shared.instant(until));
        }
    }

    /// When to look although nothing comes.
    fn deadline(&self, earliest: Duration) -> Duration {
        let sweep = self.shared.look(|core, _| core.storing().map(Storing::deadline));
        self.keeper.deadline().min(sweep.unwrap_or(Duration::MAX)).max(earliest)
    }

    /// `false` if there was nothing to store.
    fn store(&mut self, last: bool) -> bool {
        let begun = self.shared.now().at;
        let Some(batch) = self.shared.act(|core, now| core.take_unstored(last, now)) else {
            self.keeper.handle_nothing();
            return false;
        };
        match self.store.append(&batch) {
            Ok(stored) => {
                self.shared.act(|core, now| core.handle_stored(&batch, stored, now));
                self.keeper.handle_stored(begun, stored.pending);
            }
            Err(error) => self.handle_failed(Some(batch), &error),
        }
        true
    }

    /// The store took nothing, `batch` least of all.
    fn handle_failed(&mut self, batch: Option<Batch>, error: &StoreError) {
        let gone = matches!(error, StoreError::Gone(_));
        let error = error.to_string();
        let first = self.shared.act(|core, now| {
            let first = core.storing().is_some_and(|storing| storing.trouble().is_none());
            match batch {
                Some(batch) => core.handle_unstored(batch, &error, now),
                None => core.handle_trouble(&error, now),
            }
            if gone {
                core.handle_gone();
            }
            first
        });
        if first {
            tracing::error!(%error, "the history is not stored; live streams go on");
        } else {
            tracing::debug!(%error, "the history is still not stored");
        }
        self.keeper.handle_failed(self.shared.now().at);
    }

    fn settle(&mut self) {
        match self.store.settle() {
            Ok(()) => self.keeper.handle_settled(),
            Err(error) => self.handle_failed(None, &error),
        }
    }

    /// Everything goes to the store, and the epoch ends in good order.
    fn store_rest(&mut self) {
        // A file that is gone is noticed here at the latest, and what memory has stored in a new one.
        for _ in 0..2 {
            // A state that is told on the way may be recorded once more.
            for _ in 0..3 {
                if !self.store(true) {
                    break;
                }
            }
            if !self.shared.look(|core, _| core.is_stored()) {
                return;
            }
            match self.store.end() {
                Ok(()) => return,
                Err(error @ StoreError::Gone(_)) => self.handle_failed(None, &error),
                Err(error) => {
                    tracing::warn!(%error, "the history is whole, but cannot be closed");
                    return;
                }
            }
        }
    }

    fn remove(&mut self) {
        let (removable, time) = self.shared.look(|core, now| (core.removable(), now.time));
        let oldest = self.keep.age.and_then(|age| i128::try_from(age.as_nanos()).ok());
        let before = oldest.map(|age| Timestamp::from_unix_nanos(time.unix_nanos().saturating_sub(age)));
        let removed = self.store.remove(&Excess { before, bytes: self.keep.bytes, removable });
        let now = self.shared.now().at;
        match removed {
            Ok(removed) => {
                self.shared.act(|core, _| Core::handle_removed(core, removed.floor));
                if let Some(Progress { events, over }) =
                    self.keeper.handle_removed(removed.events, removed.more, now)
                {
                    let how = if over { "removed old events" } else { "removing old events" };
                    tracing::warn!(events, "{how} from the history");
                }
            }
            Err(error) => {
                tracing::warn!(%error, "cannot remove old events from the history");
                self.keeper.handle_not_removed(now);
                if matches!(error, StoreError::Gone(_)) {
                    self.handle_failed(None, &error);
                }
            }
        }
    }
}
