//! A finished piece of one run's history: what there is of it now, and no more.

use std::sync::Arc;

use choo_protocol::{Limits, Line, LogPayload, RunId, kind};

use super::cold::{Cold, WayOn};
use super::history::{Body, Record};
use super::hub::Core;
use super::saved::{Fetch, Hole, Logs, Only, Page};

/// Reads a run's lines from an offset to the newest one there is when it begins.
///
/// Its driver calls [`Extract::poll`] until that is over.
#[derive(Debug)]
pub(crate) struct Extract {
    run: RunId,
    want: Want,
    position: u64,
    until: u64,
    cold: Cold,
}

/// Which lines are wanted.
#[derive(Debug)]
enum Want {
    All,
    /// Output, and of that only what contains a text, in small letters; all if that is empty.
    Logs(Logs, String),
    /// What tells under one of these numbers, in rising order, how a file differs.
    Diffs(Arc<[u64]>),
}

/// A piece of an extract.
#[derive(Debug)]
pub(crate) enum Extracted {
    Line(Arc<Record>),
    /// Some lines that may have been wanted are missing here.
    Hole(Hole),
}

/// What to do for an extract.
#[derive(Debug)]
pub(crate) enum Work {
    /// Here are some, of which [`Extract::admits`] knows the wanted ones; poll again.
    Take(Vec<Extracted>),
    /// Ask the store this, hand the answer to [`Extract::handle_page`], and poll again.
    Fetch(Fetch),
    /// That was all.
    Done,
}

/// How many records are looked at in one turn.
const SCAN: usize = 4096;

impl Extract {
    /// The lines of a run behind an offset.
    pub(crate) fn new(core: &Core, run: RunId, after: u64) -> Self {
        let until = core.history().last();
        Extract { run, want: Want::All, position: after, until, cold: Cold::default() }
    }

    /// Only output, and of that only what contains a text, whatever its case.
    #[must_use]
    pub(crate) fn only_logs(self, logs: Logs, text: &str) -> Self {
        Extract { want: Want::Logs(logs, text.to_lowercase()), ..self }
    }

    /// Only what tells how files differ, and of that what has one of these numbers, in rising order; from
    /// memory others come as well.
    #[must_use]
    pub(crate) fn only_diffs(self, seqs: Arc<[u64]>) -> Self {
        Extract { want: Want::Diffs(seqs), ..self }
    }

    /// Behind which offset it reads on.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// What the store answered.
    pub(crate) fn handle_page(&mut self, page: Page) {
        self.cold.handle_page(page);
    }

    /// Whether what was found has the text that is wanted. That takes longer than a turn of the core should.
    pub(crate) fn admits(&self, found: &Extracted) -> bool {
        match (&self.want, found) {
            (Want::Logs(_, text), Extracted::Line(record)) if !text.is_empty() => has_text(record, text),
            _ => true,
        }
    }

    /// What to do now.
    pub(crate) fn poll(&mut self, core: &Core) -> Work {
        if let Some(through) = self.cold.take_end() {
            self.position = self.position.max(through);
        }
        if let Some(hole) = self.cold.take_hole() {
            return self.take_hole(hole);
        }
        if self.position >= self.until {
            return Work::Done;
        }
        let mut taken = Vec::new();
        if self.cold.is_empty() {
            if self.position < core.history().floor() {
                match Cold::way_on(core, self.position, Some(&self.run)) {
                    WayOn::Fetch(fetch) => return Work::Fetch(Fetch { only: self.narrowed(), ..fetch }),
                    WayOn::Hole(hole) => return self.take_hole(hole),
                    WayOn::Overtaken => return self.take_hole(Cold::evicted(core, self.position)),
                }
            }
            for record in core.history().after(self.position).take(SCAN) {
                self.take(record, &mut taken);
            }
        } else {
            for _ in 0..SCAN {
                let Some(record) = self.cold.front().cloned() else { break };
                self.cold.pop();
                if record.offset > self.position {
                    self.take(&record, &mut taken);
                }
            }
        }
        Work::Take(taken)
    }

    fn take_hole(&mut self, hole: Hole) -> Work {
        self.position = self.position.max(hole.to);
        Work::Take(vec![Extracted::Hole(hole)])
    }

    fn take(&mut self, record: &Arc<Record>, taken: &mut Vec<Extracted>) {
        self.position = record.offset;
        if record.offset <= self.until && self.wants(record) {
            taken.push(Extracted::Line(Arc::clone(record)));
        }
    }

    fn wants(&self, record: &Record) -> bool {
        let Body::Line { kind, unit, task, .. } = &record.body else { return false };
        if record.run.as_ref() != Some(&self.run) {
            return false;
        }
        match &self.want {
            Want::All => true,
            Want::Logs(logs, _) => {
                kind.starts_with("log.")
                    && logs.unit.as_ref().is_none_or(|wanted| **wanted == **unit)
                    && (logs.task.is_none() || logs.task == *task)
            }
            Want::Diffs(_) => kind == kind::DIFF_FILE,
        }
    }

    fn narrowed(&self) -> Option<Only> {
        match &self.want {
            Want::All => None,
            Want::Logs(logs, _) => Some(Only::Logs(logs.clone())),
            Want::Diffs(seqs) => Some(Only::Diffs(Arc::clone(seqs))),
        }
    }
}

fn has_text(record: &Record, text: &str) -> bool {
    let Body::Line { json, .. } = &record.body else { return false };
    let Ok(line) = Line::parse(json, &Limits::default()) else { return false };
    let content = line.payload::<LogPayload>().and_then(Result::ok);
    content.is_some_and(|log| log.content.to_lowercase().contains(text))
}
