//! The state of one task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cut_error;
use crate::change::{Members, members};
use crate::reader::readable;
use crate::state::UsageTotal;
use crate::{Line, TaskPayload, Timestamp, kind};

/// How a task stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Has not started.
    #[default]
    Pending,
    /// Runs.
    Running,
    /// Its result is being checked.
    Validating,
    /// Failed and will be tried again.
    Retrying,
    /// Done.
    Completed,
    /// Failed for good.
    Failed,
}

impl TaskStatus {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            TaskStatus::Pending => "pending",
            TaskStatus::Running => "running",
            TaskStatus::Validating => "validating",
            TaskStatus::Retrying => "retrying",
            TaskStatus::Completed => "completed",
            TaskStatus::Failed => "failed",
        }
    }
}

/// One task of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TaskState {
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How it stands.
    pub status: TaskStatus,
    /// Which attempt this is, from 1; 0 before the first.
    pub attempt: u32,
    /// When its first attempt started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Why its last attempt failed; at most 4 KiB.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// What it took, all attempts together.
    #[serde(skip_serializing_if = "crate::state::is_default")]
    pub usage: UsageTotal,
}

members! {
    /// Members of a [`TaskState`].
    TaskMember of TaskState {
        Name name omitted,
        Status status written,
        Attempt attempt written,
        Started started omitted,
        Ended ended omitted,
        Error error omitted,
        Usage usage omitted,
    }
}

impl TaskStatus {
    /// How a task stands after an event of this type; `None` for events that leave it as it is.
    pub(super) fn after(kind: &str) -> Option<TaskStatus> {
        Some(match kind {
            kind::TASK_STARTED => TaskStatus::Running,
            // A verdict is an outcome, but not yet the task's end.
            kind::TASK_BACKPRESSURE | kind::TASK_VALIDATION_OK | kind::TASK_VALIDATION_FAIL => {
                TaskStatus::Validating
            }
            kind::TASK_RETRY => TaskStatus::Retrying,
            kind::TASK_COMPLETED => TaskStatus::Completed,
            kind::TASK_FAILED => TaskStatus::Failed,
            _ => return None,
        })
    }
}

impl TaskState {
    /// Folds an event that makes it stand like this; `false` where the payload could not be read.
    pub(super) fn apply(
        &mut self,
        status: TaskStatus,
        line: &Line<'_>,
        changed: &mut Members<TaskMember>,
    ) -> bool {
        let (payload, readable) = match line.read::<TaskPayload>() {
            Some(Ok(payload)) => (payload, true),
            Some(Err(_)) => (TaskPayload::default(), false),
            None => (TaskPayload::default(), true),
        };
        let name = payload.name.or(payload.title);
        if name.is_some() {
            changed.set(TaskMember::Name, &mut self.name, name);
        }
        match status {
            TaskStatus::Running => {
                let started = self.started.or(line.time);
                changed.set(TaskMember::Started, &mut self.started, started);
                changed.set(TaskMember::Ended, &mut self.ended, None);
                // A retry event may have counted already.
                let counted = self.status == TaskStatus::Retrying;
                let next = if counted { self.attempt } else { self.attempt.saturating_add(1) };
                changed.set(TaskMember::Attempt, &mut self.attempt, payload.attempt.unwrap_or(next.max(1)));
            }
            TaskStatus::Retrying => {
                let next = payload.attempt.unwrap_or(self.attempt.saturating_add(1));
                changed.set(TaskMember::Attempt, &mut self.attempt, next);
            }
            TaskStatus::Completed | TaskStatus::Failed => {
                changed.set(TaskMember::Ended, &mut self.ended, line.time);
            }
            TaskStatus::Pending | TaskStatus::Validating => {}
        }
        if !line.error.is_empty() || status == TaskStatus::Completed {
            changed.set(TaskMember::Error, &mut self.error, cut_error(&line.error));
        }
        changed.set(TaskMember::Status, &mut self.status, status);
        readable
    }
}

readable!(TaskState { ; name, status, attempt, started, ended, error, usage });
readable!(
    enum TaskStatus {
        Pending = "pending",
        Running = "running",
        Validating = "validating",
        Retrying = "retrying",
        Completed = "completed",
        Failed = "failed",
    }
);
