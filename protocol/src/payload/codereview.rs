//! Payloads of `codereview.*`: an advisory review of a unit before it is merged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::open::open_enum;

open_enum! {
    /// What a review comes to, in the words of GitHub's pull request reviews.
    ReviewVerdict {
        /// Nothing stands against it.
        Approved = "approved",
        /// Something has to change first.
        ChangesRequested = "changes_requested",
        /// Neither.
        Commented = "commented",
    }
}

open_enum! {
    /// How much an issue matters, in the words of the Language Server Protocol.
    Severity {
        /// It is wrong.
        Error = "error",
        /// It may be wrong.
        Warning = "warning",
        /// Good to know.
        Info = "info",
        /// It could be nicer.
        Hint = "hint",
    }
}

/// `codereview.started`, `codereview.failed`: a review begins, or could not be made; why not stands in the
/// event's `error`, and the merge goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CodeReview {
    /// Who reviews: a person or a provider of models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reviewer: Option<String>,
    /// The branch or commit that the changes are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
}

/// `codereview.passed`: a review found nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CodeReviewPassed {
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// `codereview.issues_found`: a review found something.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CodeReviewIssues {
    /// How many issues there are, told or not.
    #[serde(deserialize_with = "null_as_default")]
    pub count: u32,
    /// The issues.
    #[serde(deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<ReviewIssue>,
}

/// One issue of a review.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct ReviewIssue {
    /// The file, as a path from the root of the repository.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in the file, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// How much it matters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<Severity>,
    /// What is the matter.
    #[serde(deserialize_with = "null_as_default")]
    pub message: String,
    /// What could be done about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

/// `codereview.fix_attempt`, `codereview.fix_applied`: the issues are being mended, or have been.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CodeReviewFix {
    /// Which round this is, from 1.
    #[serde(deserialize_with = "null_as_default")]
    pub iteration: u32,
    /// How many rounds there may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_iterations: Option<u32>,
    /// The commit that mends them, as full hash; once it is applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
}
