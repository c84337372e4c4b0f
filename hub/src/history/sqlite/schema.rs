//! What is in the file, and how it is opened and made.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};
use rustix::fs::{Access, access};

use super::error::translate;
use crate::history::store::StoreError;

/// `choo`, so that `file` and we know whose database it is.
const APPLICATION_ID: i64 = 0x6368_6f6f;

/// The version of the tables below.
const FORMAT: i64 = 1;

/// The row that stands for no run in `block_run`.
pub(super) const NO_RUN: i64 = 0;

/// The write-ahead log is moved to the file at about this size, in pages.
const WAL_PAGES: i64 = 4096;

/// `logs` stands before `lines`, so that it is read without them.
const TABLES: &str = "
CREATE TABLE epoch (
    epoch INTEGER PRIMARY KEY, -- one start of a hub
    start INTEGER NOT NULL,    -- the offset behind which its events begin
    ended INTEGER,             -- the last offset stored in it, once it is over
    clean INTEGER NOT NULL     -- whether it ended in good order
);
CREATE TABLE block (
    first INTEGER PRIMARY KEY, -- the offset of its first line
    last INTEGER NOT NULL,
    time INTEGER NOT NULL,     -- when it was stored, in milliseconds since 1970
    checksum INTEGER NOT NULL, -- CRC-32 of first, last, logs, length and lines
    logs TEXT NOT NULL,        -- whose output is in it: run, unit, tasks
    length INTEGER NOT NULL,   -- of its lines as NDJSON, in bytes
    lines BLOB NOT NULL        -- NDJSON as an LZ4 block
);
CREATE TABLE run (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    standing TEXT NOT NULL     -- what a hub needs to go on with it
);
CREATE TABLE state (
    run INTEGER PRIMARY KEY,
    through INTEGER NOT NULL,  -- the offset it stands at
    checksum INTEGER NOT NULL,
    state TEXT NOT NULL
);
CREATE TABLE block_run (
    run INTEGER NOT NULL,      -- 0 for lines of no run
    first INTEGER NOT NULL,    -- a block with lines of it
    diff_from INTEGER,         -- the least and the greatest seq of what tells there how its files differ
    diff_to INTEGER,
    PRIMARY KEY (run, first)
) WITHOUT ROWID;
CREATE INDEX block_diff ON block_run (run, first, diff_from, diff_to) WHERE diff_to IS NOT NULL;
CREATE TABLE hole (
    first INTEGER PRIMARY KEY, -- offsets that could not be stored
    last INTEGER NOT NULL,
    damaged INTEGER NOT NULL   -- they were in the journal, and not whole
);
CREATE TABLE floor (
    floor INTEGER NOT NULL     -- the offset behind which nothing has been removed
);
INSERT INTO floor VALUES (0);
CREATE TABLE journal (
    generation INTEGER NOT NULL -- of the journal that goes on behind what is here
);
INSERT INTO journal VALUES (0);
";

/// Opens the file for writing, and makes it if it is not there: mode 0600 in a directory of mode 0700,
/// as the lines may hold anything.
pub(super) fn open(path: &Path) -> Result<Connection, StoreError> {
    make(path).map_err(|error| match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StoreError::Full,
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            StoreError::ReadOnly(path.to_owned())
        }
        _ => StoreError::System { path: path.to_owned(), message: error.to_string() },
    })?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|mut connection| {
        let version = prepare(&mut connection)?;
        Ok((connection, version))
    });
    let (connection, version) = opened.map_err(|error| translate(&error, path))?;
    if version > FORMAT {
        return Err(StoreError::Later { path: path.to_owned(), version });
    }
    Ok(connection)
}

fn make(path: &Path) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    OpenOptions::new().append(true).create(true).mode(0o600).open(path).map(drop)
}

/// Gives the format's version.
fn prepare(connection: &mut Connection) -> rusqlite::Result<i64> {
    connection.busy_timeout(Duration::from_secs(5))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version == 0 {
        connection.pragma_update(None, "page_size", 8192)?;
        connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A killed process loses nothing of what was committed; a loss of power may take what came since the
    // log was last moved to the file, and leaves the file whole.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.pragma_update(None, "wal_autocheckpoint", WAL_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
    if version == 0 {
        let transaction = connection.transaction()?;
        transaction.execute_batch(TABLES)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()?;
        return Ok(FORMAT);
    }
    Ok(version)
}

/// A connection that reads.
#[derive(Debug)]
pub(super) struct ReadConnection {
    pub(super) connection: Connection,
    /// It may be kept: it sees what is written later, and is in nobody's way.
    pub(super) lasting: bool,
}

/// Opens the file for reading, beside the one connection that writes; or alone, where nothing can be
/// written.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<ReadConnection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = Connection::open_with_flags(path, flags).and_then(|connection| {
        connection.busy_timeout(Duration::from_secs(5))?;
        // Whether its log can be used shows when something is read.
        connection.query_row("SELECT floor FROM floor", [], |_| Ok(()))?;
        Ok(connection)
    });
    match opened {
        Err(error)
            if matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) =>
        {
            Ok(ReadConnection { connection: open_immutable(path)?, lasting: false })
        }
        // What SQLite keeps open of a log that it cannot write to would keep the writer from it later.
        opened => {
            let lasting = access(path, Access::WRITE_OK).is_ok();
            Ok(ReadConnection { connection: opened?, lasting })
        }
    }
}

/// Opens a file beside which nothing can be made and that nobody writes: what its log holds is not seen.
fn open_immutable(path: &Path) -> rusqlite::Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/.-_".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            uri.extend(['%'].into_iter().chain(format!("{byte:02X}").chars()));
        }
    }
    Connection::open_with_flags(uri + "?immutable=1", flags)
}
