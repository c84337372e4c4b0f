//! What the database does not have yet: small batches, one behind the other, in a file beside it.
//!
//! A commit writes whole pages of several tables, the frame of a batch little more than its lines. What is in
//! the file survives the end of the process as a commit does: neither waits for the disk.
//!
//! Numbers are little endian. The file begins with a head of 32 bytes: `choojrnl`, the version of this format
//! (4 bytes), which state of the database it goes on behind (the generation and the epoch, 8 bytes each), and
//! the CRC-32 of all that. Frames follow: the length of the contents (4 bytes), its complement (4), the CRC-32
//! of the head and the contents (4), and the contents: the offset before the first record (8), when it was
//! stored in milliseconds since 1970 (8), how long the runs are (4), the runs as JSON, and the records as
//! lines, as they stand in a block.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use choo_protocol::Timestamp;

use super::file::FileId;
use crate::core::{Batch, OpenSpan, SavedRun};
use crate::history::block::{parse_lines, write_line};

/// What stands behind the name of the database in that of its journal. (`-journal` is SQLite's.)
pub(super) const JOURNAL: &str = ".journal";

const MAGIC: &[u8; 8] = b"choojrnl";

const VERSION: u32 = 1;

const HEAD: usize = 32;

/// What stands before the contents of a frame.
const FRAME_HEAD: usize = 12;

/// Which state of a database a journal goes on behind: if it is in another one, what the journal holds is in
/// there already, or never belonged to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct State {
    /// Counts how often a journal was moved to the database.
    pub(super) generation: u64,
    /// The epoch that is being written.
    pub(super) span: OpenSpan,
}

impl State {
    fn head(self) -> [u8; HEAD] {
        let mut head = [0; HEAD];
        head[..8].copy_from_slice(MAGIC);
        head[8..12].copy_from_slice(&VERSION.to_le_bytes());
        head[12..20].copy_from_slice(&self.generation.to_le_bytes());
        head[20..28].copy_from_slice(&self.span.epoch.number().to_le_bytes());
        let checksum = crc32fast::hash(&head[..28]);
        head[28..].copy_from_slice(&checksum.to_le_bytes());
        head
    }

    /// What a frame's checksum begins with, so that it belongs to one head.
    fn seed(self) -> u32 {
        crc32fast::hash(&self.head())
    }
}

/// A batch as a frame, behind what is in `out`. It has neither states nor runs that are to be forgotten, and
/// its records follow `after` without a hole.
pub(super) fn write_frame(state: State, batch: &Batch, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; FRAME_HEAD]);
    out.extend_from_slice(&batch.after.to_le_bytes());
    out.extend_from_slice(&batch.time.unix_millis().to_le_bytes());
    // Names and numbers: nothing that JSON could not hold.
    let runs = serde_json::to_vec(&batch.runs).unwrap_or_default();
    out.extend_from_slice(&length(runs.len()).to_le_bytes());
    out.extend_from_slice(&runs);
    for record in &batch.records {
        write_line(record, batch.time, out);
    }
    let contents = &out[start + FRAME_HEAD..];
    let (len, checksum) = (length(contents.len()), checksum(state, contents));
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
    out[start + 4..start + 8].copy_from_slice(&(!len).to_le_bytes());
    out[start + 8..start + FRAME_HEAD].copy_from_slice(&checksum.to_le_bytes());
}

/// Batches are bounded far below; a longer one would not be found whole.
fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

fn checksum(state: State, contents: &[u8]) -> u32 {
    let mut hash = crc32fast::Hasher::new_with_initial(state.seed());
    hash.update(contents);
    hash.finalize()
}

/// What was found in a journal.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// The batches that are whole, in order.
    pub(super) batches: Vec<Batch>,
    /// How many stretches of it are damaged; what is torn at the end is no damage, but how a process ends
    /// that is killed.
    pub(super) damaged: u32,
}

/// Reads a journal that goes on behind this state of the database; nothing if it belongs to another.
pub(super) fn read(bytes: &[u8], state: State) -> Found {
    let mut found = Found::default();
    let Some(mut rest) = bytes.strip_prefix(&state.head()) else { return found };
    let mut after = 0;
    let mut in_damage = false;
    while !rest.is_empty() {
        match read_frame(rest, state) {
            Ok((batch, len)) if batch.after >= after => {
                rest = &rest[len..];
                after = batch.through();
                found.batches.push(batch);
                in_damage = false;
            }
            Err(Unread::Torn) if !in_damage => break,
            // The next frame is looked for wherever it may begin.
            Ok(_) | Err(_) => {
                found.damaged += u32::from(!in_damage);
                in_damage = true;
                rest = &rest[1..];
            }
        }
    }
    found
}

/// Why a frame cannot be read.
#[derive(Debug, PartialEq, Eq)]
enum Unread {
    /// The file ends before the frame does.
    Torn,
    /// It is not what was written.
    Damaged,
}

/// The frame that bytes begin with, and how long it is.
fn read_frame(bytes: &[u8], state: State) -> Result<(Batch, usize), Unread> {
    let number = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map(|it| u32::from_le_bytes(*it));
    let (Some(len), Some(complement)) = (number(0), number(4)) else { return Err(Unread::Torn) };
    if complement != !len {
        return Err(Unread::Damaged);
    }
    let len = FRAME_HEAD.saturating_add(len as usize);
    let (Some(sum), Some(frame)) = (number(8), bytes.get(..len)) else { return Err(Unread::Torn) };
    let contents = &frame[FRAME_HEAD..];
    if checksum(state, contents) != sum {
        return Err(Unread::Damaged);
    }
    read_contents(contents, state.span).map(|batch| (batch, len)).ok_or(Unread::Damaged)
}

fn read_contents(contents: &[u8], span: OpenSpan) -> Option<Batch> {
    let (after, rest) = contents.split_first_chunk()?;
    let (millis, rest) = rest.split_first_chunk()?;
    let (len, rest) = rest.split_first_chunk()?;
    let (runs, lines) = rest.split_at_checked(u32::from_le_bytes(*len) as usize)?;
    let after = u64::from_le_bytes(*after);
    let runs: Vec<SavedRun> = serde_json::from_slice(runs).ok()?;
    let records = parse_lines(after + 1, lines, after).ok()?;
    let time = Timestamp::from_unix_nanos(i128::from(i64::from_le_bytes(*millis)) * 1_000_000);
    Some(Batch { span, after, records, runs, states: Vec::new(), forgotten: Vec::new(), time })
}

/// Where the journal of a database lies.
pub(super) fn place(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(JOURNAL);
    name.into()
}

/// Removes it.
pub(super) fn remove(database: &Path) -> io::Result<()> {
    match fs::remove_file(place(database)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A journal that is being written.
#[derive(Debug)]
pub(super) struct Journal {
    file: File,
    id: FileId,
    /// How much of the file is whole.
    len: u64,
    /// There may be something behind that.
    torn: bool,
}

impl Journal {
    /// An empty one, in place of what may lie there.
    pub(super) fn create(database: &Path) -> io::Result<Self> {
        let path = place(database);
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
        let id = FileId::from(&file.metadata()?);
        Ok(Journal { file, id, len: 0, torn: false })
    }

    /// How long it is, in bytes.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends frames as a whole, or nothing.
    pub(super) fn append(&mut self, state: State, frames: &[u8]) -> io::Result<()> {
        if self.torn {
            self.cut(self.len)?;
        }
        let with_head;
        let bytes = if self.len > 0 {
            frames
        } else {
            with_head = [&state.head(), frames].concat();
            &with_head
        };
        if let Err(error) = self.file.write_all_at(bytes, self.len) {
            // A part of it must not stay in the way of what comes later.
            self.torn = true;
            return self.cut(self.len).and(Err(error));
        }
        self.len += bytes.len() as u64;
        Ok(())
    }

    /// Begins it anew: what is in it is in the database.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        self.cut(0)
    }

    fn cut(&mut self, len: u64) -> io::Result<()> {
        self.file.set_len(len)?;
        (self.len, self.torn) = (len, false);
        Ok(())
    }

    /// Whether the next hub would come upon it: not if somebody has removed it. Where that cannot be told it
    /// is taken for granted.
    pub(super) fn is_at(&self, database: &Path) -> bool {
        FileId::of(&place(database))
            .map_or_else(|error| !super::file::is_absent(&error), |found| found == self.id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::core::{Body, Epoch, Record};

    fn state() -> State {
        State { generation: 3, span: OpenSpan { epoch: Epoch::from_number(0x1122), start: 5 } }
    }

    fn batch(after: u64, lines: &[&str]) -> Batch {
        let record = |(offset, line): (u64, &&str)| {
            let body = Body::line("x.a", "", None, line.as_bytes().to_vec());
            Arc::new(Record::stored(offset, Some("r".parse().unwrap()), body))
        };
        Batch {
            span: state().span,
            after,
            records: (after + 1..).zip(lines).map(record).collect(),
            runs: Vec::new(),
            states: Vec::new(),
            forgotten: Vec::new(),
            time: Timestamp::from_unix_nanos(1_700_000_000_123_000_000),
        }
    }

    /// A journal of these batches, and where each frame begins and the last one ends.
    fn journal(batches: &[Batch]) -> (Vec<u8>, Vec<usize>) {
        let mut bytes = state().head().to_vec();
        let mut bounds = vec![bytes.len()];
        for batch in batches {
            write_frame(state(), batch, &mut bytes);
            bounds.push(bytes.len());
        }
        (bytes, bounds)
    }

    fn three() -> (Vec<u8>, Vec<usize>) {
        journal(&[
            batch(5, &[r#"{"type":"x.a","run":"r","seq":1}"#]),
            batch(6, &[r#"{"type":"x.b","run":"r","seq":2}"#, r#"{"type":"x.c","run":"r","seq":3}"#]),
            batch(8, &[r#"{"type":"x.d","run":"r","seq":4}"#]),
        ])
    }

    fn offsets(found: &Found) -> Vec<u64> {
        found.batches.iter().flat_map(|batch| &batch.records).map(|record| record.offset).collect()
    }

    #[test]
    fn the_format_is_this_one() {
        let (bytes, _) = journal(&[batch(5, &[r#"{"type":"x.a","run":"r"}"#])]);
        let expected = concat!(
            "63686f6f6a726e6c", // choojrnl
            "01000000",
            "0300000000000000",
            "2211000000000000",
            "dfe5f8f9",
            "2f000000",
            "d0ffffff",
            "99c2352c",
            "0500000000000000",
            "7b68e5cf8b010000",
            "02000000",
            "5b5d",                                               // []
            "7b2274797065223a22782e61222c2272756e223a2272227d0a", // the line
        );
        assert_eq!(format!("{bytes:02x?}").replace([' ', ',', '[', ']'], ""), expected);
    }

    #[test]
    fn what_was_written_is_read() {
        let (bytes, _) = three();
        let found = read(&bytes, state());
        assert_eq!((offsets(&found), found.damaged), (vec![6, 7, 8, 9], 0));
        assert_eq!(found.batches[1].after, 6);
        assert_eq!(found.batches[0].time, batch(5, &[]).time);
        let other = State { generation: 4, ..state() };
        assert_eq!(read(&bytes, other).batches.len(), 0, "it is in the database already");
        let span = OpenSpan { epoch: Epoch::from_number(7), start: 5 };
        assert_eq!(read(&bytes, State { span, ..state() }).batches.len(), 0, "it belongs to another");
        assert_eq!(read(&[], state()).batches.len(), 0);
    }

    #[test]
    fn what_is_torn_at_the_end_is_cut_in_silence() {
        let (bytes, bounds) = three();
        for len in 0..bytes.len() {
            let found = read(&bytes[..len], state());
            let whole = bounds.iter().filter(|bound| **bound <= len).count().saturating_sub(1);
            assert_eq!((found.batches.len(), found.damaged), (whole, 0), "{len}");
        }
    }

    #[test]
    fn what_is_damaged_is_said_and_the_rest_is_kept() {
        let (bytes, bounds) = three();
        for at in HEAD..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            let frame = bounds.iter().filter(|bound| **bound <= at).count() - 1;
            let expected: Vec<u64> = [vec![6], vec![7, 8], vec![9]]
                .into_iter()
                .enumerate()
                .filter(|(n, _)| *n != frame)
                .flat_map(|(_, it)| it)
                .collect();
            let found = read(&bytes, state());
            assert_eq!((offsets(&found), found.damaged), (expected, 1), "{at}");
        }
        for at in 0..HEAD {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert_eq!(read(&bytes, state()).batches.len(), 0, "{at}");
        }
    }

    #[test]
    fn a_stretch_that_is_gone_is_found_around() {
        let (bytes, bounds) = three();
        let mut holed = bytes.clone();
        holed[bounds[0]..bounds[2] - 7].fill(0);
        let found = read(&holed, state());
        assert_eq!((offsets(&found), found.damaged), (vec![9], 1));
        // A frame that comes twice would give its offsets twice.
        let again = [&bytes, &bytes[bounds[0]..bounds[1]]].concat();
        let found = read(&again, state());
        assert_eq!((offsets(&found), found.damaged), (vec![6, 7, 8, 9], 1));
    }

    #[test]
    fn a_frame_that_could_not_be_written_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let database = dir.path().join("history.db");
        let mut journal = Journal::create(&database).unwrap();
        let (bytes, bounds) = three();
        let frame = |n: usize| &bytes[bounds[n]..bounds[n + 1]];
        journal.append(state(), frame(0)).unwrap();
        // As if the disk had taken a part of the second one, and not even let it be cut off.
        journal.file.write_all_at(&frame(1)[..70], journal.len).unwrap();
        journal.torn = true;
        journal.append(state(), frame(2)).unwrap();
        let found = read(&fs::read(place(&database)).unwrap(), state());
        assert_eq!((offsets(&found), found.damaged), (vec![6, 9], 0));
        assert!(journal.is_at(&database));
        journal.clear().unwrap();
        assert_eq!((journal.len(), fs::read(place(&database)).unwrap().len()), (0, 0));
        remove(&database).unwrap();
        assert!(!journal.is_at(&database));
        remove(&database).unwrap();
    }
}
