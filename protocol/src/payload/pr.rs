//! Payloads of `pr.*`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::open::open_enum;
use crate::reader::readable;

/// `pr.created`, `pr.failed`, and what a reader takes from every `pr.*`: what is known of a pull request
/// besides its number, which the event has. Also of `feature.pr.opened`.
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
    /// The branch it is to be merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// `pr.review.pending`, `pr.review.in_progress`, `pr.review.approved`: who reviews.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrReview {
    /// Who was asked, reviews or has approved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// `pr.feedback.received`, `pr.feedback.addressed`: a reviewer wants changes, or they have been made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrFeedback {
    /// Who wants them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// How many comments there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// What was said on the whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The last commit of the changes, as full hash; once they have been made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}

/// `pr.merge.queued`: a pull request waits to be merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrQueued {
    /// Its place in the queue, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<u32>,
    /// The branch it is to be merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

/// `pr.conflict`: a pull request, or a branch without one, cannot be merged as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrConflict {
    /// The files in conflict, as paths from the root of the repository.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    /// The branch it is to be merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
}

open_enum! {
    /// How a pull request is merged.
    MergeMethod {
        /// By a commit that has both as parents.
        Merge = "merge",
        /// As one new commit.
        Squash = "squash",
        /// By its commits, made anew on top.
        Rebase = "rebase",
        /// The target only moves forward.
        FastForward = "fast_forward",
    }
}

/// `pr.merged`: a pull request was merged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrMerged {
    /// The commit that the target stands at since, as full hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The branch it was merged into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// How.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<MergeMethod>,
}

readable!(PrPayload { ; url, title, branch, target });
