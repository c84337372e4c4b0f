//! What a reader knows to be missing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reader::readable;

/// An inclusive range of `seq`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct SeqRange {
    /// The first.
    pub from: u64,
    /// The last.
    pub to: u64,
}

impl SeqRange {
    fn holds(self, other: SeqRange) -> bool {
        self.from <= other.from && other.to <= self.to
    }
}

/// Events that were lost on the way, as `link.lost` told of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Loss {
    /// How many events are missing.
    pub count: u64,
    /// How many bytes they had, where that is known.
    pub bytes: u64,
    /// Where they are missing, in rising order; far ones are merged when there are many.
    pub ranges: Vec<LostRange>,
}

/// One announced hole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LostRange {
    /// The first `seq` of the range.
    pub from: u64,
    /// The last one.
    pub to: u64,
    /// How many events of the range are missing; the others did arrive.
    pub count: u64,
    /// How many bytes they had.
    pub bytes: u64,
    /// Why, in a word: `overflow`, `unannounced`, …
    pub reason: String,
}

impl LostRange {
    fn range(&self) -> SeqRange {
        SeqRange { from: self.from, to: self.to }
    }
}

/// How many ranges a state keeps before it merges the oldest two.
const MAX_RANGES: usize = 64;

impl Loss {
    /// Adds an announcement; `false` if it was known already.
    pub(crate) fn add(&mut self, lost: LostRange) -> bool {
        if self.covers(lost.range()) {
            return false;
        }
        self.count = self.count.saturating_add(lost.count);
        self.bytes = self.bytes.saturating_add(lost.bytes);
        let at = self.ranges.partition_point(|known| known.from <= lost.from);
        self.ranges.insert(at, lost);
        if self.ranges.len() > MAX_RANGES {
            let second = self.ranges.remove(1);
            let first = &mut self.ranges[0];
            first.to = first.to.max(second.to);
            first.count = first.count.saturating_add(second.count);
            first.bytes = first.bytes.saturating_add(second.bytes);
        }
        true
    }

    /// Adds what another state knows to be lost.
    pub(crate) fn merge(&mut self, other: &Loss) {
        for lost in &other.ranges {
            self.add(lost.clone());
        }
    }

    /// Whether one announced hole holds the whole range.
    pub(crate) fn covers(&self, range: SeqRange) -> bool {
        self.ranges.iter().any(|known| known.range().holds(range))
    }
}

/// Adds a range to a sorted list of ranges, joining what touches.
pub(crate) fn add_range(ranges: &mut Vec<SeqRange>, range: SeqRange) {
    let mut joined = range;
    ranges.retain(|known| {
        let apart = known.to.saturating_add(1) < joined.from || joined.to.saturating_add(1) < known.from;
        if !apart {
            joined = SeqRange { from: joined.from.min(known.from), to: joined.to.max(known.to) };
        }
        apart
    });
    let at = ranges.partition_point(|known| known.from < joined.from);
    ranges.insert(at, joined);
    if ranges.len() > MAX_RANGES {
        let first = ranges.remove(0);
        ranges[0].from = first.from;
    }
}

readable!(SeqRange { from, to; });
readable!(Loss { ; count, bytes, ranges });
readable!(LostRange { ; from, to, count, bytes, reason });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_join_when_they_touch() {
        let mut ranges = Vec::new();
        for (from, to) in [(10, 20), (30, 40), (21, 25), (41, 41), (1, 2), (24, 31)] {
            add_range(&mut ranges, SeqRange { from, to });
        }
        assert_eq!(ranges, [SeqRange { from: 1, to: 2 }, SeqRange { from: 10, to: 41 }]);
    }

    #[test]
    fn the_same_loss_counts_once_and_the_list_is_bounded() {
        let mut loss = Loss::default();
        for i in 0..1000 {
            let reason = String::new();
            let hole = LostRange { from: i * 10, to: i * 10 + 4, count: 5, bytes: 7, reason };
            assert!(loss.add(hole.clone()));
            assert!(!loss.add(hole));
        }
        assert_eq!((loss.count, loss.bytes, loss.ranges.len()), (5000, 7000, MAX_RANGES));
    }
}
