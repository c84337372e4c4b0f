//! Which of a run's lines have been here.

/// A set of `seq` as ranges: a stream without holes is one range.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// First and last of each range, in rising order, with holes between them.
    ranges: Vec<(u64, u64)>,
}

/// A filtered stream is all holes. When there are more ranges than this the hole between the first two
/// counts as seen: what would fill it so late is not worth its memory.
const MAX_RANGES: usize = 1024;

impl Seen {
    /// Adds a number; `false` if it was there.
    pub(super) fn insert(&mut self, seq: u64) -> bool {
        // Nearly always the number follows the last one.
        let at = match self.ranges.last() {
            Some((_, to)) if *to < seq => self.ranges.len(),
            _ => self.ranges.partition_point(|(_, to)| *to < seq),
        };
        if self.ranges.get(at).is_some_and(|(from, _)| *from <= seq) {
            return false;
        }
        let follows = at > 0 && self.ranges[at - 1].1 + 1 == seq;
        let leads = self.ranges.get(at).is_some_and(|(from, _)| *from == seq + 1);
        match (follows, leads) {
            (true, true) => self.ranges[at - 1].1 = self.ranges.remove(at).1,
            (true, false) => self.ranges[at - 1].1 = seq,
            (false, true) => self.ranges[at].0 = seq,
            (false, false) => self.ranges.insert(at, (seq, seq)),
        }
        if self.ranges.len() > MAX_RANGES {
            let (first, _) = self.ranges.remove(0);
            self.ranges[0].0 = first;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ranges(seqs: impl IntoIterator<Item = u64>) -> Vec<(u64, u64)> {
        let mut seen = Seen::default();
        for seq in seqs {
            seen.insert(seq);
        }
        seen.ranges
    }

    #[test]
    fn neighbours_join() {
        assert_eq!(ranges([1, 2, 3]), [(1, 3)]);
        assert_eq!(ranges([3, 1, 5, 2, 4]), [(1, 5)]);
        assert_eq!(ranges([9, 1, 8]), [(1, 1), (8, 9)]);
        assert_eq!(ranges([crate::MAX_INTEGER.unsigned_abs()]).len(), 1);
    }

    #[test]
    fn what_was_there_is_told() {
        let mut seen = Seen::default();
        assert!([5, 6, 2].into_iter().all(|seq| seen.insert(seq)));
        assert!(![6, 5, 2].into_iter().any(|seq| seen.insert(seq)));
        assert!(seen.insert(4));
    }

    #[test]
    fn holes_are_bounded() {
        let many = ranges((0..10_000).map(|n| n * 2));
        assert_eq!(many.len(), MAX_RANGES);
        assert_eq!(many.last(), Some(&(19_998, 19_998)));
    }
}
