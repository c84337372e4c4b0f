//! The name of one orchestration.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// One orchestration: 1 to 64 characters of `A-Z a-z 0-9 . _ -` (SPEC §3). Ours are ULIDs, which sort
/// by the time they were made. Cloning is cheap.
///
/// ```
/// use choo_protocol::RunId;
/// assert!("nightly-2025.01".parse::<RunId>().is_ok());
/// assert!("two words".parse::<RunId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RunId(Arc<str>);

/// The text cannot name a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunIdError;

impl fmt::Display for RunIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a run id is 1 to 64 characters of A-Z a-z 0-9 . _ -")
    }
}

impl std::error::Error for RunIdError {}

/// The longest run id in bytes.
const MAX_LEN: usize = 64;

impl RunId {
    /// A ULID of a time in milliseconds since 1970 (48 bits count) and 80 random bits.
    pub fn ulid(unix_millis: u64, random: u128) -> Self {
        RunId(ulid::Ulid::from_parts(unix_millis, random).to_string().into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// None yet, for a place that is being filled in.
    pub(crate) fn blank() -> Self {
        RunId("".into())
    }

    /// Whether `text` could name a run.
    pub(crate) fn is_valid(text: &str) -> bool {
        (1..=MAX_LEN).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
    }
}

impl FromStr for RunId {
    type Err = RunIdError;

    fn from_str(text: &str) -> Result<Self, RunIdError> {
        if RunId::is_valid(text) { Ok(RunId(text.into())) } else { Err(RunIdError) }
    }
}

impl TryFrom<&str> for RunId {
    type Error = RunIdError;

    fn try_from(text: &str) -> Result<Self, RunIdError> {
        text.parse()
    }
}

impl std::borrow::Borrow<str> for RunId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RunId({})", self.0)
    }
}

impl Serialize for RunId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for RunId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for RunId {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RunId".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "One orchestration. Ours are ULIDs.",
            "type": "string",
            "pattern": "^[A-Za-z0-9._-]{1,64}$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_character_may_be_in_a_name_or_not() {
        let named = ('\0'..='\u{ff}').filter(|c| RunId::is_valid(&c.to_string()));
        let letters = ('0'..='9').chain('A'..='Z').chain('a'..='z').chain("-._".chars());
        assert_eq!(
            named.collect::<std::collections::BTreeSet<char>>(),
            letters.collect::<std::collections::BTreeSet<char>>()
        );
    }

    #[test]
    fn limits_of_length_and_alphabet() {
        assert!("a".parse::<RunId>().is_ok());
        assert!("x".repeat(64).parse::<RunId>().is_ok());
        for bad in ["", "a b", "a/b", "ü", "a\n", &"x".repeat(65)] {
            assert_eq!(bad.parse::<RunId>(), Err(RunIdError), "{bad:?}");
        }
    }

    #[test]
    fn ulids_sort_by_time() {
        let (early, late) = (RunId::ulid(1, u128::MAX), RunId::ulid(2, 0));
        assert!(early < late);
        assert_eq!(early.as_str().len(), 26);
    }
}
