//! The numbers of one run: who gives them, which were seen, which are missing.

use choo_protocol::{MAX_INTEGER, SeqRange};
use serde::{Deserialize, Serialize};

/// Decides about each line of a run by its `seq`.
///
/// A run is numbered by its producer until a line without `seq` comes; from there on by the hub, since
/// mixing the two would make events look like repeats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sequence {
    /// The highest number seen.
    seen: u64,
    numbered_by_hub: bool,
    /// Ranges that `link.lost` spoke of, as far as they lie above `seen`, in rising order.
    announced: Vec<Announced>,
    /// What is missing below an `orch.started`: a pusher that cannot send what came before it again, or that
    /// takes the hub for a reader that says nothing, sends it first, and the snapshot that covers the rest
    /// second.
    held: Vec<SeqRange>,
}

/// A range that `link.lost` spoke of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Announced {
    range: SeqRange,
    /// Whether everything in it is missing; if not, lines within it may still come.
    whole: bool,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Admission {
    /// Seen before.
    Repeat,
    /// New; the number the hub gives it, if it does; and what is missing before it although nobody
    /// said so.
    Fresh { given: Option<u64>, missing: Vec<SeqRange> },
    /// The run has used up all numbers.
    Exhausted,
}

/// Announcements that can wait for the lines around them; more are joined.
const MAX_ANNOUNCED: usize = 64;

const MAX_SEQ: u64 = MAX_INTEGER.unsigned_abs();

impl Sequence {
    pub(crate) fn new() -> Self {
        Sequence { seen: 0, numbered_by_hub: false, announced: Vec::new(), held: Vec::new() }
    }

    /// An event with the number its producer gave it, if any. `opening` says that it is an
    /// `orch.started`.
    pub(crate) fn handle_event(&mut self, own: Option<u64>, opening: bool) -> Admission {
        self.numbered_by_hub |= own.is_none();
        let Some(seq) = own.filter(|_| !self.numbered_by_hub) else {
            if self.seen >= MAX_SEQ {
                return Admission::Exhausted;
            }
            self.seen += 1;
            return Admission::Fresh { given: Some(self.seen), missing: Vec::new() };
        };
        if seq <= self.seen {
            return Admission::Repeat;
        }
        if seq == self.seen + 1 && self.announced.is_empty() && self.held.is_empty() {
            self.seen = seq;
            return Admission::Fresh { given: None, missing: Vec::new() };
        }
        let mut missing = self.unannounced_up_to(seq - 1);
        missing.splice(..0, self.held.drain(..));
        if opening {
            self.held = std::mem::take(&mut missing);
        }
        self.see(seq);
        Admission::Fresh { given: None, missing }
    }

    /// A snapshot of everything through a number; `false` if it tells nothing new.
    pub(crate) fn handle_snapshot(&mut self, through: u64) -> bool {
        let fresh = through > self.seen;
        if fresh {
            self.held.clear();
            self.see(through);
        }
        fresh
    }

    /// Whether a snapshot through this number would tell nothing new.
    pub(crate) fn has_seen(&self, through: u64) -> bool {
        through <= self.seen
    }

    /// `link.lost` of a range, of which `count` are missing: what is missing in it has been said.
    pub(crate) fn handle_lost(&mut self, range: SeqRange, count: u64) {
        if range.to <= self.seen || range.from > range.to {
            return;
        }
        let whole = count > range.to - range.from;
        let at = self.announced.partition_point(|known| known.range.from <= range.from);
        self.announced.insert(at, Announced { range, whole });
        if self.announced.len() > MAX_ANNOUNCED {
            let second = self.announced.remove(1);
            let first = &mut self.announced[0];
            first.whole &= second.whole && second.range.from <= first.range.to.saturating_add(1);
            first.range.to = first.range.to.max(second.range.to);
        }
    }

    /// Up to which number everything has come or is known not to; `None` if the producer's numbers do not
    /// count.
    pub(crate) fn have(&self) -> Option<u64> {
        if self.numbered_by_hub {
            return None;
        }
        if let Some(held) = self.held.first() {
            return Some(held.from - 1);
        }
        let mut have = self.seen;
        for Announced { range, whole } in &self.announced {
            if *whole && range.from <= have + 1 {
                have = have.max(range.to);
            }
        }
        Some(have)
    }

    /// The producer has sent everything up to `last`: what is missing although nobody said so.
    pub(crate) fn handle_bye(&mut self, last: u64) -> Vec<SeqRange> {
        if self.numbered_by_hub || last <= self.seen || last > MAX_SEQ {
            return Vec::new();
        }
        let mut missing = self.handle_end();
        missing.extend(self.unannounced_up_to(last));
        self.see(last);
        missing
    }

    /// Nothing more will come: what is still missing although nobody said so.
    pub(crate) fn handle_end(&mut self) -> Vec<SeqRange> {
        std::mem::take(&mut self.held)
    }

    fn see(&mut self, seq: u64) {
        self.seen = seq;
        self.announced.retain(|known| known.range.to > seq);
    }

    /// The parts of `seen + 1 ..= last` that no announcement covers.
    fn unannounced_up_to(&self, last: u64) -> Vec<SeqRange> {
        let mut missing = Vec::new();
        let mut from = self.seen + 1;
        for Announced { range, .. } in &self.announced {
            if range.from > last {
                break;
            }
            if range.from > from {
                missing.push(SeqRange { from, to: range.from - 1 });
            }
            from = from.max(range.to.saturating_add(1));
        }
        if from <= last {
            missing.push(SeqRange { from, to: last });
        }
        missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u64, to: u64) -> SeqRange {
        SeqRange { from, to }
    }

    fn fresh(missing: &[(u64, u64)]) -> Admission {
        let missing = missing.iter().map(|(from, to)| range(*from, *to)).collect();
        Admission::Fresh { given: None, missing }
    }

    fn given(seq: u64) -> Admission {
        Admission::Fresh { given: Some(seq), missing: Vec::new() }
    }

    #[test]
    fn repeats_are_told_from_holes() {
        let mut sequence = Sequence::new();
        assert_eq!(sequence.handle_event(Some(1), true), fresh(&[]));
        assert_eq!(sequence.handle_event(Some(1), true), Admission::Repeat);
        assert_eq!(sequence.handle_event(Some(2), false), fresh(&[]));
        assert_eq!(sequence.handle_event(Some(5), false), fresh(&[(3, 4)]));
        assert_eq!(sequence.handle_event(Some(4), false), Admission::Repeat, "it has been called lost");
    }

    #[test]
    fn announced_holes_are_not_told_twice_and_survivors_within_them_come_through() {
        let mut sequence = Sequence::new();
        sequence.handle_event(Some(1), true);
        sequence.handle_lost(range(2, 9), 7);
        assert_eq!(sequence.handle_event(Some(5), false), fresh(&[]));
        assert_eq!(sequence.handle_event(Some(10), false), fresh(&[]));
        sequence.handle_lost(range(12, 13), 2);
        sequence.handle_lost(range(16, 17), 2);
        assert_eq!(sequence.handle_event(Some(19), false), fresh(&[(11, 11), (14, 15), (18, 18)]));
        sequence.handle_lost(range(3, 19), 17);
        assert!(sequence.announced.is_empty(), "an old announcement is over");
        sequence.handle_lost(range(30, 20), 1);
        assert_eq!(sequence.handle_event(Some(20), false), fresh(&[]));
    }

    #[test]
    fn announcements_are_bounded() {
        let mut sequence = Sequence::new();
        for n in 1..1000 {
            sequence.handle_lost(range(n * 10, n * 10), 1);
        }
        assert_eq!(sequence.announced.len(), MAX_ANNOUNCED);
        assert_eq!(sequence.announced[0].range.from, 10);
        assert_eq!(sequence.have(), Some(0), "what lies between the joined ones may still come");
    }

    #[test]
    fn a_late_pushers_opening_waits_for_its_snapshot() {
        let mut sequence = Sequence::new();
        assert_eq!(sequence.handle_event(Some(3), true), fresh(&[]));
        assert!(sequence.handle_snapshot(40));
        assert_eq!(sequence.handle_event(Some(41), false), fresh(&[]), "the snapshot covers 1 and 2");
        assert!(!sequence.handle_snapshot(41));

        let mut sequence = Sequence::new();
        sequence.handle_event(Some(3), true);
        assert_eq!(sequence.handle_event(Some(4), false), fresh(&[(1, 2)]));
        assert_eq!(sequence.handle_end(), []);

        let mut sequence = Sequence::new();
        sequence.handle_event(Some(3), true);
        assert_eq!(sequence.handle_end(), [range(1, 2)]);
    }

    #[test]
    fn an_opening_behind_a_connection_that_broke_waits_for_its_snapshot_too() {
        let mut sequence = Sequence::new();
        sequence.handle_event(Some(1), false);
        sequence.handle_lost(range(3, 3), 1);
        assert_eq!(sequence.handle_event(Some(5), true), fresh(&[]));
        assert_eq!(sequence.have(), Some(1));
        let mut told = sequence.clone();
        assert_eq!(told.handle_event(Some(7), true), fresh(&[]), "a run that starts twice");
        assert_eq!(told.handle_event(Some(8), false), fresh(&[(2, 2), (4, 4), (6, 6)]));
        assert!(sequence.handle_snapshot(9));
        assert_eq!((sequence.have(), sequence.handle_end()), (Some(9), vec![]));
    }

    #[test]
    fn once_a_line_came_without_a_number_the_hub_counts() {
        let mut sequence = Sequence::new();
        assert_eq!(sequence.handle_event(None, true), given(1));
        assert_eq!(sequence.handle_event(Some(1), false), given(2), "not taken for a repeat");
        let mut sequence = Sequence::new();
        assert_eq!(sequence.handle_event(Some(1), true), fresh(&[]));
        assert_eq!(sequence.handle_event(None, false), given(2));
        assert_eq!(sequence.handle_event(Some(2), false), given(3));
    }

    #[test]
    fn numbers_end_where_readers_can_no_longer_hold_them() {
        let mut sequence = Sequence::new();
        sequence.handle_snapshot(MAX_SEQ);
        assert_eq!(sequence.handle_event(Some(MAX_SEQ), false), Admission::Repeat);
        assert_eq!(sequence.handle_event(None, false), Admission::Exhausted);
    }

    #[test]
    fn the_hub_has_what_came_and_what_is_known_not_to() {
        let mut sequence = Sequence::new();
        assert_eq!(sequence.have(), Some(0));
        sequence.handle_event(Some(1), true);
        sequence.handle_lost(range(2, 4), 3);
        assert_eq!(sequence.have(), Some(4));
        sequence.handle_lost(range(5, 9), 2);
        assert_eq!(sequence.have(), Some(4), "lines within the range are on their way");
        sequence.handle_event(Some(8), false);
        assert_eq!(sequence.have(), Some(8));
        sequence.handle_lost(range(12, 13), 2);
        assert_eq!(sequence.have(), Some(8), "not beyond what is still to come");

        let mut late = Sequence::new();
        late.handle_event(Some(3), true);
        assert_eq!(late.have(), Some(0), "what lies before is yet to be told");
        late.handle_snapshot(40);
        assert_eq!(late.have(), Some(40));
        late.handle_event(None, false);
        assert_eq!(late.have(), None, "these are the hub's own numbers");
    }

    #[test]
    fn what_is_missing_at_the_end_shows_when_the_producer_takes_leave() {
        let mut sequence = Sequence::new();
        sequence.handle_event(Some(1), true);
        sequence.handle_lost(range(3, 4), 2);
        assert_eq!(sequence.handle_bye(6), [range(2, 2), range(5, 6)]);
        assert_eq!((sequence.handle_bye(6), sequence.have()), (vec![], Some(6)));
        let mut hub_counts = Sequence::new();
        hub_counts.handle_event(None, true);
        assert_eq!(hub_counts.handle_bye(9), []);
        assert_eq!(Sequence::new().handle_bye(u64::MAX), [], "no number at all");
    }
}
