//! What SQLite says, in our words.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::history::store::StoreError;

/// Says who is at fault.
pub(super) fn translate(error: &rusqlite::Error, path: &Path) -> StoreError {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        _ if is_damage(error) => StoreError::Damaged { path, message: error.to_string() },
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => {
            StoreError::ReadOnly(path)
        }
        Some(ErrorCode::SystemIoFailure) => {
            let message = format!("{error}; look at the disk, and at what limits files (`ulimit -f`)");
            StoreError::System { path, message }
        }
        _ => StoreError::System { path, message: error.to_string() },
    }
}

/// Whether what is in the file is not what we wrote: torn, somebody else's, or garbage.
pub(super) fn is_damage(error: &rusqlite::Error) -> bool {
    match error {
        rusqlite::Error::SqliteFailure(failure, message) => {
            matches!(failure.code, ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                // Our own statements are right: it is the tables that are others.
                || message.as_deref().is_some_and(|message| message.starts_with("no such "))
        }
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..)
        | rusqlite::Error::QueryReturnedNoRows => true,
        _ => false,
    }
}
