//! The payload of `task.usage`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::{exact, exact_option, null_as_default};
use crate::reader::readable;

/// `task.usage`: what a model took for the task since the last such event; amounts of several events
/// add up.
///
/// ```
/// use choo_protocol::Usage;
/// let usage: Usage = serde_json::from_str(r#"{"input_tokens":1200,"output_tokens":80,"cost_usd":0.0125}"#)?;
/// assert_eq!((usage.input_tokens, usage.cost_usd), (1200, 0.0125));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Usage {
    /// Tokens that went in, those from a cache included (OpenTelemetry, `gen_ai.usage.input_tokens`).
    #[serde(deserialize_with = "null_as_default", serialize_with = "exact")]
    pub input_tokens: u64,
    /// Tokens that came out.
    #[serde(deserialize_with = "null_as_default", serialize_with = "exact")]
    pub output_tokens: u64,
    /// What that cost in US dollars; 0 where nobody knows.
    #[serde(deserialize_with = "null_as_default")]
    pub cost_usd: f64,
    /// How many of the input tokens a cache held already.
    #[serde(serialize_with = "exact_option", skip_serializing_if = "Option::is_none")]
    pub cache_read_input_tokens: Option<u64>,
    /// How many of the input tokens were put into a cache.
    #[serde(serialize_with = "exact_option", skip_serializing_if = "Option::is_none")]
    pub cache_creation_input_tokens: Option<u64>,
    /// The model that took them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

readable!(Usage {
    ;
    input_tokens,
    output_tokens,
    cost_usd,
    cache_read_input_tokens,
    cache_creation_input_tokens,
    model,
});
