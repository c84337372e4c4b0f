//! Payloads of `task.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::{exact, exact_option, null_as_default};
use crate::reader::readable;

/// `task.started`, `task.backpressure`, `task.completed`, `task.failed`, and what a reader takes from every
/// `task.*` of this run: what is known of the task itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskPayload {
    /// What the task is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The same, as the original tool says it; counts where there is no `name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Which attempt this is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The command it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// `task.validation.ok`, `task.validation.fail`: the result of a task's check. Why it failed stands in the
/// event's `error`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Validation {
    /// Which attempt was checked, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The command that checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Its exit code, where it ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    #[serde(serialize_with = "exact_option", skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// The end of what it said; the whole of it is in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<String>,
    /// Whether nothing was checked.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "std::ops::Not::not")]
    pub skipped: bool,
}

/// `task.retry`: a task failed and is tried again. Why it failed stands in the event's `error`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskRetry {
    /// Which attempt comes next, from 1.
    #[serde(deserialize_with = "null_as_default")]
    pub attempt: u32,
    /// A stable name for what failed, such as `backpressure_failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// After how many milliseconds it is tried.
    #[serde(serialize_with = "exact_option", skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u64>,
}

/// `task.committed`: what the task changed is in a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Commit {
    /// The commit, as full hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Its message, or the first line of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The branch it is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// How many files changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
    /// How many lines were added.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additions: Option<u32>,
    /// How many lines were deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deletions: Option<u32>,
}

/// `task.progress`: how far a task is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskProgress {
    /// Steps done.
    #[serde(deserialize_with = "null_as_default", serialize_with = "exact")]
    pub done: u64,
    /// Steps in all, where that is known.
    #[serde(serialize_with = "exact_option", skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// What it is doing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// `task.created`, `task.updated`, `task.deleted`: a task's record changed in a task store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskRecord {
    /// The record's id.
    #[serde(deserialize_with = "null_as_default")]
    pub task_id: String,
    /// The repository it belongs to.
    #[serde(deserialize_with = "null_as_default")]
    pub repository: String,
    /// The record itself, as the store has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<serde_json::Value>,
    /// Who changed it.
    #[serde(deserialize_with = "null_as_default")]
    pub changed_by: String,
}

readable!(TaskPayload { ; name, title, attempt, command });
