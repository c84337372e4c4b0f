//! What the journal holds, in memory: for readers, and for the next commit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::core::{Batch, Fetch, Hole, HoleReason, Page, Piece};
use crate::history::block::size;
use crate::history::store::{Found, PAGE_BYTES};

/// The batches of the journal as one. The store has it, and its readers share it.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending(Arc<Mutex<Option<Batch>>>);

impl Pending {
    fn lock(&self) -> MutexGuard<'_, Option<Batch>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lock().is_none()
    }

    /// All of it.
    pub(super) fn batch(&self) -> Option<Batch> {
        self.lock().clone()
    }

    /// It is in the database, or gone.
    pub(super) fn clear(&self) {
        *self.lock() = None;
    }

    /// A batch that is in the journal, behind those before. What is missing between them is damaged there.
    pub(super) fn push(&self, batch: &Batch) {
        let mut held = self.lock();
        let Some(all) = &mut *held else {
            *held = Some(batch.clone());
            return;
        };
        all.records.extend(batch.records.iter().cloned());
        for saved in &batch.runs {
            match all.runs.iter_mut().find(|known| known.run == saved.run) {
                Some(known) => known.clone_from(saved),
                None => all.runs.push(saved.clone()),
            }
        }
        all.time = batch.time;
    }

    /// Adds it to what was found in the database.
    pub(super) fn complete(&self, found: &mut Found) {
        let held = self.lock();
        let Some(all) = &*held else { return };
        if let Some(span) = found.spans.last_mut() {
            span.end = span.end.max(all.through());
        }
        for saved in &all.runs {
            match found.runs.iter_mut().find(|(known, _)| known.run == saved.run) {
                Some((known, _)) => known.clone_from(saved),
                None => found.runs.push((saved.clone(), None)),
            }
        }
    }

    /// The answer to a question that begins here; if it does not, what is to be asked of the file.
    pub(super) fn page(&self, fetch: &Fetch) -> Result<Page, Fetch> {
        let held = self.lock();
        let Some(all) = &*held else { return Err(fetch.clone()) };
        if fetch.after < all.after {
            return Err(Fetch { through: fetch.through.min(all.after), ..fetch.clone() });
        }
        let mut pieces = Vec::new();
        let mut bytes = 0;
        let mut next = fetch.after + 1;
        let hole = |from: u64, to: u64, pieces: &mut Vec<Piece>| {
            if from <= to {
                pieces.push(Piece::Hole(Hole { from, to, why: HoleReason::Damaged }));
            }
        };
        let first = all.records.partition_point(|record| record.offset <= fetch.after);
        for record in &all.records[first..] {
            hole(next, fetch.through.min(record.offset - 1), &mut pieces);
            next = record.offset;
            if record.offset > fetch.through || bytes >= PAGE_BYTES {
                return Ok(Page { pieces, through: fetch.through.min(record.offset - 1) });
            }
            next += 1;
            if fetch.run.is_none() || record.run.is_none() || record.run == fetch.run {
                bytes += size(record);
                pieces.push(Piece::Record(Arc::clone(record)));
            }
        }
        Ok(Page { pieces, through: fetch.through })
    }
}
