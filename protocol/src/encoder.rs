//! Writing the events of one run, one after the other.

use crate::number::Counter;
use crate::raw::write_raw;
use crate::timestamp::SecondText;
use crate::{Event, RunId, Timestamp};

/// Writes events of one run as [`Event::encode`] does, byte for byte, but remembers what one line has in
/// common with the next: the run, the second in which it happened, and most digits of its number.
///
/// ```
/// use choo_protocol::{Encoder, Event, RunId, Timestamp};
/// let run: RunId = "nightly".parse()?;
/// let mut encoder = Encoder::new(&run);
/// let (event, time) = (Event::unit_started("app-shell"), Timestamp::from_unix_nanos(0));
/// let (mut one, mut other) = (Vec::new(), Vec::new());
/// encoder.encode(&event, 7, time, &mut one);
/// event.encode(Some(&run), Some(7), time, &mut other);
/// assert_eq!(one, other);
/// # Ok::<(), choo_protocol::RunIdError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Encoder {
    /// The members between those of the event and its number, which follows.
    run: Counter,
    second: SecondText,
}

impl Encoder {
    /// For the events of this run.
    pub fn new(run: &RunId) -> Self {
        // No character of a run id needs an escape.
        let run = Counter::behind(format!(",\"run\":\"{run}\",\"seq\":"));
        Encoder { run, second: SecondText::default() }
    }

    /// Appends the event as one line with its newline. `time` is used where the event has none of its own.
    #[inline]
    pub fn encode(&mut self, event: &Event, seq: u64, time: Timestamp, out: &mut Vec<u8>) {
        let second = &mut self.second;
        event.write_seed_members(|out| second.write(event.time.unwrap_or(time), out), write_raw, out);
        out.extend_from_slice(self.run.text_of(seq));
        if !event.extra.is_empty() {
            event.write_extra(out);
        }
        out.extend_from_slice(b"}\n");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{Json, LogStream};

    #[test]
    fn everything_that_may_follow_the_number_is_written() {
        let json = Json::parse("{\"a\":1}").unwrap();
        let event = Event::log("u", Some(0), LogStream::Stderr, "<\n>", 3).pr(4).error("e");
        assert_same(&event.extra("vendor", json).unwrap(), [Timestamp::from_unix_nanos(1)]);
    }

    fn assert_same(event: &Event, times: impl IntoIterator<Item = Timestamp>) {
        let run = "r-1".parse().unwrap();
        let mut encoder = Encoder::new(&run);
        for (seq, time) in (1..).zip(times) {
            let (mut remembering, mut plain) = (Vec::new(), Vec::new());
            encoder.encode(event, seq, time, &mut remembering);
            event.encode(Some(&run), Some(seq), time, &mut plain);
            assert_eq!(String::from_utf8(remembering).unwrap(), String::from_utf8(plain).unwrap());
        }
    }

    proptest! {
        /// Times that mostly share a second, a minute, an hour or a day with the one before, with any offset.
        #[test]
        fn what_is_remembered_is_never_stale(
            steps in prop::collection::vec((0_u8..6, any::<u64>(), -1439_i32..1440), 1..40)
        ) {
            const UNITS: [u64; 6] = [1_000, 1_000_000_000, 60_000_000_000, 3_600_000_000_000,
                90_000_000_000_000, 40_000_000_000_000_000];
            let mut nanos: i128 = 1_700_000_000_000_000_000;
            let times = steps.into_iter().map(|(unit, step, minutes)| {
                nanos += i128::from(step % UNITS[usize::from(unit)]) - i128::from(UNITS[usize::from(unit)] / 3);
                let time = Timestamp::from_unix_nanos(nanos);
                if minutes % 3 == 0 { time.with_offset_minutes(minutes) } else { time }
            });
            assert_same(&Event::unit_started("a"), times);
        }
    }
}
