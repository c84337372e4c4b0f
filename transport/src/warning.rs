//! What a person should know while a pusher runs.

use std::fmt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use choo_protocol::RunId;

use crate::{Failure, SpoolFailure};

/// Something a person should know, though the run goes on. `Display` gives one line for the console.
///
/// Handed to the callback of [`Builder::on_warning`](crate::Builder::on_warning), never printed here.
/// Repeated ones are left out: the first of an outage is told, and lost events at most every ten seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// No hub could be reached; events are kept and sent when one comes. Told once until there was a
    /// connection.
    NoHub {
        /// Where it was looked for.
        path: PathBuf,
        /// Why the first attempt failed.
        failure: Failure,
    },
    /// The connection to the hub ended; events are kept and sent to the next one.
    Disconnected {
        /// Where the hub was.
        path: PathBuf,
        /// Why it ended.
        failure: Failure,
    },
    /// Events were dropped because the buffer was full; the hub will be told which.
    Overflow {
        /// How many since the last such warning.
        events: u64,
    },
    /// The hub has more events of a run of this name than this pusher ever sent: another program used the
    /// name before, and these events will be taken for repeats of that one's. Told once.
    RunTaken {
        /// The name.
        run: RunId,
    },
    /// Events cannot be kept on disk; they are kept in memory as without a spool. Told once for each failure.
    Spool {
        /// Why.
        failure: SpoolFailure,
    },
    /// Events were dropped because their lines are longer than the wire allows.
    Oversized {
        /// How many since the last such warning.
        events: u64,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::NoHub { path, failure } => write!(
                f,
                "not connected to the web UI ({failure}); events are kept until it comes: {}",
                path.display()
            ),
            Warning::Disconnected { path, failure } => write!(
                f,
                "connection to the web UI lost ({failure}); events are kept until it is back: {}",
                path.display()
            ),
            Warning::Overflow { events } => {
                write!(f, "buffer full, {events} events will be missing in the web UI")
            }
            Warning::RunTaken { run } => {
                write!(f, "the web UI knows another run named {run} and will mix them up; name each run anew")
            }
            Warning::Spool { failure } => {
                write!(f, "events are kept in memory only until the web UI is back: {failure}")
            }
            Warning::Oversized { events } => {
                write!(f, "{events} events will be missing in the web UI: longer than a line may be")
            }
        }
    }
}

/// The shortest time between two warnings of lost events.
const EVERY: Duration = Duration::from_secs(10);

/// Counts events that are to be warned of, and says when.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    told: u64,
    next: Option<Instant>,
}

impl Limiter {
    /// Given how many events there are by now, answers how many to warn of now.
    pub(crate) fn handle_count(&mut self, now: Instant, events: u64) -> Option<u64> {
        let untold = events.saturating_sub(self.told);
        if untold == 0 || self.next.is_some_and(|next| now < next) {
            return None;
        }
        self.told = events;
        self.next = Some(now + EVERY);
        Some(untold)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s0_b26_a_storm_is_a_warning_every_ten_seconds() {
        let start = crate::clock::now();
        let mut limiter = Limiter::default();
        let mut told = Vec::new();
        for millis in 0..25_000 {
            let now = start + Duration::from_millis(millis);
            told.extend(limiter.handle_count(now, millis + 1));
        }
        assert_eq!(told, [1, 10_000, 10_000]);
        assert_eq!(limiter.handle_count(start + Duration::from_mins(1), 20_001), None);
    }
}
