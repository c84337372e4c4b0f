//! Payloads of `task.claude.*`: a task is given to a coding agent, of whatever provider.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::exact_option;

/// `task.claude.invoke`: an agent begins to work on a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AgentInvoke {
    /// What the task is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Who runs the model, such as `anthropic`; the values of OpenTelemetry's `gen_ai.provider.name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The conversation, for whoever wants to go on with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Which attempt at the task this is, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempt: Option<u32>,
}

/// `task.claude.done`: the agent has ended. If it failed, the event's `error` says how. What it took is
/// told by `task.usage`, so that nothing is counted twice.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct AgentDone {
    /// Who ran the model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The model that answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The conversation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// Its exit code, where it was a process and ended by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// How long it took, in milliseconds.
    #[serde(serialize_with = "exact_option", skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// How often the model was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub turns: Option<u32>,
}
