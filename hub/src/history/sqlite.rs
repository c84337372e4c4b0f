//! The history in an SQLite file (WAL): one row per block of lines, so that an event costs a share of a row.
//! Where few come at a time they go to a journal beside it, and are gathered there until they make a block.

mod commit;
mod error;
mod file;
mod found;
mod gathered;
mod journal;
mod page;
mod pending;
mod remove;
mod schema;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use choo_protocol::RunId;
use rusqlite::{Connection, TransactionBehavior, params};

use super::block::Encoder;
use super::lock::Lock;
use super::store::{Excess, Found, Reader, Removed, Store, StoreError};
use crate::core::{Batch, HoleReason, OpenSpan, Stored};
use error::translate;
use file::{Aside, Files};
use gathered::Gathered;
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
    /// What is stored beside the file.
    gathered: Gathered,
    #[cfg(test)]
    read_only: bool,
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
            gathered: Gathered::default(),
            #[cfg(test)]
            read_only: false,
        }
    }

    /// The same store for those who only read.
    pub(crate) fn for_readers(&self) -> Self {
        Sqlite { gathered: self.gathered.for_readers(), ..Self::new(self.path.clone()) }
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

    /// As if the file could not be written to, or could again.
    #[cfg(test)]
    pub(crate) fn set_read_only(&mut self, read_only: bool) {
        (self.read_only, self.connection) = (read_only, None);
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
            #[cfg(test)]
            if self.read_only {
                return Err(StoreError::ReadOnly(self.path.clone()));
            }
            let connection = schema::open(&self.path).inspect_err(|error| self.note(error))?;
            self.files = Files::at(&self.path);
            let read = self.gathered.read(&self.path, &connection);
            read.map_err(|error| translate(&error, &self.path)).inspect_err(|error| self.note(error))?;
            self.connection = Some(connection);
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
        self.gathered.leave(&self.path);
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
        self.gathered.handle_moved();
        (self.begun, self.fresh) = (None, true);
        if why == Aside::Replaced {
            tracing::error!(aside = %aside.display(), "another file had taken the place of the history");
        }
        Ok(aside)
    }

    fn read_found(&mut self) -> Result<Found, StoreError> {
        let path = self.path.clone();
        let mut found = match self.with(|connection, _| found::found(connection)) {
            // Perhaps it can be read at least.
            Err(StoreError::ReadOnly(_) | StoreError::Full | StoreError::System { .. }) if path.exists() => {
                let reading = schema::open_reader(&path).map_err(|error| translate(&error, &path))?;
                let read = self.gathered.read(&path, &reading.connection);
                let found = read.and_then(|()| found::found(&reading.connection));
                found.map_err(|error| translate(&error, &path))?
            }
            other => other?,
        };
        self.gathered.pending.complete(&mut found);
        Ok(found)
    }

    /// What an earlier hub has left in the journal goes to the file, where that can be.
    fn recover_all(&mut self) -> Result<Found, StoreError> {
        match self.settle() {
            Err(error @ StoreError::Damaged { .. }) => Err(error),
            // Reading says what it is.
            _ => self.read_found(),
        }
    }

    /// Writes to the file what is pending, and a batch behind it, in one transaction.
    fn commit(&mut self, batch: Option<&Batch>) -> Result<(), StoreError> {
        let (pending, generation) = self.gathered.begin_commit();
        let fresh = batch.filter(|batch| self.begun != Some(batch.span));
        let all = [(pending.as_ref(), HoleReason::Damaged), (batch, HoleReason::Unstored)];
        let mut encoder = std::mem::take(&mut self.encoder);
        let committed = self.with(|connection, rows| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            if let Some(fresh) = fresh {
                let start = first(&all);
                commit::begin(&transaction, OpenSpan { start, ..fresh.span })?;
                commit::set_floor(&transaction, start)?;
            }
            for (n, (batch, missing)) in all.iter().enumerate() {
                if let Some(batch) = batch {
                    let begins = fresh.is_some() && (n == 0 || pending.is_none());
                    commit::append(&transaction, rows, batch, &mut encoder, (!begins).then_some(*missing))?;
                }
            }
            if pending.is_some() {
                commit::set_generation(&transaction, generation)?;
            }
            transaction.commit()?;
            Ok(first(&all))
        });
        self.encoder = encoder;
        let first = committed?;
        if fresh.is_some() {
            self.floor = first;
        }
        self.gathered.handle_committed(generation);
        Ok(())
    }
}

/// The offset behind which batches begin to have something.
fn first(batches: &[(Option<&Batch>, HoleReason)]) -> u64 {
    let first = |batch: &Batch| batch.records.first().map_or(batch.after, |record| record.offset - 1);
    batches.iter().find_map(|(batch, _)| batch.map(first)).unwrap_or(0)
}

impl Store for Sqlite {
    fn recover(&mut self) -> Result<Found, StoreError> {
        let found = match self.recover_all() {
            Err(StoreError::Damaged { .. }) => {
                self.aside = None;
                self.gathered.pending.clear();
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
        self.settle()?;
        let behind = self.with(|connection, _| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let behind = commit::begin(&transaction, span)?;
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
        if self.begun != Some(batch.span) || !self.gathered.push(&self.path, batch) {
            self.commit(Some(batch))?;
        }
        // What was written to a file that is gone is not stored.
        self.check()?;
        self.begun = Some(batch.span);
        let fresh = std::mem::take(&mut self.fresh);
        let pending = !self.gathered.pending.is_empty();
        Ok(Stored { through: batch.through(), floor: self.floor, fresh, pending })
    }

    fn settle(&mut self) -> Result<(), StoreError> {
        // What an earlier hub has left is read when the file is opened.
        self.with(|_, _| Ok(()))?;
        // One that was begun anew gets what is pending with the next batch.
        if self.fresh || self.gathered.pending.is_empty() {
            return Ok(());
        }
        self.commit(None)?;
        self.check()
    }

    fn remove(&mut self, excess: &Excess) -> Result<Removed, StoreError> {
        // Also where nothing comes that is to be stored, a file that is gone is missed now and then.
        self.check()?;
        self.settle()?;
        let removed = self.with(|connection, _| remove::step(connection, excess))?;
        self.floor = removed.floor.max(self.floor);
        Ok(Removed { floor: self.floor, ..removed })
    }

    fn end(&mut self) -> Result<(), StoreError> {
        self.check()?;
        let Some(span) = self.begun else { return Ok(()) };
        self.settle()?;
        self.gathered.end(&self.path);
        self.with(|connection, _| {
            let end = found::last(connection)?.max(span.start);
            let sql = "UPDATE epoch SET ended = ?2, clean = 1 WHERE epoch = ?1";
            connection.execute(sql, params![signed(span.epoch.number()), signed(end)])?;
            connection.pragma_update(None, "wal_checkpoint", "TRUNCATE")
        })?;
        self.connection = None;
        Ok(())
    }

    fn reader(&self) -> Box<dyn Reader> {
        Box::new(SqliteReader::new(self.path.clone(), self.gathered.pending.clone()))
    }
}

/// The file's numbers have a sign; offsets and epochs stay far below its reach.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
