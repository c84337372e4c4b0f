//! Which files differ.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::reader::readable;
use crate::{DiffChange, DiffRemoved, DiffSummary, FileStatus, IdMap, Line, Timestamp, kind};

/// How one file of a unit's work tree differs, without the text: that is in the event of this `seq`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiffState {
    /// The task that was said to have changed it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    /// What happened to the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<FileStatus>,
    /// Its path before, where it was renamed or copied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_file: Option<String>,
    /// How many lines were added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additions: Option<u32>,
    /// How many lines were deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletions: Option<u32>,
    /// Whether it is a binary file, of which there is no text to show.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "std::ops::Not::not")]
    pub binary: bool,
    /// Whether the text was cut because of its size.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
    /// When it was last told of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
    /// The `seq` of the event that told of it last, which has the text; `None` if that had none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seq: Option<u64>,
}

/// The files that differ by the unit they belong to (empty for none) and their path in its work tree.
pub(crate) type Diffs = IdMap<String, IdMap<String, DiffState>>;

/// How many files of one unit are kept, and how long a path may be in bytes. Linux has none longer.
const MAX_FILES: usize = 4096;
const MAX_PATH: usize = 4096;

/// What an event of `diff.*` did.
pub(crate) enum Told {
    Changed(DiffChange),
    /// It says nothing that was not so, or nothing that can be read. The latter is not counted with other
    /// misshapen payloads: that count must not depend on what was lost.
    Nothing,
    /// The list is full, or the path too long.
    Omitted,
}

/// Folds a `diff.*` event: the latest for a file of a unit counts (S4-B08), whichever task it names.
pub(crate) fn apply(diffs: &mut Diffs, line: &Line<'_>) -> Told {
    match &*line.kind {
        kind::DIFF_FILE => match line.read::<DiffSummary>() {
            Some(Ok(diff)) if !diff.file.is_empty() => insert(diffs, line, diff),
            _ => Told::Nothing,
        },
        kind::DIFF_REMOVED => match line.read::<DiffRemoved>() {
            Some(Ok(DiffRemoved { file })) => remove(diffs, &line.unit, &file),
            _ => Told::Nothing,
        },
        _ => Told::Nothing,
    }
}

fn insert(diffs: &mut Diffs, line: &Line<'_>, diff: DiffSummary) -> Told {
    let known = diffs.get(&*line.unit);
    let fits = known.is_none_or(|files| files.len() < MAX_FILES || files.contains_key(&diff.file));
    if !fits || diff.file.len() > MAX_PATH {
        return Told::Omitted;
    }
    let state = DiffState {
        task: line.task,
        status: diff.status,
        old_file: diff.old_file.filter(|path| path.len() <= MAX_PATH),
        additions: diff.additions,
        deletions: diff.deletions,
        binary: diff.binary,
        truncated: diff.truncated,
        updated: line.time,
        seq: line.seq,
    };
    let files = diffs.get_or_insert_with(&*line.unit, IdMap::new);
    let replaced = files.insert(diff.file, state).is_some();
    Told::Changed(if replaced { DiffChange::Replaced } else { DiffChange::Added })
}

fn remove(diffs: &mut Diffs, unit: &str, file: &str) -> Told {
    let Some(files) = diffs.get_mut(unit) else { return Told::Nothing };
    if files.remove(file).is_none() {
        return Told::Nothing;
    }
    if files.is_empty() {
        diffs.remove(unit);
    }
    Told::Changed(DiffChange::Removed)
}

readable!(DiffState {
    ;
    task, status, old_file, additions, deletions, binary, truncated, updated, seq,
});
