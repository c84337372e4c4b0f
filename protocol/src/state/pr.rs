//! The state of one pull request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::{Members, members};
use crate::reader::readable;
use crate::unit::cut_error;
use crate::{Line, PrPayload, Timestamp};

/// One pull request of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrState {
    /// The unit it belongs to, empty if none was named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The last `pr.*` event without its `pr.`: `created`, `review.pending`, `merged`, …
    pub status: String,
    /// Where a person can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The branch it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What went wrong last; at most 4 KiB.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
}

members! {
    /// Members of a [`PrState`].
    PrMember of PrState {
        Unit unit omitted,
        Status status written,
        Url url omitted,
        Title title omitted,
        Branch branch omitted,
        Error error omitted,
        Updated updated omitted,
    }
}

impl PrState {
    /// Folds a `pr.*` event; `false` where its payload could not be read.
    pub(crate) fn apply(&mut self, line: &Line<'_>, changed: &mut Members<PrMember>) -> bool {
        if !line.unit.is_empty() {
            changed.set(PrMember::Unit, &mut self.unit, line.unit.clone().into_owned());
        }
        let status = line.kind.strip_prefix("pr.").unwrap_or_default();
        changed.set(PrMember::Status, &mut self.status, status.to_owned());
        changed.set(PrMember::Error, &mut self.error, cut_error(&line.error));
        changed.set(PrMember::Updated, &mut self.updated, line.time);
        match line.read::<PrPayload>() {
            Some(Ok(payload)) => {
                let mut set = |member, place: &mut Option<String>, value: Option<String>| {
                    if value.is_some() {
                        changed.set(member, place, value);
                    }
                };
                set(PrMember::Url, &mut self.url, payload.url);
                set(PrMember::Title, &mut self.title, payload.title);
                set(PrMember::Branch, &mut self.branch, payload.branch);
                true
            }
            read => read.is_none(),
        }
    }
}

readable!(PrState { ; unit, status, url, title, branch, error, updated });
