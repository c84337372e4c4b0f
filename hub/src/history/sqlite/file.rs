//! The files of a database: which they are, and how they get out of the way.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::journal::JOURNAL;
use crate::history::store::StoreError;

/// Which file lies at a path: device and inode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FileId(u64, u64);

impl FileId {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        fs::metadata(path).map(|data| FileId::from(&data))
    }
}

impl From<&Metadata> for FileId {
    fn from(data: &Metadata) -> Self {
        FileId(data.dev(), data.ino())
    }
}

/// The files that a connection has open.
#[derive(Debug)]
pub(super) struct Files {
    database: FileId,
    /// The write-ahead log, once it was seen: SQLite makes it for the first write.
    log: Option<FileId>,
}

/// Why what lies there is put aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aside {
    Damaged,
    /// Somebody put it there while ours was in use.
    Replaced,
}

impl Files {
    /// Those of the database that was just opened; none if they cannot be told.
    pub(super) fn at(path: &Path) -> Option<Self> {
        Some(Files { database: FileId::of(path).ok()?, log: None })
    }

    /// Whether the path still leads to the database. Where that cannot be told it is taken for granted: if
    /// the disk is in trouble, reading and writing say so.
    pub(super) fn are_at(&mut self, path: &Path) -> bool {
        let there = match FileId::of(path) {
            Ok(found) => found == self.database,
            Err(error) => !is_absent(&error),
        };
        if there && self.log.is_none() {
            let [_, log, ..] = parts(path);
            self.log = FileId::of(&log).ok();
        }
        there
    }

    /// Clears away what is left of the database beside its path. Says if something else lies there now.
    pub(super) fn leave(&self, path: &Path) -> Option<Aside> {
        let [_, log, index, _] = parts(path);
        // A log of ours would be taken for that of the next database.
        if self.log.is_some() && FileId::of(&log).ok() == self.log {
            for part in [log, index] {
                if let Err(error) = fs::remove_file(&part)
                    && !is_absent(&error)
                {
                    tracing::warn!(%error, path = %part.display(), "cannot remove what is left of the history");
                }
            }
        }
        let other = fs::metadata(path).is_ok_and(|data| data.len() > 0 || !data.is_file());
        other.then_some(Aside::Replaced)
    }
}

pub(super) fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Renames the file and what belongs to it; gives the new name.
pub(super) fn set_aside(path: &Path, why: Aside) -> Result<PathBuf, StoreError> {
    let (suffix, is) = match why {
        Aside::Damaged => ("damaged", "it is damaged and"),
        Aside::Replaced => ("replaced", "it is not the file that was in use, and it"),
    };
    let failed = |error: io::Error| StoreError::System {
        path: path.to_owned(),
        message: format!("{is} cannot be put aside: {error}"),
    };
    for n in 1.. {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".{suffix}-{n}"));
        let aside = PathBuf::from(name);
        if aside.exists() {
            continue;
        }
        for (from, to) in parts(path).into_iter().zip(parts(&aside)) {
            match fs::rename(from, to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
                _ => {}
            }
        }
        return Ok(aside);
    }
    Err(failed(io::ErrorKind::AlreadyExists.into()))
}

/// Where the parts of a database lie: the file, its write-ahead log, the index of that, and our journal.
fn parts(path: &Path) -> [PathBuf; 4] {
    ["", "-wal", "-shm", JOURNAL].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        name.into()
    })
}
