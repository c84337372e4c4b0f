//! A run of records as one row: their lines, and which runs and output they are of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use choo_protocol::{HubSnapshot, Limits, Line, RunId, SeqRange, Timestamp, kind, snapshot_line};

use crate::core::{Body, Logs, Record};

/// Records with offsets that follow each other, as a row.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) first: u64,
    pub(super) last: u64,
    /// NDJSON, compressed (LZ4 block format): the lines as they were received, and each state as
    /// `hub.snapshot`.
    pub(super) lines: &'a [u8],
    /// How many bytes they were.
    pub(super) length: usize,
    /// Which output is in it, as JSON: run, unit, tasks (`null` for none).
    pub(super) logs: String,
    /// Whose records are in it, and between which numbers each tells how files differ.
    pub(super) runs: BTreeMap<RunId, Option<SeqRange>>,
    /// Whether a record in it belongs to no run.
    pub(super) common: bool,
}

/// The output of a block, by run, unit and task.
type Outputs = BTreeMap<RunId, BTreeMap<String, BTreeSet<Option<i64>>>>;

/// A block is closed at about this many bytes. Larger ones cost less to write, and more to read where only
/// a part is wanted.
const BLOCK_BYTES: usize = 64 << 10;

/// The records of a row are not what was stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged;

/// Divides records, oldest first, into those of each block.
pub(super) fn divide(records: &[Arc<Record>]) -> impl Iterator<Item = &[Arc<Record>]> {
    let mut rest = records;
    std::iter::from_fn(move || {
        let first = rest.first()?.offset;
        let mut bytes = 0;
        let mut len = 0;
        for (record, offset) in rest.iter().zip(first..) {
            if record.offset != offset || bytes >= BLOCK_BYTES {
                break;
            }
            bytes += size(record);
            len += 1;
        }
        let (taken, left) = rest.split_at(len);
        rest = left;
        Some(taken)
    })
}

/// About how many bytes a record's line takes.
pub(super) fn size(record: &Record) -> usize {
    match &record.body {
        Body::Line { json, .. } => json.len() + 1,
        Body::State(_) => 1024,
    }
}

/// The line of a record, with its newline: as it was received, or a state as `hub.snapshot`.
pub(super) fn write_line(record: &Record, time: Timestamp, out: &mut Vec<u8>) {
    match &record.body {
        Body::Line { json, .. } => out.extend_from_slice(json),
        Body::State(state) => {
            // Names and numbers: nothing that JSON could not hold.
            let json = serde_json::to_string(&**state).unwrap_or_default();
            out.extend_from_slice(&snapshot_line(&state.run, "", 1, 1, &json, time));
        }
    }
    out.push(b'\n');
}

/// Makes blocks, in memory that it uses again: fresh pages for each would cost a tenth of what storing does.
///
/// SQLite writes what it is given twice and reads it once, so that lines are compressed pays for itself, and
/// the file holds about four times as many.
#[derive(Debug, Default)]
pub(super) struct Encoder {
    lines: Vec<u8>,
    packed: Vec<u8>,
}

impl Encoder {
    /// `records` is not empty, and their offsets follow each other.
    pub(super) fn encode(&mut self, records: &[Arc<Record>], time: Timestamp) -> Block<'_> {
        let lines = &mut self.lines;
        lines.clear();
        let mut runs = BTreeMap::<RunId, Option<SeqRange>>::new();
        let mut common = false;
        let mut outputs = Outputs::new();
        let mut latest_run = None;
        let mut latest_output = None;
        for record in records {
            common |= record.run.is_none();
            if let Some(run) = record.run.as_ref().filter(|run| latest_run != Some(*run)) {
                if !runs.contains_key(run) {
                    runs.insert(run.clone(), None);
                }
                latest_run = Some(run);
            }
            write_line(record, time, lines);
            if let Body::Line { kind, unit, task, json } = &record.body {
                if kind == kind::DIFF_FILE
                    && let Some(range) = record.run.as_ref().and_then(|run| runs.get_mut(run))
                    && let Some(seq) = Line::parse(json, &Limits::default()).ok().and_then(|line| line.seq)
                {
                    let known = range.unwrap_or(SeqRange { from: seq, to: seq });
                    *range = Some(SeqRange { from: known.from.min(seq), to: known.to.max(seq) });
                }
                let output = (record.run.as_ref(), &**unit, *task);
                // Lines of output come in rows of the same task.
                if is_output(kind) && latest_output != Some(output) {
                    latest_output = Some(output);
                    if let Some(run) = &record.run {
                        let units = outputs.entry(run.clone()).or_default();
                        match units.get_mut(&**unit) {
                            Some(tasks) => tasks.insert(*task),
                            None => units.entry(unit.to_string()).or_default().insert(*task),
                        };
                    }
                }
            }
        }
        let most = lz4_flex::block::get_maximum_output_size(lines.len());
        if self.packed.len() < most {
            self.packed.resize(most, 0);
        }
        // It fails for want of room, and there is as much as can be needed.
        let packed = lz4_flex::block::compress_into(lines, &mut self.packed).unwrap_or_default();
        let length = lines.len();
        let (first, last) = (records[0].offset, records[records.len() - 1].offset);
        let logs = if outputs.is_empty() { String::new() } else { json_of(&outputs) };
        // A state or a line of its own kind may have been far longer than most.
        if lines.capacity() > 16 * BLOCK_BYTES {
            (self.lines, self.packed) = (Vec::new(), self.packed[..packed].to_vec());
        }
        Block { first, last, lines: &self.packed[..packed], length, logs, runs, common }
    }
}

impl Block<'_> {
    /// What shows later whether a row is whole.
    pub(super) fn checksum(&self) -> u32 {
        checksum((self.first, self.last), self.logs.as_bytes(), self.length, self.lines)
    }
}

fn is_output(kind: &str) -> bool {
    kind.starts_with("log.")
}

/// Names and numbers: nothing that JSON could not hold.
fn json_of(outputs: &Outputs) -> String {
    let tasks = |tasks: &BTreeSet<Option<i64>>| tasks.iter().copied().collect::<Vec<_>>();
    let units = |units: &BTreeMap<String, BTreeSet<Option<i64>>>| {
        units.iter().map(|(unit, set)| (unit.clone(), tasks(set))).collect::<BTreeMap<_, _>>()
    };
    let runs: BTreeMap<&str, _> = outputs.iter().map(|(run, set)| (run.as_str(), units(set))).collect();
    serde_json::to_string(&runs).unwrap_or_default()
}

/// Whether a block may hold output that is asked for. What cannot be read may.
pub(super) fn has_output(logs: &str, run: Option<&RunId>, wanted: &Logs) -> bool {
    if logs.is_empty() {
        return false;
    }
    let Ok(runs) = serde_json::from_str::<BTreeMap<String, BTreeMap<String, Vec<Option<i64>>>>>(logs) else {
        return true;
    };
    let of_run = runs.iter().filter(|(id, _)| run.is_none_or(|run| run.as_str() == *id));
    let of_unit = of_run
        .flat_map(|(_, units)| units)
        .filter(|(unit, _)| wanted.unit.as_ref().is_none_or(|wanted| wanted == *unit));
    of_unit.flat_map(|(_, tasks)| tasks).any(|task| wanted.task.is_none() || wanted.task == *task)
}

/// A CRC-32 (IEEE) over everything that a block's meaning depends on.
pub(super) fn checksum((first, last): (u64, u64), logs: &[u8], length: usize, lines: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new();
    hash.update(&first.to_le_bytes());
    hash.update(&last.to_le_bytes());
    hash.update(&(logs.len() as u64).to_le_bytes());
    hash.update(logs);
    hash.update(&(length as u64).to_le_bytes());
    hash.update(lines);
    hash.finalize()
}

/// The records behind `after` of a row that is whole, whose lines are `length` bytes long.
pub(super) fn decode(
    (first, last): (u64, u64),
    length: usize,
    lines: &[u8],
    after: u64,
) -> Result<Vec<Arc<Record>>, Damaged> {
    let lines = lz4_flex::block::decompress(lines, length).map_err(|_| Damaged)?;
    if memchr::memchr_iter(b'\n', &lines).count() as u64 != last + 1 - first {
        return Err(Damaged);
    }
    parse_lines(first, &lines, after)
}

/// The records behind `after` whose lines these are, with offsets from `first` on.
pub(super) fn parse_lines(first: u64, lines: &[u8], after: u64) -> Result<Vec<Arc<Record>>, Damaged> {
    // What was taken stays readable, whatever the limits are today.
    let mut limits = Limits::default();
    (limits.line, limits.graph_line) = (usize::MAX, usize::MAX);
    let mut records = Vec::new();
    let mut start = 0;
    for (end, offset) in memchr::memchr_iter(b'\n', lines).zip(first..) {
        if offset > after {
            records.push(Arc::new(record(offset, &lines[start..end], &limits)?));
        }
        start = end + 1;
    }
    if start == lines.len() { Ok(records) } else { Err(Damaged) }
}

fn record(offset: u64, json: &[u8], limits: &Limits) -> Result<Record, Damaged> {
    let line = Line::parse(json, limits).map_err(|_| Damaged)?;
    let run = line.run.as_deref().map(str::parse).transpose().map_err(|_| Damaged)?;
    let body = if line.kind == kind::HUB_SNAPSHOT {
        let Some(Ok(HubSnapshot { state, .. })) = line.payload() else { return Err(Damaged) };
        Body::State(Arc::new(state))
    } else {
        Body::line(&line.kind, &*line.unit, line.task, json.to_vec())
    };
    Ok(Record::stored(offset, run, body))
}
