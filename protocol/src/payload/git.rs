//! Payloads of `worktree.*` and `branch.*`, and of what is done with branches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;

/// `worktree.created`, `worktree.removed`: a work tree that a unit, or a feature, is worked on in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Worktree {
    /// Where it is, on the machine of the orchestrator.
    #[serde(deserialize_with = "null_as_default")]
    pub path: String,
    /// The branch that is checked out there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The branch or commit that this one began from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

/// `branch.pushed`: a branch was sent to a remote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct BranchPushed {
    /// The branch.
    #[serde(deserialize_with = "null_as_default")]
    pub branch: String,
    /// The remote, by its name or URL.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remote: Option<String>,
    /// The commit that it stands at, as full hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// Whether it replaced what the remote had.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "std::ops::Not::not")]
    pub forced: bool,
}
