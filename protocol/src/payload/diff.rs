//! Payloads of `diff.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::open::open_enum;
use crate::reader::readable;

open_enum! {
    /// What happened to a file, in the words of `git diff --name-status`.
    FileStatus {
        /// It is new.
        Added = "added",
        /// Its contents changed.
        Modified = "modified",
        /// It is gone.
        Deleted = "deleted",
        /// It has another name, and perhaps other contents.
        Renamed = "renamed",
        /// It is a copy of another one, perhaps with other contents.
        Copied = "copied",
        /// It became a file of another type, such as a link.
        TypeChanged = "type_changed",
        /// A merge left it in conflict.
        Unmerged = "unmerged",
    }
}

/// `diff.file`: how a file of the unit's work tree differs now from where the unit began. The latest
/// for a file replaces those before.
///
/// ```
/// use choo_protocol::{DiffFile, FileStatus};
/// let diff: DiffFile = serde_json::from_str(r#"{"file":"a.rs","diff":"@@ -1 +1 @@","status":"renamed","old_file":"b.rs"}"#)?;
/// assert_eq!(diff.status, Some(FileStatus::Renamed));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiffFile {
    /// The file's path from the root of the work tree, with `/`.
    #[serde(deserialize_with = "null_as_default")]
    pub file: String,
    /// The difference as a unified diff; empty for a binary file or a mere change of name.
    #[serde(deserialize_with = "null_as_default")]
    pub diff: String,
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
    /// Whether `diff` was cut because of its size.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "std::ops::Not::not")]
    pub truncated: bool,
}

/// [`DiffFile`] without its text, for readers that only count; reading it copies none.
///
/// ```
/// use choo_protocol::{DiffSummary, Limits, Line};
/// let line = br#"{"type":"diff.file","payload":{"file":"a.rs","diff":"@@ -1 +1 @@","additions":1}}"#;
/// let line = Line::parse(line, &Limits::default())?;
/// let summary: DiffSummary = line.payload().unwrap_or_else(|| Ok(DiffSummary::default()))?;
/// assert_eq!((summary.file.as_str(), summary.additions), ("a.rs", Some(1)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DiffSummary {
    /// As in [`DiffFile::file`].
    #[serde(deserialize_with = "null_as_default")]
    pub file: String,
    /// As in [`DiffFile::status`].
    pub status: Option<FileStatus>,
    /// As in [`DiffFile::old_file`].
    pub old_file: Option<String>,
    /// As in [`DiffFile::additions`].
    pub additions: Option<u32>,
    /// As in [`DiffFile::deletions`].
    pub deletions: Option<u32>,
    /// As in [`DiffFile::binary`].
    #[serde(deserialize_with = "null_as_default")]
    pub binary: bool,
    /// As in [`DiffFile::truncated`].
    #[serde(deserialize_with = "null_as_default")]
    pub truncated: bool,
}

/// `diff.removed`: a file does no longer differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct DiffRemoved {
    /// The file's path, as in `diff.file`.
    #[serde(deserialize_with = "null_as_default")]
    pub file: String,
}

readable!(DiffFile { ; file, diff, status, old_file, additions, deletions, binary, truncated });
readable!(DiffSummary { ; file, status, old_file, additions, deletions, binary, truncated });
readable!(DiffRemoved { ; file });
