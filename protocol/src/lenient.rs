//! What readers forgive (SPEC §3): `null` where a list or a default belongs.

use serde::{Deserialize, Deserializer};

/// `null` reads as the type's default (S0-B27: Go writes nil slices as `null`).
pub(crate) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
