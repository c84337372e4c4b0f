//! Payloads of `task.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::reader::readable;

/// `task.*`: what is known of the task itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskPayload {
    /// What the task is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Which attempt this is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
    /// The command it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// `task.progress`: how far a task is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskProgress {
    /// Steps done.
    #[serde(deserialize_with = "null_as_default")]
    pub done: u64,
    /// Steps in all, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
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

readable!(TaskPayload { ; name, attempt, command });
