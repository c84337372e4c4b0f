//! Reading the store from several threads.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::store::{Reader, Store, StoreError};
use crate::core::{Fetch, Hole, HoleReason, Page, Piece};

/// How often a page is tried before it counts as damaged.
const ATTEMPTS: u32 = 3;

/// How many readers are kept for the next question; each is a connection with files of its own.
const MAX_IDLE: usize = 8;

/// Readers of one store, for any thread that may wait for a disk.
pub(crate) struct Readers(Mutex<Pool>);

struct Pool {
    make: Box<dyn Fn() -> Box<dyn Reader> + Send>,
    idle: Vec<Box<dyn Reader>>,
}

impl Readers {
    /// Readers of a store whose kind does not matter.
    pub(crate) fn new<S: Store + 'static>(store: S) -> Self {
        Readers(Mutex::new(Pool { make: Box::new(move || store.reader()), idle: Vec::new() }))
    }

    /// Reads a stretch of the history; blocks. What cannot be read is a hole in it.
    pub(crate) fn read(&self, fetch: &Fetch) -> Page {
        for attempt in 1.. {
            match self.read_once(fetch) {
                Ok(page) => return page,
                Err(error) if attempt >= ATTEMPTS => {
                    tracing::error!(%error, after = fetch.after, "events cannot be read from the history");
                    break;
                }
                Err(_) => {}
            }
        }
        let hole = Hole { from: fetch.after + 1, to: fetch.through, why: HoleReason::Damaged };
        Page { pieces: vec![Piece::Hole(hole)], through: fetch.through }
    }

    fn read_once(&self, fetch: &Fetch) -> Result<Page, StoreError> {
        let mut reader = {
            let mut pool = self.lock();
            match pool.idle.pop() {
                Some(reader) => reader,
                None => (pool.make)(),
            }
        };
        let page = reader.page(fetch);
        let mut pool = self.lock();
        if pool.idle.len() < MAX_IDLE {
            pool.idle.push(reader);
        }
        page
    }

    fn lock(&self) -> MutexGuard<'_, Pool> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Readers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Readers").field("idle", &self.lock().idle.len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Barrier};

    use super::*;

    /// One of so many that read at the same moment.
    struct OneOfMany(Arc<Barrier>);

    impl Reader for OneOfMany {
        fn page(&mut self, fetch: &Fetch) -> Result<Page, StoreError> {
            self.0.wait();
            Ok(Page { pieces: Vec::new(), through: fetch.through })
        }
    }

    #[test]
    fn a_crowd_leaves_no_more_readers_than_are_of_use() {
        const CROWD: usize = 3 * MAX_IDLE;
        let barrier = Arc::new(Barrier::new(CROWD));
        let make = move || Box::new(OneOfMany(Arc::clone(&barrier))) as Box<dyn Reader>;
        let readers = Readers(Mutex::new(Pool { make: Box::new(make), idle: Vec::new() }));
        std::thread::scope(|scope| {
            for _ in 0..CROWD {
                scope.spawn(|| readers.read(&Fetch { after: 0, through: 1, run: None, only: None }));
            }
        });
        assert_eq!(readers.lock().idle.len(), MAX_IDLE);
    }
}
