//! How the files of a run differ: which do is in its state, their texts are in its history.

use std::collections::HashMap;

use choo_protocol::{DiffFile, DiffState, Limits, Line, RunState};
use serde::Serialize;

use super::extract::{Extract, Extracted, Work};
use super::history::{Body, Record};
use super::hub::Core;
use super::run::Run;
use super::saved::{Fetch, Page};

/// How many files are told of at most.
const MAX_FILES: usize = 10_000;

/// How long all texts together may be, in bytes. Those for which there is no room are asked for one by one.
const MAX_TEXT: usize = 8 << 20;

/// Which files are of interest.
#[derive(Clone, Debug, Default)]
pub(crate) struct DiffFilter {
    pub(crate) unit: Option<String>,
    /// The task that changed the file last.
    pub(crate) task: Option<i64>,
    pub(crate) file: Option<String>,
}

/// A file that differs.
#[derive(Debug, Serialize)]
pub(crate) struct FileDiff {
    #[serde(skip_serializing_if = "String::is_empty")]
    unit: String,
    file: String,
    /// The unified diff: the newest that was told of the file.
    diff: Option<String>,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<&'static str>,
    #[serde(flatten)]
    state: DiffState,
}

/// The answer.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Diffs {
    files: Vec<FileDiff>,
    /// How many files more there are.
    omitted: usize,
    /// How many events told of files for which the run's state has no room.
    unlisted: u64,
}

/// Looks for the texts, oldest first, until each is found: in the store only where they can be.
///
/// Its driver calls [`DiffSearch::poll`] until that is over.
#[derive(Debug)]
pub(crate) struct DiffSearch {
    extract: Extract,
    answer: Diffs,
    /// Whose text stands in the event of a `seq`: the place of the file.
    wanted: HashMap<u64, usize>,
    /// Room for more text.
    room: usize,
    /// Why some of the history cannot be looked at, if so.
    hole: Option<&'static str>,
}

/// What to do for a search.
#[derive(Debug)]
pub(crate) enum Looking {
    /// Hand this to [`DiffSearch::handle_found`], which takes longer than a turn of the core should, and
    /// poll again.
    Take(Vec<Extracted>),
    /// Ask the store this, hand the answer to [`DiffSearch::handle_page`], and poll again.
    Fetch(Fetch),
    /// Here is what was found.
    Done(Diffs),
}

impl DiffSearch {
    /// The files of a run as they differ now.
    pub(crate) fn new(core: &Core, run: &Run, filter: &DiffFilter) -> Self {
        let after = run.offsets().0.saturating_sub(1);
        let answer = Diffs::list(run.state(), filter);
        let places = answer.files.iter().enumerate();
        let wanted = places.filter_map(|(place, file)| Some((file.state.seq?, place))).collect();
        let mut seqs: Vec<u64> = answer.files.iter().filter_map(|file| file.state.seq).collect();
        seqs.sort_unstable();
        let extract = Extract::new(core, run.id().clone(), after).only_diffs(seqs.into());
        DiffSearch { extract, answer, wanted, room: MAX_TEXT, hole: None }
    }

    /// What the store answered.
    pub(crate) fn handle_page(&mut self, page: Page) {
        self.extract.handle_page(page);
    }

    /// What to do now.
    pub(crate) fn poll(&mut self, core: &Core) -> Looking {
        match if self.wanted.is_empty() { Work::Done } else { self.extract.poll(core) } {
            Work::Take(found) => Looking::Take(found),
            Work::Fetch(fetch) => Looking::Fetch(fetch),
            Work::Done => {
                // Where nothing is missing here, it never came here: a producer may lose what is bulk.
                for file in self.answer.files.iter_mut().filter(|file| file.diff.is_none()) {
                    file.missing = file.missing.or(self.hole).or(Some("lost"));
                }
                Looking::Done(std::mem::take(&mut self.answer))
            }
        }
    }

    /// What [`DiffSearch::poll`] gave.
    pub(crate) fn handle_found(&mut self, found: Vec<Extracted>) {
        for piece in found {
            match piece {
                Extracted::Line(record) => self.take(&record),
                Extracted::Hole(hole) => self.hole = Some(hole.why.as_str()),
            }
        }
    }

    fn take(&mut self, record: &Record) {
        let Body::Line { json, .. } = &record.body else { return };
        let Ok(line) = Line::parse(json, &Limits::default()) else { return };
        let Some((seq, place)) = line.seq.and_then(|seq| Some((seq, *self.wanted.get(&seq)?))) else {
            return;
        };
        let Some(Ok(DiffFile { file, diff, .. })) = line.payload() else { return };
        let wanted = &mut self.answer.files[place];
        if wanted.file != file || wanted.unit != line.unit {
            return;
        }
        if let Some(room) = self.room.checked_sub(diff.len()) {
            (wanted.diff, self.room) = (Some(diff), room);
        } else {
            wanted.missing = Some("size");
        }
        self.wanted.remove(&seq);
    }
}

impl Diffs {
    /// The files, without text.
    fn list(state: &RunState, filter: &DiffFilter) -> Self {
        let units = state.diffs.iter().filter(|(unit, _)| filter.unit.as_ref().is_none_or(|of| of == *unit));
        let mut files: Vec<FileDiff> = Vec::new();
        let mut omitted = 0;
        for (unit, of_unit) in units {
            for (file, diff) in of_unit {
                let wanted = filter.task.is_none_or(|task| diff.task == Some(task))
                    && filter.file.as_ref().is_none_or(|of| of == file);
                if wanted && files.len() == MAX_FILES {
                    omitted += 1;
                } else if wanted {
                    let (unit, file, state) = (unit.to_owned(), file.to_owned(), diff.clone());
                    files.push(FileDiff { unit, file, diff: None, missing: None, state });
                }
            }
        }
        Diffs { files, omitted, unlisted: state.diffs_omitted }
    }
}
