//! Reading a stretch of the history.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Row, Statement, params};

use super::error::{is_damage, translate};
use super::file::FileId;
use super::found::{floor, spans};
use super::pending::Pending;
use super::schema::ReadConnection;
use super::{schema, signed, unsigned};
use crate::core::{Fetch, Hole, HoleReason, Only, Page, Piece, Record};
use crate::history::block::{checksum, decode, has_output};
use crate::history::store::{PAGE_BYTES, Reader, StoreError};

/// How many blocks are looked up for a page; mostly far more than one takes.
const LOOKED_UP: u32 = 256;

/// Reads the file beside the one who writes it.
#[derive(Debug)]
pub(super) struct SqliteReader {
    path: PathBuf,
    /// What the file does not have yet.
    pending: Pending,
    connection: Option<ReadConnection>,
    /// The file that was opened.
    file: Option<FileId>,
}

impl SqliteReader {
    pub(super) fn new(path: PathBuf, pending: Pending) -> Self {
        SqliteReader { path, pending, connection: None, file: None }
    }

    fn read(&mut self, fetch: &Fetch, looked_up: u32) -> rusqlite::Result<Page> {
        // Where nothing lies any more, what was opened can still be read.
        let there = FileId::of(&self.path).ok();
        if self.connection.is_none() || there.is_some_and(|there| self.file != Some(there)) {
            self.connection = Some(schema::open_reader(&self.path)?);
            self.file = there;
        }
        let Some(reading) = &mut self.connection else { unreachable!("it was just opened") };
        // One view of all tables.
        let transaction = reading.connection.transaction()?;
        let mut pages = Pages::new(&transaction, fetch, looked_up)?;
        let page = pages.read(&transaction)?;
        drop(pages);
        transaction.commit()?;
        self.connection.take_if(|reading| !reading.lasting);
        Ok(page)
    }
}

impl Reader for SqliteReader {
    fn page(&mut self, fetch: &Fetch) -> Result<Page, StoreError> {
        // Looked at before the file: what goes there meanwhile is in both, never in neither.
        let fetch = &match self.pending.page(fetch) {
            Ok(page) => return Ok(page),
            Err(filed) => filed,
        };
        // What is damaged may lie far behind: blocks are tried one by one then.
        for looked_up in [LOOKED_UP, 1] {
            match self.read(fetch, looked_up) {
                Ok(page) => return Ok(page),
                Err(error) => {
                    self.connection = None;
                    match translate(&error, &self.path) {
                        StoreError::Damaged { .. } => {}
                        error => return Err(error),
                    }
                }
            }
        }
        Ok(self.behind_damage(fetch))
    }
}

impl SqliteReader {
    /// The database itself is damaged where the question begins: what lies before the next block that
    /// can be found is a hole.
    fn behind_damage(&self, fetch: &Fetch) -> Page {
        let (mut broken, mut readable, mut next) = (fetch.after + 1, fetch.through + 1, None);
        // Ever further to where something can be read, then ever closer to where that begins.
        let mut stride = 1;
        while broken + stride < readable {
            if let Ok(found) = self.find(broken + stride) {
                (readable, next) = (broken + stride, found);
            } else {
                (broken, stride) = (broken + stride, stride * 2);
            }
        }
        while broken + 1 < readable {
            let middle = broken.midpoint(readable);
            match self.find(middle) {
                Ok(found) => (readable, next) = (middle, found.or(next)),
                Err(_) => broken = middle,
            }
        }
        let to = next.map_or(fetch.through, |next| (next - 1).clamp(fetch.after + 1, fetch.through));
        let hole = Hole { from: fetch.after + 1, to, why: HoleReason::Damaged };
        Page { pieces: vec![Piece::Hole(hole)], through: to }
    }

    /// The first block from an offset on.
    fn find(&self, from: u64) -> rusqlite::Result<Option<u64>> {
        let ReadConnection { connection, .. } = schema::open_reader(&self.path)?;
        let sql = "SELECT first FROM block WHERE first >= ?1 ORDER BY first LIMIT 1";
        Ok(connection.query_row(sql, [signed(from)], |row| row.get(0)).optional()?.map(unsigned))
    }
}

/// One page in the making.
struct Pages<'a> {
    fetch: &'a Fetch,
    looked_up: u32,
    floor: u64,
    /// The rows of the run that is asked for and of no run; all are asked for if there are none.
    runs: Vec<i64>,
    /// Ranges in which there never was anything, or whose loss is known: what they are, in order.
    blanks: Vec<(u64, u64, Option<HoleReason>)>,
    pieces: Vec<Piece>,
    /// The next offset that is to be accounted for.
    next: u64,
}

impl<'a> Pages<'a> {
    fn new(connection: &Connection, fetch: &'a Fetch, looked_up: u32) -> rusqlite::Result<Self> {
        let mut runs = Vec::new();
        if let Some(run) = &fetch.run {
            let sql = "SELECT id FROM run WHERE name = ?1";
            let row = connection.prepare_cached(sql)?.query_row([run.as_str()], |row| row.get::<_, i64>(0));
            runs.extend(row.optional()?);
            runs.push(schema::NO_RUN);
        }
        let mut blanks = Vec::new();
        let (spans, _) = spans(connection)?;
        for pair in spans.windows(2) {
            if let [before, behind] = pair
                && before.end < behind.start
            {
                blanks.push((before.end + 1, behind.start, None));
            }
        }
        let sql = "SELECT first, last, damaged FROM hole WHERE last > ?1 AND first <= ?2";
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([signed(fetch.after), signed(fetch.through)], |row| {
            let why = if row.get(2)? { HoleReason::Damaged } else { HoleReason::Unstored };
            Ok((unsigned(row.get(0)?), unsigned(row.get(1)?), Some(why)))
        })?;
        for blank in rows {
            blanks.push(blank?);
        }
        let floor = floor(connection)?;
        if floor > fetch.after {
            blanks.push((1, floor, Some(HoleReason::Evicted)));
        }
        blanks.sort_unstable_by_key(|(first, _, _)| *first);
        Ok(Pages { fetch, looked_up, floor, runs, blanks, pieces: Vec::new(), next: fetch.after + 1 })
    }

    fn read(&mut self, connection: &Connection) -> rusqlite::Result<Page> {
        let mut bytes = 0;
        let (firsts, all) = self.firsts(connection)?;
        let sql = "SELECT last, checksum, logs, lines, length FROM block WHERE first = ?1";
        let mut statement = connection.prepare_cached(sql)?;
        for (first, last) in firsts {
            if bytes >= PAGE_BYTES {
                return Ok(self.end(self.next - 1));
            }
            // With all blocks asked for, one that is missing shows.
            self.account(first, self.runs.is_empty());
            let read = match self.block(&mut statement, first, last) {
                Ok(read) => read,
                Err(error) if is_damage(&error) => None,
                Err(error) => return Err(error),
            };
            if let Some((_, size)) = &read {
                bytes += size;
            }
            match read {
                Some((records, _)) => self.pieces.extend(records.into_iter().map(Piece::Record)),
                None => self.hole(first.max(self.next), last, HoleReason::Damaged),
            }
            self.next = self.next.max(last + 1);
        }
        if !all {
            return Ok(self.end(self.next - 1));
        }
        self.account(self.fetch.through + 1, self.runs.is_empty());
        Ok(self.end(self.fetch.through))
    }

    /// What is wanted of a block, and how many bytes were read for it; none if it is not whole.
    fn block(
        &self,
        statement: &mut Statement<'_>,
        first: u64,
        last: u64,
    ) -> rusqlite::Result<Option<(Vec<Arc<Record>>, usize)>> {
        let mut rows = statement.query([signed(first)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        let (found, sum) = (unsigned(row.get(0)?), row.get::<_, u32>(1)?);
        let logs = row.get_ref(2)?.as_str()?;
        if let Some(Only::Logs(wanted)) = &self.fetch.only
            && !has_output(logs, self.fetch.run.as_ref(), wanted)
        {
            return Ok(Some((Vec::new(), 0)));
        }
        let lines = row.get_ref(3)?.as_blob()?;
        let length = usize::try_from(row.get::<_, i64>(4)?).unwrap_or(0);
        if found != last || checksum((first, last), logs.as_bytes(), length, lines) != sum {
            return Ok(None);
        }
        let records = decode((first, last), length, lines, self.fetch.after).ok();
        Ok(records.map(|records| (records, length)))
    }

    /// The blocks that may hold what is asked for, oldest first, with their last offsets, and whether
    /// these are all.
    fn firsts(&self, connection: &Connection) -> rusqlite::Result<(Vec<(u64, u64)>, bool)> {
        // The block that the question begins in begins before it.
        let sql = "SELECT first FROM block WHERE first <= ?1 ORDER BY first DESC LIMIT 1";
        let begin = connection.prepare_cached(sql)?.query_row([signed(self.next)], |row| row.get(0));
        let begin = begin.optional()?.unwrap_or(0_i64);
        let through = signed(self.fetch.through);
        let mut pairs: Vec<(u64, u64)> = Vec::new();
        // Behind this offset there are more than were looked up.
        let mut known = u64::MAX;
        let mut add = |found: Vec<(u64, u64)>| {
            if let Some((first, _)) = found.last().filter(|_| found.len() >= self.looked_up as usize) {
                known = known.min(*first);
            }
            pairs.extend(found);
        };
        if self.runs.is_empty() {
            let sql =
                "SELECT first, last FROM block WHERE first >= ?1 AND first <= ?2 ORDER BY first LIMIT ?3";
            let mut statement = connection.prepare_cached(sql)?;
            let found = statement.query_map(params![begin, through, self.looked_up], pair)?;
            add(found.collect::<Result<_, _>>()?);
        }
        for row in &self.runs {
            add(match &self.fetch.only {
                Some(Only::Diffs(seqs)) => self.with_diffs(connection, *row, (begin, through), seqs)?,
                Some(Only::Logs(_)) | None => self.of_run(connection, *row, (begin, through))?,
            });
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs.retain(|(first, last)| *last >= self.next && *first <= known);
        Ok((pairs, known == u64::MAX))
    }

    /// The first blocks of a run within a range, with their last offsets.
    fn of_run(
        &self,
        connection: &Connection,
        row: i64,
        (from, through): (i64, i64),
    ) -> rusqlite::Result<Vec<(u64, u64)>> {
        let sql = "SELECT block_run.first, ifnull(block.last, block_run.first) FROM block_run \
                   LEFT JOIN block ON block.first = block_run.first \
                   WHERE run = ?1 AND block_run.first >= ?2 AND block_run.first <= ?3 \
                   ORDER BY block_run.first LIMIT ?4";
        let mut statement = connection.prepare_cached(sql)?;
        let found = statement.query_map(params![row, from, through, self.looked_up], pair)?;
        found.collect()
    }

    /// Of these blocks those that may tell under one of the numbers how a file differs. Rows of the index
    /// are all that is read of the others.
    fn with_diffs(
        &self,
        connection: &Connection,
        row: i64,
        (from, through): (i64, i64),
        seqs: &[u64],
    ) -> rusqlite::Result<Vec<(u64, u64)>> {
        let sql = "SELECT first, diff_from, diff_to FROM block_run \
                   WHERE run = ?1 AND diff_to IS NOT NULL AND first >= ?2 AND first <= ?3 ORDER BY first";
        let mut statement = connection.prepare_cached(sql)?;
        let mut last = connection.prepare_cached("SELECT first, last FROM block WHERE first = ?1")?;
        let mut rows = statement.query(params![row, from, through])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()?.filter(|_| found.len() < self.looked_up as usize) {
            let (first, from, to) = (unsigned(row.get(0)?), unsigned(row.get(1)?), unsigned(row.get(2)?));
            let next = seqs.partition_point(|seq| *seq < from);
            if seqs.get(next).is_some_and(|seq| *seq <= to) {
                found.push(last.query_row([signed(first)], pair).optional()?.unwrap_or((first, first)));
            }
        }
        Ok(found)
    }

    /// Accounts for what lies before `first`: blanks that are known, and if `strict` everything else as
    /// damage.
    fn account(&mut self, first: u64, strict: bool) {
        for (from, to, why) in self.blanks.clone() {
            if from >= first || to < self.next {
                continue;
            }
            if strict && from > self.next {
                self.hole(self.next, from - 1, HoleReason::Damaged);
            }
            if let Some(why) = why {
                self.hole(from.max(self.next), to.min(first - 1), why);
            }
            self.next = (to + 1).min(first);
        }
        if strict && self.next < first {
            self.hole(self.next, first - 1, HoleReason::Damaged);
        }
        self.next = self.next.max(first);
    }

    fn hole(&mut self, from: u64, to: u64, why: HoleReason) {
        if from <= to {
            let why = if to <= self.floor { HoleReason::Evicted } else { why };
            self.pieces.push(Piece::Hole(Hole { from, to, why }));
        }
    }

    fn end(&mut self, through: u64) -> Page {
        Page { pieces: std::mem::take(&mut self.pieces), through }
    }
}

/// The first and the last offset of a block.
fn pair(row: &Row<'_>) -> rusqlite::Result<(u64, u64)> {
    Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
}
