//! Names for runs.

use std::time::{SystemTime, UNIX_EPOCH};

use choo_protocol::RunId;

/// A new name: a ULID of this moment.
#[expect(clippy::disallowed_methods, reason = "a ULID begins with the time; it decides nothing")]
pub(crate) fn fresh() -> RunId {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let millis = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
    let mut random = [0; 16];
    // Without a source of randomness the process id still tells the runs of this machine apart.
    if getrandom::fill(&mut random).is_err() {
        random[..4].copy_from_slice(&std::process::id().to_le_bytes());
    }
    RunId::ulid(millis, u128::from_le_bytes(random))
}
