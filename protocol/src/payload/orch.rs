//! Payloads of `orch.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::reader::readable;
use crate::{GraphPayload, RunState};

/// `orch.started`: an orchestration begins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct OrchStarted {
    /// How many units there are.
    #[serde(deserialize_with = "null_as_default")]
    pub unit_count: u32,
    /// How many units may run at once.
    #[serde(deserialize_with = "null_as_default")]
    pub parallelism: u32,
    /// The whole dependency graph; a pusher that knows it fills it in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub graph: Option<GraphPayload>,
}

/// `orch.snapshot`: the state of a run up to an event, for a reader that has not seen all before it; whole,
/// or in parts that follow each other and apply together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OrchSnapshot {
    /// The `seq` of the last event that is in the state. A reader that has seen it ignores the rest.
    pub through: u64,
    /// The state, or this part of it (see [`RunState::parts`]).
    pub state: RunState,
    /// Which part this is, from 1; absent for a whole state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<u32>,
    /// How many parts there are, the same in each of them; absent for a whole state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parts: Option<u32>,
}

impl OrchSnapshot {
    /// Which part of how many it is: the first of one if it is whole.
    pub fn place(&self) -> (u32, u32) {
        (self.part.unwrap_or(1), self.parts.unwrap_or(1))
    }
}

/// `orch.paused`, `orch.resumed`, `orch.cancelled`, `unit.skipped`, `unit.cancelled`: somebody took a hand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Intervention {
    /// Who.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The id of the command that asked for it, as in `cmd.request`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cmd: Option<String>,
}

readable!(OrchStarted { ; unit_count, parallelism, graph });
readable!(OrchSnapshot { through, state; part, parts });
