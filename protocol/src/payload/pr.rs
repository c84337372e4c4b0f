//! Payloads of `pr.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reader::readable;

/// `pr.*`: what is known of a pull request besides its number.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrPayload {
    /// Where a person can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The branch it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

readable!(PrPayload { ; url, title, branch });
