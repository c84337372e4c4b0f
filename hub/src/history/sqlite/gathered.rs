//! What is stored beside the file until it is worth a commit: the journal, and its contents in memory.

use std::path::Path;
use std::{fs, io};

use rusqlite::Connection;

use super::found;
use super::journal::{self, Journal, State};
use super::pending::Pending;
use crate::core::Batch;
use crate::history::block::size;

/// A batch with more bytes of lines than this is a commit of its own.
const SMALL: usize = 64 << 10;

/// A journal gets no longer than this, in bytes: memory has the same, and the next start reads it.
const JOURNAL_BYTES: u64 = 512 << 10;

/// Small batches. Whatever is wrong with the journal, they can go to the file instead, and those before them
/// too, as memory has them.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// What is in the journal and not in the file.
    pub(super) pending: Pending,
    /// None before it is needed, and where it cannot be written.
    journal: Option<Journal>,
    /// What an earlier hub has left in it was read.
    read: bool,
    /// How often what was pending has gone to the file.
    generation: u64,
    /// It is to go there before anything else is stored.
    due: bool,
    frame: Vec<u8>,
}

impl Gathered {
    /// The same for those who only read.
    pub(super) fn for_readers(&self) -> Self {
        Gathered { pending: self.pending.clone(), ..Self::default() }
    }

    /// Reads what an earlier hub has left, if that is not in the file, which was just opened.
    pub(super) fn read(&mut self, path: &Path, connection: &Connection) -> rusqlite::Result<()> {
        let state = found::state(connection)?;
        let generation = state.map_or(0, |state| state.generation);
        let read = std::mem::replace(&mut self.read, true);
        let before = std::mem::replace(&mut self.generation, generation);
        let Some(state) = state.filter(|_| !read || before != generation) else { return Ok(()) };
        // If the file has come further after all, what was pending is in there.
        self.pending.clear();
        self.journal = None;
        let bytes = fs::read(journal::place(path)).unwrap_or_else(|error| {
            if error.kind() != io::ErrorKind::NotFound {
                tracing::error!(%error, "the history's journal cannot be read; its events are missing");
            }
            Vec::new()
        });
        let mut found = journal::read(&bytes, state);
        let last = found::last(connection)?.max(state.span.start);
        found.batches.retain(|batch| batch.after >= last);
        if found.damaged > 0 {
            tracing::error!(places = found.damaged, "the history's journal is damaged; events are missing");
        }
        if let Some(first) = found.batches.first_mut() {
            first.after = last;
        }
        for batch in &found.batches {
            self.pending.push(batch);
        }
        self.due = !self.pending.is_empty();
        Ok(())
    }

    /// Takes a small batch; `false` if it is to go to the file, with all that is pending.
    pub(super) fn push(&mut self, path: &Path, batch: &Batch) -> bool {
        let len = batch.records.len() as u64;
        let plain = batch.states.is_empty() && batch.forgotten.is_empty();
        let whole = len > 0 && batch.through() - batch.after == len;
        if self.due || !plain || !whole || !is_small(batch) {
            return false;
        }
        if self.journal.is_none() && self.pending.is_empty() {
            let made = Journal::create(path);
            self.journal =
                made.inspect_err(|error| tracing::debug!(%error, "no journal can be written")).ok();
        }
        let Some(journal) = &mut self.journal else { return false };
        let state = State { generation: self.generation, span: batch.span };
        self.frame.clear();
        journal::write_frame(state, batch, &mut self.frame);
        if journal.len() + self.frame.len() as u64 > JOURNAL_BYTES {
            return false;
        }
        if let Err(error) = journal.append(state, &self.frame) {
            tracing::debug!(%error, "the journal takes nothing");
            return false;
        }
        // A state in it may have been far longer than lines are.
        self.frame.shrink_to(2 * SMALL);
        if !journal.is_at(path) {
            // Somebody has removed it.
            self.journal = None;
            return false;
        }
        self.pending.push(batch);
        true
    }

    /// What is to go to the file, and the generation that stands there then.
    pub(super) fn begin_commit(&mut self) -> (Option<Batch>, u64) {
        let pending = self.pending.batch();
        let generation = self.generation + u64::from(pending.is_some());
        self.due = true;
        (pending, generation)
    }

    /// It is there.
    pub(super) fn handle_committed(&mut self, generation: u64) {
        self.due = false;
        if self.generation != generation {
            self.generation = generation;
            self.pending.clear();
            self.journal.take_if(|journal| journal.clear().is_err());
        }
    }

    /// The file was moved out of the way, and the journal with it. What is pending goes into the next one.
    pub(super) fn handle_moved(&mut self) {
        (self.journal, self.read) = (None, false);
    }

    /// The file is gone, and everything with it.
    pub(super) fn leave(&mut self, path: &Path) {
        self.pending.clear();
        self.read = false;
        if self.journal.take().is_some_and(|journal| journal.is_at(path))
            && let Err(error) = journal::remove(path)
        {
            tracing::warn!(%error, "cannot remove what is left of the history");
        }
    }

    /// Everything is in the file, and nothing more comes.
    pub(super) fn end(&mut self, path: &Path) {
        self.journal = None;
        if let Err(error) = journal::remove(path) {
            tracing::debug!(%error, "an empty journal stays");
        }
    }
}

fn is_small(batch: &Batch) -> bool {
    let add = |sum, record| Some(sum + size(record)).filter(|sum| *sum <= SMALL);
    batch.records.iter().map(|record| &**record).try_fold(0, add).is_some()
}
