//! What readers forgive (SPEC §3), `null` where a list or a default belongs, and what writers must not
//! try them with.

use serde::{Deserialize, Deserializer, Serializer};

use crate::MAX_INTEGER;

/// `null` reads as the type's default (S0-B27: Go writes nil slices as `null`).
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A count that every reader holds exactly: at most 2^53 − 1, which stands for anything above.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
pub(crate) fn exact<S: Serializer>(count: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(saturate(*count))
}

/// [`exact`] where there may be none.
#[expect(clippy::ref_option, reason = "serde hands in a reference")]
pub(crate) fn exact_option<S: Serializer>(count: &Option<u64>, serializer: S) -> Result<S::Ok, S::Error> {
    match count {
        Some(count) => exact(count, serializer),
        None => serializer.serialize_none(),
    }
}

/// The nearest count that every reader holds exactly.
pub(crate) fn saturate(count: u64) -> u64 {
    count.min(MAX_INTEGER.unsigned_abs())
}
