//! Bad lines: counted, kept for inspection, told to readers without flooding them.

use std::collections::VecDeque;
use std::time::Duration;

use choo_protocol::{HubError, LineError, RunId, Timestamp};
use serde::Serialize;

use super::moment::Moment;

/// How many bad lines are kept for inspection.
pub(crate) const KEPT: usize = 64;

/// How much of each is kept, in bytes.
pub(crate) const SAMPLE_BYTES: usize = 256;

/// How many complaints a second go to the readers one by one; the others are summed up in one.
pub(crate) const TOLD_SINGLY: u32 = 8;

const WINDOW: Duration = Duration::from_secs(1);

/// A bad line as it is kept.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Reject {
    time: Timestamp,
    /// The sending process, where the system says so.
    pid: Option<u32>,
    /// The run the sender was at.
    run: Option<RunId>,
    kind: &'static str,
    message: String,
    /// Its beginning, made printable.
    sample: String,
}

impl Reject {
    /// A line that is none.
    pub(crate) fn bad_line(error: &LineError, bytes: &[u8], time: Timestamp) -> Self {
        Reject::new(error.kind.as_str(), error.to_string(), bytes, time)
    }

    /// A line too long to be looked at.
    pub(crate) fn oversized(bytes: u64, limit: usize, time: Timestamp) -> Self {
        let message = format!("line of {bytes} bytes is longer than the {limit} allowed for any type");
        Reject::new("too-long", message, &[], time)
    }

    /// The stream ended within a line.
    pub(crate) fn torn(bytes: u64, time: Timestamp) -> Self {
        let message = format!("connection closed within a line, after {bytes} bytes of it");
        Reject::new("torn", message, &[], time)
    }

    /// A type that only the hub may send.
    pub(crate) fn reserved(kind: &str, bytes: &[u8], time: Timestamp) -> Self {
        Reject::new("reserved-type", format!("only the hub sends {kind:?}"), bytes, time)
    }

    /// A run has no numbers left.
    pub(crate) fn out_of_numbers(bytes: &[u8], time: Timestamp) -> Self {
        let message = "the run has reached the highest number that readers can hold, 2^53-1".to_owned();
        Reject::new("out-of-numbers", message, bytes, time)
    }

    /// A part of a snapshot that does not follow the one before it.
    pub(crate) fn torn_snapshot(message: String, bytes: &[u8], time: Timestamp) -> Self {
        Reject::new("torn-snapshot", message, bytes, time)
    }

    /// A part of a snapshot for which there is no room.
    pub(crate) fn large_snapshot(limit: usize, bytes: &[u8], time: Timestamp) -> Self {
        let message =
            format!("unfinished snapshots of all producers are longer than the {limit} bytes allowed");
        Reject::new("large-snapshot", message, bytes, time)
    }

    fn new(kind: &'static str, message: String, bytes: &[u8], time: Timestamp) -> Self {
        let start = String::from_utf8_lossy(&bytes[..bytes.len().min(SAMPLE_BYTES)]);
        let sample = start.replace(char::is_control, "\u{fffd}");
        Reject { time, pid: None, run: None, kind, message, sample }
    }

    /// Says who sent it.
    pub(crate) fn from(self, pid: Option<u32>, run: Option<RunId>) -> Self {
        Reject { pid, run, ..self }
    }
}

/// What to tell the readers: of the run, if all of it comes from one.
pub(crate) type Complaint = (Option<RunId>, HubError);

/// All bad lines since the hub started.
#[derive(Debug, Default)]
pub(crate) struct Rejects {
    total: u64,
    kept: VecDeque<Reject>,
    /// When the current second began, and how many complaints it has seen.
    window: Option<(Duration, u32)>,
    /// The complaint that sums up those not told singly.
    sum: Option<Complaint>,
}

impl Rejects {
    /// Takes a bad line, and says what to tell the readers at once.
    pub(crate) fn handle(&mut self, reject: Reject, now: Moment) -> Option<Complaint> {
        self.total += 1;
        let error =
            HubError { kind: reject.kind.to_owned(), message: reject.message.clone(), count: 1, id: None };
        let run = reject.run.clone();
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(reject);

        let (since, told) = self.window.filter(|(since, _)| now.at < *since + WINDOW).unwrap_or((now.at, 0));
        self.window = Some((since, told.saturating_add(1)));
        if told < TOLD_SINGLY && self.sum.is_none() {
            return Some((run, error));
        }
        self.sum = Some(match self.sum.take() {
            None => (run, error),
            Some((one, sum)) => {
                (one.filter(|one| Some(one) == run.as_ref()), HubError { count: sum.count + 1, ..error })
            }
        });
        None
    }

    /// The deadline may have come: what to tell the readers now.
    pub(crate) fn handle_tick(&mut self, now: Duration) -> Option<Complaint> {
        if self.deadline().is_some_and(|deadline| deadline <= now) { self.sum.take() } else { None }
    }

    /// When to call `handle_tick`.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let (since, _) = self.window?;
        self.sum.is_some().then_some(since + WINDOW)
    }

    /// How many there were.
    pub(crate) fn total(&self) -> u64 {
        self.total
    }

    /// The latest ones, oldest first.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &Reject> {
        self.kept.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Moment {
        Moment { at: Duration::from_millis(millis), time: Timestamp::from_unix_nanos(0) }
    }

    fn reject() -> Reject {
        Reject::reserved("hub.hello", b"{\"type\":\"hub.hello\"}", at(0).time)
    }

    #[test]
    fn a_flood_is_summed_up_and_nothing_goes_uncounted() {
        let mut rejects = Rejects::default();
        let mut counted = 0;
        let mut complaints = 0;
        for i in 0..3500 {
            let now = at(i);
            let tick = rejects.handle_tick(now.at);
            for (_, error) in tick.into_iter().chain(rejects.handle(reject(), now)) {
                counted += error.count;
                complaints += 1;
            }
        }
        if let Some((_, error)) = rejects.handle_tick(at(9999).at) {
            counted += error.count;
            complaints += 1;
        }
        assert_eq!((counted, rejects.total()), (3500, 3500));
        assert!(complaints <= 5 * (TOLD_SINGLY + 1), "{complaints}");
        assert_eq!(rejects.deadline(), None);
        assert_eq!(rejects.kept().count(), KEPT);
    }

    #[test]
    fn a_sum_over_two_runs_names_neither() {
        let mut rejects = Rejects::default();
        let (a, b): (RunId, RunId) = ("a".parse().unwrap(), "b".parse().unwrap());
        for run in [&a; 8].into_iter().chain([&a, &a]) {
            rejects.handle(reject().from(None, Some(run.clone())), at(0));
        }
        assert_eq!(rejects.sum.as_ref().and_then(|(run, _)| run.clone()), Some(a));
        rejects.handle(reject().from(None, Some(b)), at(0));
        let (run, error) = rejects.handle_tick(at(1000).at).unwrap();
        assert_eq!((run, error.count), (None, 3));
    }

    #[test]
    fn samples_are_short_and_printable() {
        let error =
            choo_protocol::Line::parse(b"\x1b[31m\xff", &choo_protocol::Limits::default()).unwrap_err();
        let mut bytes = b"\x1b[31m\xff".to_vec();
        bytes.resize(10_000, b'x');
        let reject = Reject::bad_line(&error, &bytes, at(0).time);
        assert!(reject.sample.starts_with("\u{fffd}[31m\u{fffd}xxx"));
        assert!(reject.sample.chars().count() <= SAMPLE_BYTES);
    }
}
