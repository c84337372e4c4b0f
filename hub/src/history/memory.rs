//! The history in memory, for tests: what is in it outlives the hubs that share it, as a file would.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use choo_protocol::{RunId, RunState};

use super::store::{Excess, Found, PAGE_BYTES, Reader, Removed, Store, StoreError};
use crate::core::{
    Batch, Body, Fetch, Hole, HoleReason, OpenSpan, Page, Piece, Record, SavedRun, Span, Stored,
};

/// A store in memory; its clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Mutex<Shelf>>);

#[derive(Debug, Default)]
struct Shelf {
    /// The last one's end is that of the last record.
    spans: Vec<Span>,
    clean: bool,
    floor: u64,
    /// With when each was stored, in milliseconds since 1970.
    records: BTreeMap<u64, (i64, Arc<Record>)>,
    holes: Vec<(u64, u64)>,
    runs: BTreeMap<RunId, (SavedRun, Option<(u64, RunState)>)>,
}

impl Memory {
    fn lock(&self) -> MutexGuard<'_, Shelf> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bytes(record: &Record) -> usize {
    match &record.body {
        Body::Line { json, .. } => json.len() + 1,
        Body::State(_) => 1024,
    }
}

impl Store for Memory {
    fn recover(&mut self) -> Result<Found, StoreError> {
        let held = self.lock();
        Ok(Found {
            spans: held.spans.clone(),
            clean: held.clean || held.spans.is_empty(),
            floor: held.floor,
            runs: held.runs.values().cloned().collect(),
            set_aside: None,
        })
    }

    fn begin(&mut self, span: OpenSpan) -> Result<(), StoreError> {
        let mut held = self.lock();
        if held.spans.last().is_none_or(|last| last.epoch != span.epoch) {
            if held.spans.last().is_some_and(|last| last.end > span.start) {
                return Err(StoreError::Unread("memory".into()));
            }
            held.spans.push(Span { epoch: span.epoch, start: span.start, end: span.start });
            held.clean = false;
        }
        Ok(())
    }

    fn append(&mut self, batch: &Batch) -> Result<Stored, StoreError> {
        self.begin(batch.span)?;
        let mut held = self.lock();
        for run in &batch.forgotten {
            held.runs.remove(run);
        }
        for saved in &batch.runs {
            let state = held.runs.remove(&saved.run).and_then(|(_, state)| state);
            held.runs.insert(saved.run.clone(), (saved.clone(), state));
        }
        for saved in &batch.states {
            if let Some(run) = held.runs.get_mut(&saved.state.run) {
                run.1 = Some((saved.through, (*saved.state).clone()));
            }
        }
        if let Some(first) = batch.records.first().filter(|first| first.offset > batch.after + 1) {
            held.holes.push((batch.after + 1, first.offset - 1));
        }
        for record in &batch.records {
            held.records.insert(record.offset, (batch.time.unix_millis(), Arc::clone(record)));
        }
        let through = batch.through();
        if let Some(span) = held.spans.last_mut() {
            span.end = through;
        }
        Ok(Stored { through, floor: held.floor, fresh: false, pending: false })
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        Ok(())
    }

    fn remove(&mut self, excess: &Excess) -> Result<Removed, StoreError> {
        let mut held = self.lock();
        let mut used: u64 = held.records.values().map(|(_, record)| bytes(record) as u64).sum();
        let mut removed = Removed::default();
        while let Some((offset, (time, record))) = held.records.first_key_value() {
            let old = excess.before.is_some_and(|before| *time < before.unix_millis());
            let many = excess.bytes.is_some_and(|bytes| used > bytes);
            let removable = excess.removable;
            let goes = *offset <= removable.unowned
                || (old && *offset <= removable.ended)
                || (many && *offset <= removable.any);
            if !goes {
                break;
            }
            used -= bytes(record) as u64;
            held.floor = *offset;
            held.records.pop_first();
            removed.events += 1;
        }
        Ok(Removed { floor: held.floor, ..removed })
    }

    fn end(&mut self) -> Result<(), StoreError> {
        self.lock().clean = true;
        Ok(())
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(self.clone())
    }
}

impl Reader for Memory {
    fn page(&mut self, fetch: &Fetch) -> Result<Page, StoreError> {
        let held = self.lock();
        let mut items = Vec::new();
        let mut through = fetch.after;
        let mut size = 0;
        if held.floor > fetch.after {
            let hole = Hole { from: fetch.after + 1, to: held.floor, why: HoleReason::Evicted };
            items.push((hole.from, Piece::Hole(hole)));
        }
        for (offset, (_, record)) in held.records.range(fetch.after + 1..) {
            if *offset > fetch.through || size >= PAGE_BYTES {
                break;
            }
            through = *offset;
            let of_run = record.run.is_none() || fetch.run.is_none() || record.run == fetch.run;
            if of_run {
                size += bytes(record);
                items.push((*offset, Piece::Record(Arc::clone(record))));
            }
        }
        if size < PAGE_BYTES {
            through = fetch.through;
        }
        for (from, to) in &held.holes {
            if *to > fetch.after && *from <= through {
                let hole = Hole { from: (*from).max(fetch.after + 1), to: *to, why: HoleReason::Unstored };
                items.push((hole.from, Piece::Hole(hole)));
            }
        }
        items.sort_by_key(|(offset, _)| *offset);
        Ok(Page { pieces: items.into_iter().map(|(_, item)| item).collect(), through })
    }
}
