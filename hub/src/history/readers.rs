//! Reading the store from several threads.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::store::{Reader, Store, StoreError};
use crate::core::{Fetch, Hole, HoleReason, Page, Piece};

/// How often a page is tried before it counts as damaged.
const ATTEMPTS: u32 = 3;

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
        self.lock().idle.push(reader);
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
