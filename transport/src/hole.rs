//! Events that will not be sent, until the reader has been told.

use std::collections::VecDeque;

use choo_protocol::LinkLost;

/// Why an event is not sent; the text stands in `link.lost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A buffer was full.
    Overflow,
    /// Its line is longer than any reader takes.
    Oversized,
}

/// More types than these are counted together, so that the announcement stays a small line.
const MAX_TYPES: usize = 64;

/// What types beyond the first [`MAX_TYPES`] are counted as.
const OTHER_TYPES: &str = "other";

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Reason::Overflow => "overflow",
            Reason::Oversized => "oversized",
        }
    }
}

/// Holes in the run that nobody has been told of, in rising order, touching ones joined. There is at
/// most one more than there are lines to be sent.
#[derive(Debug, Default)]
pub(crate) struct Holes {
    holes: VecDeque<LinkLost>,
}

impl Holes {
    /// Adds one event. `bytes` is 0 for one that was not encoded.
    pub(crate) fn add(&mut self, seq: u64, kind: &str, bytes: usize, reason: Reason) {
        let at = self.holes.partition_point(|hole| hole.from < seq);
        let bytes = bytes as u64;
        if let Some(hole) = at.checked_sub(1).and_then(|before| self.holes.get_mut(before))
            && hole.to + 1 == seq
        {
            hole.to = seq;
            hole.count += 1;
            hole.bytes += bytes;
            count_type(hole, kind, 1);
            join_reasons(hole, reason.as_str());
        } else {
            let mut hole = LinkLost { from: seq, to: seq, count: 1, bytes, ..LinkLost::default() };
            reason.as_str().clone_into(&mut hole.reason);
            count_type(&mut hole, kind, 1);
            self.holes.insert(at, hole);
            self.join(at + 1);
            return;
        }
        self.join(at);
    }

    /// Adds a hole behind or before the others.
    pub(crate) fn insert(&mut self, hole: LinkLost) {
        let at = self.holes.partition_point(|known| known.from < hole.from);
        self.holes.insert(at, hole);
        self.join(at + 1);
        self.join(at);
    }

    /// Joins the holes at `at - 1` and `at` if they touch.
    fn join(&mut self, at: usize) {
        let Some(before) = at.checked_sub(1) else { return };
        if !matches!((self.holes.get(before), self.holes.get(at)), (Some(a), Some(b)) if a.to + 1 == b.from) {
            return;
        }
        let Some(second) = self.holes.remove(at) else { return };
        let first = &mut self.holes[before];
        first.to = second.to;
        first.count += second.count;
        first.bytes += second.bytes;
        join_reasons(first, &second.reason);
        for (kind, count) in &second.by_type {
            count_type(first, kind, *count);
        }
    }

    /// The first hole.
    pub(crate) fn front(&self) -> Option<&LinkLost> {
        self.holes.front()
    }

    /// Takes the first hole.
    pub(crate) fn pop_front(&mut self) -> Option<LinkLost> {
        self.holes.pop_front()
    }

    /// How many holes there are.
    pub(crate) fn len(&self) -> usize {
        self.holes.len()
    }

    /// How many events they hold.
    #[cfg(test)]
    pub(crate) fn events(&self) -> u64 {
        self.holes.iter().map(|hole| hole.count).sum()
    }

    /// Takes all of `later`, whose holes lie behind these.
    pub(crate) fn append(&mut self, later: Holes) {
        for hole in later.holes {
            self.insert(hole);
        }
    }
}

fn count_type(hole: &mut LinkLost, kind: &str, count: u64) {
    if let Some(known) = hole.by_type.get_mut(kind) {
        *known += count;
        return;
    }
    let kind = if hole.by_type.len() < MAX_TYPES { kind } else { OTHER_TYPES };
    *hole.by_type.entry(kind.to_owned()).or_default() += count;
}

/// Touching holes are told as one; of two reasons the buffer's is the one a person can do something
/// about.
fn join_reasons(hole: &mut LinkLost, other: &str) {
    if hole.reason != other {
        Reason::Overflow.as_str().clone_into(&mut hole.reason);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(holes: &Holes) -> Vec<(u64, u64, u64)> {
        holes.holes.iter().map(|hole| (hole.from, hole.to, hole.count)).collect()
    }

    #[test]
    fn touching_holes_join_whatever_the_order() {
        let mut holes = Holes::default();
        for seq in [1, 2, 5, 9, 4, 3] {
            holes.add(seq, "log.stdout", 10, Reason::Overflow);
        }
        assert_eq!(ranges(&holes), [(1, 5, 5), (9, 9, 1)]);
        assert_eq!(holes.events(), 6);
        let first = holes.pop_front().unwrap();
        assert_eq!((first.bytes, first.by_type["log.stdout"], first.reason.as_str()), (50, 5, "overflow"));
        assert_eq!(holes.events(), 1);
    }

    #[test]
    fn a_hole_that_comes_back_joins_what_has_grown_behind_it() {
        let mut holes = Holes::default();
        holes.add(1, "a", 1, Reason::Oversized);
        let back = holes.pop_front().unwrap();
        holes.add(2, "b", 1, Reason::Overflow);
        holes.add(3, "b", 1, Reason::Overflow);
        holes.insert(back);
        assert_eq!(ranges(&holes), [(1, 3, 3)]);
        assert_eq!(holes.front().unwrap().reason, "overflow");
        assert_eq!(holes.events(), 3);
    }

    #[test]
    fn types_are_listed_up_to_a_bound() {
        let mut holes = Holes::default();
        for seq in 1..=100 {
            holes.add(seq, &format!("x.{seq}"), 1, Reason::Overflow);
        }
        let hole = holes.pop_front().unwrap();
        assert_eq!(hole.by_type.len(), MAX_TYPES + 1);
        assert_eq!(hole.by_type[OTHER_TYPES], 36);
        assert_eq!(hole.by_type.values().sum::<u64>(), 100);
    }
}
