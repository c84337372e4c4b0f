//! From what earlier hubs have stored to what this one begins with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use choo_protocol::{Limits, Line, RunId, RunState};

use super::store::{Store, StoreError};
use crate::core::{Body, Fetch, Piece, Restored, SavedRun};

/// How far offsets jump after a crash: more than a hub gives out before they are stored.
pub(crate) const JUMP: u64 = 1 << 20;

/// Reads what is there, and folds the states of the runs from their last stored ones.
/// Also where a damaged store lies now that was put aside.
pub(crate) fn recover(store: &mut dyn Store) -> Result<(Restored, Option<PathBuf>), StoreError> {
    let found = store.recover()?;
    let end = found.spans.last().map_or(0, |span| span.end);
    let start = if found.clean || found.spans.is_empty() { end } else { end + JUMP };
    let mut folding = Folding::new(found.runs, found.floor);
    folding.read(store, end)?;
    let restored = Restored { spans: found.spans, start, floor: found.floor, runs: folding.into_runs() };
    Ok((restored, found.set_aside))
}

/// The runs whose states are being folded.
struct Folding {
    runs: BTreeMap<RunId, Folded>,
    floor: u64,
}

struct Folded {
    saved: SavedRun,
    state: RunState,
    /// The offset behind which the fold began.
    stated_at: u64,
}

impl Folding {
    fn new(runs: Vec<(SavedRun, Option<(u64, RunState)>)>, floor: u64) -> Self {
        let folded = runs.into_iter().map(|(saved, stated)| {
            let (stated_at, state) = stated.unwrap_or_else(|| (0, RunState::new(saved.run.clone())));
            (saved.run.clone(), Folded { saved, state, stated_at })
        });
        Folding { runs: folded.collect(), floor }
    }

    /// Folds what is behind the stored states, each block once.
    fn read(&mut self, store: &dyn Store, end: u64) -> Result<(), StoreError> {
        let open = self.runs.values().filter(|run| run.stated_at < run.saved.offsets.1);
        let first = open.map(|run| run.stated_at.max(run.saved.offsets.0.saturating_sub(1))).min();
        let Some(first) = first else { return Ok(()) };
        let mut reader = store.reader();
        let mut after = first.max(self.floor);
        while after < end {
            let page = reader.page(&Fetch { after, through: end, run: None, only: None })?;
            for item in &page.pieces {
                match item {
                    Piece::Record(record) => {
                        if let Some(run) = record.run.as_ref().and_then(|run| self.runs.get_mut(run))
                            && record.offset > run.stated_at
                        {
                            run.fold(&record.body);
                        }
                    }
                    Piece::Hole(hole) => {
                        tracing::warn!(
                            from = hole.from,
                            to = hole.to,
                            why = hole.why.as_str(),
                            "events are missing in the history"
                        );
                    }
                }
            }
            after = page.through.max(after + 1);
        }
        Ok(())
    }

    fn into_runs(self) -> Vec<(SavedRun, RunState, u64)> {
        self.runs.into_values().map(|run| (run.saved, run.state, run.stated_at)).collect()
    }
}

impl Folded {
    fn fold(&mut self, body: &Body) {
        match body {
            Body::State(state) => self.state = (**state).clone(),
            Body::Line { json, .. } => {
                if let Ok(line) = Line::parse(json, &Limits::default()) {
                    self.state.apply(&line);
                }
            }
        }
    }
}
