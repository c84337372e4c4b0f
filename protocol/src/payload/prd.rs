//! Payloads of `prd.*`: documents of requirements that features come from.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;

/// `prd.discovered`, `prd.selected`, `prd.updated`: a document was found, chosen to be worked on, or its
/// head changed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Prd {
    /// The document's id.
    #[serde(deserialize_with = "null_as_default")]
    pub prd_id: String,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Its path from the root of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The status that it gives itself, such as `draft` or `approved`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Why it was chosen.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// `prd.body.changed`, `prd.drift.detected`: a document is no longer what the work on it began from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrdDrift {
    /// The document's id.
    #[serde(deserialize_with = "null_as_default")]
    pub prd_id: String,
    /// Its path from the root of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A hash of its text then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_hash: Option<String>,
    /// The same of its text now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_hash: Option<String>,
    /// The units that this concerns, as far as they are known.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// What changed, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}
