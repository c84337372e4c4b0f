//! Payloads of `unit.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reader::readable;

/// `unit.started`: task totals, as far as they are known.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnitStarted {
    /// How many tasks the unit has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tasks: Option<u32>,
    /// How many of them were complete before, for instance in an earlier run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub completed_tasks: Option<u32>,
}

/// `unit.merged`: a unit's branch was merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnitMerged {
    /// The unit's branch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The branch it was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_branch: Option<String>,
    /// The commit that the target stands at since, as full hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// `unit.blocked`: a unit cannot run. Why stands in the event's `error`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct UnitBlocked {
    /// The unit whose end is the cause, also where it is no direct dependency.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocked_by: Option<String>,
}

readable!(UnitStarted { ; total_tasks, completed_tasks });
