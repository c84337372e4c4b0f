//! Payloads of `feature.*`: a feature on its way from a document of requirements to a pull request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ReviewVerdict;
use crate::lenient::null_as_default;

/// `feature.started`, `feature.units.complete`, `feature.completed`, `feature.failed`: the feature itself.
/// Why it failed stands in the event's `error`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Feature {
    /// The document that it comes from, as in `prd.*`.
    #[serde(deserialize_with = "null_as_default")]
    pub prd_id: String,
    /// What it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The branch that its units are merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// `feature.specs.generated`, `feature.specs.committed`: the specifications made for a feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FeatureSpecs {
    /// The document that they come from.
    #[serde(deserialize_with = "null_as_default")]
    pub prd_id: String,
    /// How many there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// Their paths from the root of the repository, as far as they are told.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The commit that they are in, as full hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// `feature.specs.reviewed`: somebody, or a model, has judged the specifications of a feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FeatureReview {
    /// The document that they come from.
    #[serde(deserialize_with = "null_as_default")]
    pub prd_id: String,
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<ReviewVerdict>,
    /// Who judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// Which round of review this was, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iteration: Option<u32>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub feedback: Option<String>,
}

/// `feature.tasks.generated`: a feature has been divided into units and tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct FeatureTasks {
    /// The document that they come from.
    #[serde(deserialize_with = "null_as_default")]
    pub prd_id: String,
    /// How many units there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit_count: Option<u32>,
    /// How many tasks they have in all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task_count: Option<u32>,
}
