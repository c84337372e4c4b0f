//! Where a reader is in the stream, and what it has seen. No I/O, no clock.

use std::collections::HashMap;
use std::time::Duration;

use choo_protocol::{HubBye, HubCursor, HubEnd, HubSnapshot, Line, RunStatus, kind};

/// Follows a stream over any number of connections: [`Follower::since`] says from where to ask for it,
/// [`Follower::handle_line`] takes what comes, [`Follower::next_delay`] says how long to wait after a
/// connection ended.
#[derive(Debug)]
pub(super) struct Follower {
    since: String,
    /// The highest `seq` shown, by run.
    seen: HashMap<String, u64>,
    delay: Duration,
}

/// What a line means for the reader.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// To be shown.
    New,
    /// Seen before the connection was lost, and sent again.
    Repeated,
    /// To be shown; nothing more will come of this run.
    Ended(RunStatus),
}

impl Follower {
    /// Begins at `since`.
    pub(super) fn new(since: &str) -> Self {
        Self { since: since.to_owned(), seen: HashMap::new(), delay: FIRST_DELAY }
    }

    /// From where to ask: as the person said at first, then from the last cursor.
    pub(super) fn since(&self) -> &str {
        &self.since
    }

    /// Takes the next line.
    pub(super) fn handle_line(&mut self, line: &Line<'_>) -> Verdict {
        // Whoever sends lines is alive, and worth being asked again soon.
        self.delay = FIRST_DELAY;
        match &*line.kind {
            kind::HUB_CURSOR => {
                if let Some(Ok(HubCursor { cursor, .. })) = line.payload() {
                    self.since = cursor;
                }
                Verdict::New
            }
            kind::HUB_SNAPSHOT => {
                if let Some(Ok(HubSnapshot { run, cursor, state, part, parts })) = line.payload() {
                    // Parts apply together: a stream that ends among them is asked for as a whole again.
                    if part == parts {
                        self.since = cursor;
                    }
                    self.see(run.as_str(), state.seq);
                }
                Verdict::New
            }
            kind::HUB_BYE => {
                if let Some(Ok(HubBye { retry_ms, .. })) = line.payload() {
                    let asked = Duration::from_millis(retry_ms.into());
                    self.delay = asked.clamp(FIRST_DELAY, LONGEST_ASKED_DELAY);
                }
                Verdict::New
            }
            kind::HUB_END => match line.payload() {
                Some(Ok(HubEnd { status, .. })) => Verdict::Ended(status),
                _ => Verdict::New,
            },
            _ => match (&line.run, line.seq) {
                (Some(run), Some(seq)) if !self.see(run, seq) => Verdict::Repeated,
                _ => Verdict::New,
            },
        }
    }

    /// How long to wait before the next attempt; longer each time until a line comes.
    pub(super) fn next_delay(&mut self) -> Duration {
        let delay = self.delay;
        self.delay = (delay * 2).min(LONGEST_DELAY.max(delay));
        delay
    }

    /// Whether `seq` of `run` is new.
    fn see(&mut self, run: &str, seq: u64) -> bool {
        match self.seen.get_mut(run) {
            Some(seen) if *seen >= seq => false,
            Some(seen) => {
                *seen = seq;
                true
            }
            None => {
                self.seen.insert(run.to_owned(), seq);
                true
            }
        }
    }
}

const FIRST_DELAY: Duration = Duration::from_millis(100);

/// A person waits for this: not longer than it takes to wonder.
const LONGEST_DELAY: Duration = Duration::from_secs(2);

/// A hub may ask for more, within reason.
const LONGEST_ASKED_DELAY: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use choo_protocol::Limits;

    use super::*;

    fn handle(follower: &mut Follower, line: &str) -> Verdict {
        let line = Line::parse(line.as_bytes(), &Limits::default()).unwrap();
        follower.handle_line(&line)
    }

    #[test]
    fn the_next_connection_begins_at_the_last_cursor() {
        let mut follower = Follower::new("snapshot");
        assert_eq!(follower.since(), "snapshot");
        handle(&mut follower, r#"{"type":"hub.cursor","payload":{"cursor":"1:7"}}"#);
        handle(&mut follower, r#"{"type":"hub.cursor","payload":"odd"}"#);
        assert_eq!(follower.since(), "1:7");
    }

    #[test]
    fn a_snapshot_counts_when_all_its_parts_are_there() {
        let part = |part: u32| {
            format!(
                r#"{{"type":"hub.snapshot","payload":{{"run":"r","cursor":"1:9","state":{{"run":"r","seq":5}},"part":{part},"parts":2}}}}"#
            )
        };
        let mut follower = Follower::new("snapshot");
        handle(&mut follower, &part(1));
        assert_eq!(follower.since(), "snapshot");
        handle(&mut follower, &part(2));
        assert_eq!(follower.since(), "1:9");
        assert_eq!(handle(&mut follower, r#"{"type":"a","run":"r","seq":5}"#), Verdict::Repeated);
        assert_eq!(handle(&mut follower, r#"{"type":"a","run":"r","seq":6}"#), Verdict::New);
    }

    #[test]
    fn lines_sent_again_after_a_reconnect_are_shown_once() {
        let mut follower = Follower::new("now");
        let line = r#"{"type":"unit.started","unit":"a","run":"r","seq":1}"#;
        assert_eq!(handle(&mut follower, line), Verdict::New);
        assert_eq!(handle(&mut follower, line), Verdict::Repeated);
        assert_eq!(handle(&mut follower, &line.replace("\"r\"", "\"s\"")), Verdict::New, "of another run");
        assert_eq!(handle(&mut follower, r#"{"type":"x"}"#), Verdict::New, "without a number");
    }

    #[test]
    fn the_end_of_a_run_is_told_with_its_status() {
        let mut follower = Follower::new("now");
        let end = r#"{"type":"hub.end","payload":{"run":"r","status":"failed"}}"#;
        assert_eq!(handle(&mut follower, end), Verdict::Ended(RunStatus::Failed));
    }

    #[test]
    fn patience_grows_until_a_line_comes() {
        let mut follower = Follower::new("now");
        let delays: Vec<u128> = (0..7).map(|_| follower.next_delay().as_millis()).collect();
        assert_eq!(delays, [100, 200, 400, 800, 1_600, 2_000, 2_000]);
        handle(&mut follower, r#"{"type":"x"}"#);
        assert_eq!(follower.next_delay().as_millis(), 100);
    }

    #[test]
    fn a_hub_that_says_goodbye_may_ask_for_time() {
        for (asked, granted) in [(0, 100), (1_500, 1_500), (5_000, 5_000), (3_600_000, 30_000)] {
            let mut follower = Follower::new("now");
            let bye = format!(r#"{{"type":"hub.bye","payload":{{"code":"x","retry_ms":{asked}}}}}"#);
            assert_eq!(handle(&mut follower, &bye), Verdict::New);
            assert_eq!(follower.next_delay().as_millis(), granted);
        }
    }
}
