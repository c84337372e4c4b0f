//! The history in an SQLite file (WAL): one row per block of lines, so that an event costs a share of a row.

mod error;
mod file;
mod page;
mod remove;
mod schema;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use choo_protocol::RunId;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::block::{Encoder, divide};
use super::lock::Lock;
use super::store::{Excess, Found, Reader, Removed, Store, StoreError};
use crate::core::{Batch, Epoch, OpenSpan, SavedRun, SavedState, Span, Stored};
use error::translate;
use file::{Aside, Files};
use page::SqliteReader;

/// A store in a file.
///
/// It opens the file when it needs it, and again after an error, so that trying again is all its owner
/// has to do.
#[derive(Debug)]
pub(crate) struct Sqlite {
    path: PathBuf,
    connection: Option<Connection>,
    /// What keeps other hubs from it.
    lock: Option<Lock>,
    /// The files that were opened, once they were.
    files: Option<Files>,
    /// The rows of the runs.
    rows: HashMap<RunId, i64>,
    /// The epoch that this hub writes, once it is in the file.
    begun: Option<OpenSpan>,
    /// What lies there is damaged or not ours: the next attempt puts it aside.
    aside: Option<Aside>,
    /// The file was made anew since [`Store::recover`].
    fresh: bool,
    floor: u64,
    encoder: Encoder,
}

impl Sqlite {
    /// The store at `path`; nothing is opened yet.
    pub(crate) fn new(path: PathBuf) -> Self {
        Sqlite {
            path,
            connection: None,
            lock: None,
            files: None,
            rows: HashMap::new(),
            begun: None,
            aside: None,
            fresh: false,
            floor: 0,
            encoder: Encoder::default(),
        }
    }

    /// The same for the one hub that writes to it, with the lock if that could be had.
    pub(crate) fn locked(path: PathBuf, lock: Option<Lock>) -> Self {
        Sqlite { lock, ..Self::new(path) }
    }

    /// Lets the file have so many pages and no more, and gives how many it has.
    #[cfg(test)]
    pub(crate) fn limit_pages(&mut self, pages: i64) -> i64 {
        let limit = |connection: &mut Connection, _: &mut HashMap<RunId, i64>| {
            if pages > 0 {
                connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            }
            connection.pragma_query_value(None, "page_count", |row| row.get(0))
        };
        self.with(limit).unwrap_or_default()
    }

    /// As if the file had turned out to be damaged.
    #[cfg(test)]
    pub(crate) fn damage(&mut self) {
        self.note(&StoreError::Damaged { path: self.path.clone(), message: String::new() });
    }

    /// As if the disk had failed in some way.
    #[cfg(test)]
    pub(crate) fn fail_once(&mut self) {
        self.note(&StoreError::System { path: self.path.clone(), message: String::new() });
    }

    /// Does something with the file.
    fn with<R>(
        &mut self,
        act: impl FnOnce(&mut Connection, &mut HashMap<RunId, i64>) -> rusqlite::Result<R>,
    ) -> Result<R, StoreError> {
        if let Some(why) = self.aside.take() {
            self.set_aside(why).inspect_err(|_| self.aside = Some(why))?;
        }
        if self.connection.is_none() {
            self.check()?;
            self.keep_others_out()?;
            self.rows.clear();
            self.connection = Some(schema::open(&self.path).inspect_err(|error| self.note(error))?);
            self.files = Files::at(&self.path);
        }
        let Some(connection) = &mut self.connection else { unreachable!("it was just opened") };
        act(connection, &mut self.rows).map_err(|error| {
            let error = translate(&error, &self.path);
            self.note(&error);
            error
        })
    }

    fn note(&mut self, error: &StoreError) {
        // What the transaction had added to them is not in the file.
        self.rows.clear();
        if matches!(error, StoreError::Damaged { .. }) {
            self.aside = Some(Aside::Damaged);
        }
        if !matches!(error, StoreError::Full) {
            self.connection = None;
        }
    }

    /// Whether the file is still where it was opened. SQLite would go on writing to one that nobody can
    /// open any more.
    fn check(&mut self) -> Result<(), StoreError> {
        let there = self.files.as_mut().is_none_or(|files| files.are_at(&self.path));
        let Some(files) = self.files.take_if(|_| !there) else { return Ok(()) };
        // Closed first: what is left beside the path is only cleared away then.
        self.connection = None;
        self.aside = files.leave(&self.path);
        self.rows.clear();
        (self.begun, self.fresh) = (None, true);
        Err(StoreError::Gone(self.path.clone()))
    }

    /// Somebody who removes the file may remove the lock as well, and start another hub.
    fn keep_others_out(&mut self) -> Result<(), StoreError> {
        let removed = self.lock.as_ref().is_some_and(|lock| !lock.holds(&self.path));
        if removed {
            let lock = Lock::take(&self.path).map_err(|error| match error.kind() {
                io::ErrorKind::WouldBlock => StoreError::InUse(self.path.clone()),
                _ => StoreError::System {
                    path: self.path.clone(),
                    message: format!("cannot lock it: {error}"),
                },
            })?;
            self.lock = Some(lock);
        }
        Ok(())
    }

    /// Moves what lies there out of the way; nobody has to have it open.
    fn set_aside(&mut self, why: Aside) -> Result<PathBuf, StoreError> {
        self.connection = None;
        self.files = None;
        let aside = file::set_aside(&self.path, why)?;
        (self.begun, self.fresh) = (None, true);
        if why == Aside::Replaced {
            tracing::error!(aside = %aside.display(), "another file had taken the place of the history");
        }
        Ok(aside)
    }

    fn read_found(&mut self) -> Result<Found, StoreError> {
        let path = self.path.clone();
        match self.with(|connection, _| found(connection)) {
            // Perhaps it can be read at least.
            Err(StoreError::ReadOnly(_) | StoreError::Full | StoreError::System { .. }) if path.exists() => {
                let reading = schema::open_reader(&path).map_err(|error| translate(&error, &path))?;
                found(&reading.connection).map_err(|error| translate(&error, &path))
            }
            other => other,
        }
    }
}

impl Store for Sqlite {
    fn recover(&mut self) -> Result<Found, StoreError> {
        let found = match self.read_found() {
            Err(StoreError::Damaged { .. }) => {
                self.aside = None;
                let aside = self.set_aside(Aside::Damaged)?;
                self.fresh = false;
                Found { set_aside: Some(aside), ..Found::default() }
            }
            other => other?,
        };
        self.floor = found.floor;
        Ok(found)
    }

    fn begin(&mut self, span: OpenSpan) -> Result<(), StoreError> {
        if self.begun == Some(span) {
            return Ok(());
        }
        let behind = self.with(|connection, _| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let behind = begin(&transaction, span)?;
            transaction.commit()?;
            Ok(behind)
        })?;
        if !behind {
            return Err(StoreError::Unread(self.path.clone()));
        }
        self.begun = Some(span);
        Ok(())
    }

    fn append(&mut self, batch: &Batch) -> Result<Stored, StoreError> {
        // What was damaged is put aside here, so that it shows.
        self.with(|_, _| Ok(()))?;
        if !self.fresh {
            self.begin(batch.span)?;
        }
        let begun = self.begun == Some(batch.span);
        let first = batch.records.first().map_or(batch.after, |record| record.offset - 1);
        let mut encoder = std::mem::take(&mut self.encoder);
        let appended = self.with(|connection, rows| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if !begun {
                begin(&transaction, OpenSpan { start: first, ..batch.span })?;
                set_floor(&transaction, first)?;
            }
            append(&transaction, rows, batch, &mut encoder, begun)?;
            transaction.commit()
        });
        self.encoder = encoder;
        appended?;
        // What was written to a file that is gone is not stored.
        self.check()?;
        self.begun = Some(batch.span);
        let fresh = std::mem::take(&mut self.fresh);
        if fresh {
            self.floor = first;
        }
        Ok(Stored { through: batch.through(), floor: self.floor, fresh })
    }

    fn remove(&mut self, excess: &Excess) -> Result<Removed, StoreError> {
        // Also where nothing comes that is to be stored, a file that is gone is missed now and then.
        self.check()?;
        let removed = self.with(|connection, _| remove::step(connection, excess))?;
        self.floor = removed.floor.max(self.floor);
        Ok(Removed { floor: self.floor, ..removed })
    }

    fn end(&mut self) -> Result<(), StoreError> {
        self.check()?;
        let Some(span) = self.begun else { return Ok(()) };
        self.with(|connection, _| {
            let end = last(connection)?.max(span.start);
            let sql = "UPDATE epoch SET ended = ?2, clean = 1 WHERE epoch = ?1";
            connection.execute(sql, params![signed(span.epoch.number()), signed(end)])?;
            connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")
        })?;
        self.connection = None;
        Ok(())
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(SqliteReader::new(self.path.clone()))
    }
}

/// The file's numbers have a sign; offsets and epochs stay far below its reach.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// The offset of the last record; 0 without one.
fn last(connection: &Connection) -> rusqlite::Result<u64> {
    let sql = "SELECT last FROM block ORDER BY first DESC LIMIT 1";
    let last = connection.query_row(sql, [], |row| row.get(0)).optional()?;
    Ok(last.map_or(0, unsigned))
}

fn floor(connection: &Connection) -> rusqlite::Result<u64> {
    connection.query_row("SELECT floor FROM floor", [], |row| row.get(0)).map(unsigned)
}

fn set_floor(connection: &Connection, floor: u64) -> rusqlite::Result<()> {
    connection.execute("UPDATE floor SET floor = ?1", [signed(floor)]).map(drop)
}

/// The epochs, oldest first, and whether the last one ended in good order.
fn spans(connection: &Connection) -> rusqlite::Result<(Vec<Span>, bool)> {
    let last = last(connection)?;
    let mut statement =
        connection.prepare_cached("SELECT epoch, start, ended, clean FROM epoch ORDER BY epoch")?;
    let mut clean = true;
    let rows = statement.query_map([], |row| {
        let start = unsigned(row.get(1)?);
        clean = row.get(3)?;
        let end = row.get::<_, Option<i64>>(2)?.map_or(last.max(start), unsigned);
        Ok(Span { epoch: Epoch::from_number(unsigned(row.get(0)?)), start, end })
    })?;
    let spans = rows.collect::<Result<_, _>>()?;
    Ok((spans, clean))
}

fn found(connection: &Connection) -> rusqlite::Result<Found> {
    let (spans, clean) = spans(connection)?;
    let sql = "SELECT run.standing, state.through, state.checksum, state.state \
               FROM run LEFT JOIN state ON state.run = run.id";
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut runs = Vec::new();
    while let Some(row) = rows.next()? {
        let Ok(saved) = serde_json::from_str::<SavedRun>(row.get_ref(0)?.as_str()?) else {
            tracing::warn!("a run in the history cannot be read and is left out");
            continue;
        };
        let through: Option<i64> = row.get(1)?;
        let state = through.and_then(|through| {
            let json = row.get_ref(3).ok()?.as_str().ok()?;
            let whole = row.get::<_, u32>(2).ok()? == crc32fast::hash(json.as_bytes());
            let state = serde_json::from_str(json).ok().filter(|_| whole);
            if state.is_none() {
                tracing::warn!(run = %saved.run, "the stored state of a run is damaged; folding its events");
            }
            Some((unsigned(through), state?))
        });
        runs.push((saved, state));
    }
    Ok(Found { spans, clean, floor: floor(connection)?, runs, set_aside: None })
}

/// Writes down where the epochs before ended and where this one begins; `false` if there is something
/// behind that.
fn begin(transaction: &Transaction<'_>, span: OpenSpan) -> rusqlite::Result<bool> {
    let last = last(transaction)?;
    if last > span.start {
        return Ok(false);
    }
    let sql = "UPDATE epoch SET ended = max(start, ?1) WHERE ended IS NULL";
    transaction.execute(sql, [signed(last)])?;
    let sql = "INSERT INTO epoch (epoch, start, clean) VALUES (?1, ?2, 0)";
    transaction.execute(sql, params![signed(span.epoch.number()), signed(span.start)])?;
    Ok(true)
}

fn append(
    transaction: &Transaction<'_>,
    rows: &mut HashMap<RunId, i64>,
    batch: &Batch,
    encoder: &mut Encoder,
    continued: bool,
) -> rusqlite::Result<()> {
    for run in &batch.forgotten {
        if let Some(row) = row_of(transaction, rows, run)? {
            for sql in [
                "DELETE FROM state WHERE run = ?1",
                "DELETE FROM block_run WHERE run = ?1",
                "DELETE FROM run WHERE id = ?1",
            ] {
                transaction.prepare_cached(sql)?.execute([row])?;
            }
            rows.remove(run);
        }
    }
    for saved in &batch.runs {
        let standing = serde_json::to_string(saved).unwrap_or_default();
        if let Some(row) = row_of(transaction, rows, &saved.run)? {
            let sql = "UPDATE run SET standing = ?2 WHERE id = ?1";
            transaction.prepare_cached(sql)?.execute(params![row, standing])?;
        } else {
            let sql = "INSERT INTO run (name, standing) VALUES (?1, ?2)";
            transaction.prepare_cached(sql)?.execute(params![saved.run.as_str(), standing])?;
            rows.insert(saved.run.clone(), transaction.last_insert_rowid());
        }
    }
    for SavedState { through, state } in &batch.states {
        if let Some(row) = row_of(transaction, rows, &state.run)? {
            let json = serde_json::to_string(&**state).unwrap_or_default();
            let sql = "INSERT OR REPLACE INTO state (run, through, checksum, state) VALUES (?1, ?2, ?3, ?4)";
            let checksum = crc32fast::hash(json.as_bytes());
            transaction.prepare_cached(sql)?.execute(params![row, signed(*through), checksum, json])?;
        }
    }
    let mut next = batch.after + 1;
    for records in divide(&batch.records) {
        let block = encoder.encode(records, batch.time);
        if block.first > next && continued {
            let sql = "INSERT INTO hole (first, last) VALUES (?1, ?2)";
            transaction.prepare_cached(sql)?.execute([signed(next), signed(block.first - 1)])?;
        }
        next = block.last + 1;
        let sql = "INSERT INTO block (first, last, time, checksum, logs, length, lines) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
        transaction.prepare_cached(sql)?.execute(params![
            signed(block.first),
            signed(block.last),
            batch.time.unix_millis(),
            block.checksum(),
            block.logs,
            signed(block.length as u64),
            block.lines,
        ])?;
        let sql = "INSERT OR IGNORE INTO block_run (run, first, diff_from, diff_to) VALUES (?1, ?2, ?3, ?4)";
        let mut index = transaction.prepare_cached(sql)?;
        if block.common {
            index.execute(params![schema::NO_RUN, signed(block.first), None::<i64>, None::<i64>])?;
        }
        for (run, diffs) in &block.runs {
            // A run that was forgotten since has no row.
            if let Some(row) = row_of(transaction, rows, run)? {
                let (from, to) = (diffs.map(|it| signed(it.from)), diffs.map(|it| signed(it.to)));
                index.execute(params![row, signed(block.first), from, to])?;
            }
        }
    }
    Ok(())
}

fn row_of(
    connection: &Connection,
    rows: &mut HashMap<RunId, i64>,
    run: &RunId,
) -> rusqlite::Result<Option<i64>> {
    if let Some(row) = rows.get(run) {
        return Ok(Some(*row));
    }
    let sql = "SELECT id FROM run WHERE name = ?1";
    let row = connection.prepare_cached(sql)?.query_row([run.as_str()], |row| row.get(0)).optional()?;
    if let Some(row) = row {
        rows.insert(run.clone(), row);
    }
    Ok(row)
}
