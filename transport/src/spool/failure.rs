//! Why events cannot be kept on disk.

use std::{fmt, io};

/// Why the spool takes no events. They are kept in memory as without a spool, and dropped by the same rules.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SpoolFailure {
    /// It has reached [`Builder::spool_bytes`](crate::Builder::spool_bytes); it takes events again once a hub
    /// has taken what is in it.
    Full,
    /// Another process uses the file of this run's name, or left one that has yet to be sent.
    Taken,
    /// What was written is no longer there: somebody has changed the file.
    Damaged,
    /// The disk is full (`ENOSPC`, `EDQUOT`).
    DiskFull,
    /// The directory or the file may not be used (`EACCES`, `EROFS`), or is not what it should be.
    Denied,
    /// The system failed in another way.
    System(io::ErrorKind),
}

impl From<io::Error> for SpoolFailure {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind::{PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match error.kind() {
            StorageFull | QuotaExceeded => SpoolFailure::DiskFull,
            PermissionDenied | ReadOnlyFilesystem => SpoolFailure::Denied,
            kind => SpoolFailure::System(kind),
        }
    }
}

impl fmt::Display for SpoolFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SpoolFailure::Full => f.write_str("the spool has reached its limit"),
            SpoolFailure::Taken => f.write_str("another process spools a run of this name"),
            SpoolFailure::Damaged => f.write_str("the spool file was changed from outside"),
            SpoolFailure::DiskFull => f.write_str("the disk is full"),
            SpoolFailure::Denied => f.write_str("the spool may not be written by this user"),
            SpoolFailure::System(kind) => write!(f, "{kind}"),
        }
    }
}
