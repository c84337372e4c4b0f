//! Now, as a shell reads it from its clocks.

use std::time::Duration;

use choo_protocol::Timestamp;

/// One reading of both clocks.
///
/// Deadlines are kept by the monotonic one, so that setting the machine's time moves none of them;
/// the record shows the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    /// Since the hub started; never goes back.
    pub(crate) at: Duration,
    /// What the calendar says.
    pub(crate) time: Timestamp,
}

#[cfg(test)]
impl Moment {
    /// Both clocks go on.
    pub(crate) fn pass(&mut self, duration: Duration) {
        self.at += duration;
        let nanos = self.time.unix_nanos() + i128::try_from(duration.as_nanos()).unwrap();
        self.time = Timestamp::from_unix_nanos(nanos);
    }
}
