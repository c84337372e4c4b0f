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

readable!(UnitStarted { ; total_tasks, completed_tasks });
