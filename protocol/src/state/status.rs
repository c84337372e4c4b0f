//! How a run stands.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reader::readable;

/// How a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Has not started.
    #[default]
    Waiting,
    /// Runs.
    Running,
    /// Stands still on purpose.
    Paused,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Was stopped.
    Cancelled,
    /// Its producer went away without saying how it ended.
    Stale,
}

impl RunStatus {
    /// As it stands on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            RunStatus::Waiting => "waiting",
            RunStatus::Running => "running",
            RunStatus::Paused => "paused",
            RunStatus::Completed => "completed",
            RunStatus::Failed => "failed",
            RunStatus::Cancelled => "cancelled",
            RunStatus::Stale => "stale",
        }
    }

    /// Whether the run has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled)
    }
}

readable!(
    enum RunStatus {
        Waiting = "waiting",
        Running = "running",
        Paused = "paused",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
        Stale = "stale",
    }
);
