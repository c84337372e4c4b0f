//! Events that will not be sent, and who has been told.

use std::collections::VecDeque;

use choo_protocol::LinkLost;

/// Why an event is not sent; the text stands in `link.lost`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A buffer was full.
    Overflow,
    /// Its line is longer than any reader takes.
    Oversized,
    /// A later progress of the same task took its place when the buffer was full.
    Conflated,
    /// The file that it was kept in cannot be read.
    Spool,
}

/// More types than these are counted together, so that the announcement stays a small line.
const MAX_TYPES: usize = 64;

/// What types beyond the first [`MAX_TYPES`] are counted as.
const OTHER_TYPES: &str = "other";

/// More holes than these are told more coarsely; each takes some hundred bytes.
pub(crate) const MAX_HOLES: usize = 1024;

impl Reason {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Reason::Overflow => "overflow",
            Reason::Oversized => "oversized",
            Reason::Conflated => "conflated",
            Reason::Spool => "spool",
        }
    }
}

/// Holes in the run, in the order of their first event. Those that nobody has been told of grow and join;
/// once told, a hole is told the same way to everybody, so that readers can tell a repeat.
#[derive(Debug, Default)]
pub(crate) struct Holes {
    holes: VecDeque<Hole>,
}

#[derive(Debug)]
struct Hole {
    lost: LinkLost,
    /// Whether somebody was told.
    told: bool,
    /// The session in which it was told last.
    session: u64,
    /// Whether it is being told.
    telling: bool,
    /// Whether it stands in the spool, from where it will be told as it is now.
    spooled: bool,
}

impl Hole {
    fn new(lost: LinkLost) -> Self {
        Hole { lost, told: false, session: 0, telling: false, spooled: false }
    }

    fn may_change(&self) -> bool {
        !self.told && !self.telling && !self.spooled
    }
}

/// Whether everything in the range is missing. Otherwise lines within it were or will be sent.
pub(crate) fn is_dense(lost: &LinkLost) -> bool {
    lost.to - lost.from + 1 == lost.count
}

impl Holes {
    /// Adds one event. `bytes` is 0 for one that was not encoded.
    pub(crate) fn add(&mut self, seq: u64, kind: &str, bytes: usize, reason: Reason) {
        let at = self.holes.partition_point(|hole| hole.lost.from <= seq);
        let before = at.checked_sub(1).and_then(|before| self.holes.get_mut(before));
        if let Some(Hole { lost, .. }) = before.filter(|hole| hole.may_change() && seq <= hole.lost.to + 1) {
            lost.to = lost.to.max(seq);
            lost.count += 1;
            lost.bytes += bytes as u64;
            count_type(lost, kind, 1);
            join_reasons(lost, reason.as_str());
            self.join(at);
        } else {
            let bytes = bytes as u64;
            let mut lost = LinkLost { from: seq, to: seq, count: 1, bytes, ..LinkLost::default() };
            reason.as_str().clone_into(&mut lost.reason);
            count_type(&mut lost, kind, 1);
            self.holes.insert(at, Hole::new(lost));
            self.join(at + 1);
        }
    }

    /// Joins the holes at `at - 1` and `at` if they touch and nobody was told.
    fn join(&mut self, at: usize) {
        let Some(before) = at.checked_sub(1) else { return };
        let (Some(a), Some(b)) = (self.holes.get(before), self.holes.get(at)) else { return };
        if a.may_change() && b.may_change() && a.lost.to + 1 >= b.lost.from {
            self.unite(before);
        }
    }

    /// Makes one hole of that at `at` and the next.
    fn unite(&mut self, at: usize) {
        let Some(Hole { lost: second, .. }) = self.holes.remove(at + 1) else { return };
        let Hole { lost: first, .. } = &mut self.holes[at];
        first.to = first.to.max(second.to);
        first.count += second.count;
        first.bytes += second.bytes;
        join_reasons(first, &second.reason);
        for (kind, count) in &second.by_type {
            count_type(first, kind, *count);
        }
    }

    /// Tells more coarsely if there are too many: neighbours become one hole, whatever lies between them.
    /// The last one stays, so that a line follows every hole that is not dense.
    pub(crate) fn limit(&mut self) {
        if !self.is_over() {
            return;
        }
        let mut at = 0;
        while at + 2 < self.holes.len() && self.holes.len() > MAX_HOLES / 2 {
            if self.holes[at].may_change() && self.holes[at + 1].may_change() {
                self.unite(at);
            }
            at += 1;
        }
    }

    /// Whether there are too many.
    pub(crate) fn is_over(&self) -> bool {
        self.holes.len() > MAX_HOLES
    }

    /// The first event of the first hole of which this session, which knows all up to `floor`, has not been
    /// told.
    pub(crate) fn next(&self, session: u64, floor: u64) -> Option<u64> {
        self.position(session, floor).map(|at| self.holes[at].lost.from)
    }

    fn position(&self, session: u64, floor: u64) -> Option<usize> {
        self.holes.iter().position(|hole| hole.session != session && hole.lost.to > floor)
    }

    /// Begins to tell of that hole.
    pub(crate) fn begin(&mut self, session: u64, floor: u64) -> Option<LinkLost> {
        let at = self.position(session, floor)?;
        self.holes[at].telling = true;
        Some(self.holes[at].lost.clone())
    }

    /// It was told; answers it, and whether for the first time.
    pub(crate) fn finish(&mut self, session: u64) -> Option<(LinkLost, bool)> {
        let hole = self.holes.iter_mut().find(|hole| hole.telling)?;
        (hole.telling, hole.session) = (false, session);
        Some((hole.lost.clone(), !std::mem::replace(&mut hole.told, true)))
    }

    /// It was not told after all.
    pub(crate) fn abandon(&mut self) {
        if let Some(at) = self.holes.iter().position(|hole| hole.telling) {
            self.holes[at].telling = false;
            self.join(at + 1);
            self.join(at);
        }
    }

    /// Takes the first hole if it was told and ends by `through`.
    pub(crate) fn pop_told(&mut self, through: u64) -> Option<LinkLost> {
        let done =
            self.holes.front().is_some_and(|hole| hole.told && !hole.telling && hole.lost.to <= through);
        if done { self.holes.pop_front().map(|hole| hole.lost) } else { None }
    }

    /// All of them, and whether somebody was told.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&LinkLost, bool)> {
        self.holes.iter().map(|hole| (&hole.lost, hole.told))
    }

    /// They stand in the spool as they are now.
    pub(crate) fn freeze(&mut self) {
        self.holes.iter_mut().for_each(|hole| hole.spooled = true);
    }

    /// The hole that begins at an event was told in a session from the spool; answers whether for the first
    /// time.
    pub(crate) fn note_told(&mut self, from: u64, session: u64) -> bool {
        let Some(hole) = self.holes.iter_mut().find(|hole| hole.lost.from == from) else { return false };
        hole.session = session;
        !std::mem::replace(&mut hole.told, true)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.holes.is_empty()
    }

    /// How many events they hold of which nobody was told.
    #[cfg(any(test, feature = "sim"))]
    pub(crate) fn untold(&self) -> u64 {
        self.holes.iter().filter(|hole| !hole.told).map(|hole| hole.lost.count).sum()
    }

    /// Takes all of `later`.
    pub(crate) fn append(&mut self, later: Holes) {
        later.holes.into_iter().for_each(|hole| self.insert(hole));
    }

    /// Adds a hole of which nobody was told.
    pub(crate) fn add_lost(&mut self, lost: LinkLost) {
        self.insert(Hole::new(lost));
    }

    fn insert(&mut self, hole: Hole) {
        let at = self.holes.partition_point(|known| known.lost.from < hole.lost.from);
        self.holes.insert(at, hole);
        self.join(at + 1);
        self.join(at);
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
impl Holes {
    pub(crate) fn list(&self) -> Vec<LinkLost> {
        self.holes.iter().map(|hole| hole.lost.clone()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holes(seqs: impl IntoIterator<Item = u64>) -> Holes {
        let mut holes = Holes::default();
        for seq in seqs {
            holes.add(seq, "log.stdout", 10, Reason::Overflow);
        }
        holes
    }

    fn ranges(holes: &Holes) -> Vec<(u64, u64, u64)> {
        holes.list().iter().map(|lost| (lost.from, lost.to, lost.count)).collect()
    }

    #[test]
    fn touching_holes_join_whatever_the_order() {
        let holes = holes([1, 2, 5, 9, 4, 3]);
        assert_eq!(ranges(&holes), [(1, 5, 5), (9, 9, 1)]);
        assert_eq!(holes.untold(), 6);
        let first = &holes.list()[0];
        assert_eq!((first.bytes, first.by_type["log.stdout"], first.reason.as_str()), (50, 5, "overflow"));
    }

    #[test]
    fn of_two_reasons_the_buffers_is_told() {
        let mut holes = Holes::default();
        for (seq, reason) in [(1, Reason::Oversized), (2, Reason::Conflated), (4, Reason::Conflated)] {
            holes.add(seq, "a", 1, reason);
        }
        let reasons: Vec<String> = holes.list().into_iter().map(|lost| lost.reason).collect();
        assert_eq!(reasons, ["overflow", "conflated"]);
    }

    #[test]
    fn a_told_hole_stays_as_it_was_told_and_each_session_is_told_once() {
        let mut holes = holes([1, 2]);
        assert_eq!(holes.begin(1, 0).unwrap().to, 2);
        holes.add(3, "b", 1, Reason::Overflow);
        holes.abandon();
        assert_eq!(ranges(&holes), [(1, 3, 3)], "nobody has heard of it, so it may grow");
        holes.begin(1, 0);
        assert!(holes.finish(1).unwrap().1, "for the first time");
        holes.add(4, "b", 1, Reason::Overflow);
        assert_eq!((ranges(&holes), holes.untold()), (vec![(1, 3, 3), (4, 4, 1)], 1));
        assert_eq!((holes.next(1, 0), holes.next(2, 0), holes.next(2, 3)), (Some(4), Some(1), Some(4)));
        holes.begin(2, 0);
        assert!(!holes.finish(2).unwrap().1);
        assert_eq!((holes.pop_told(2), holes.pop_told(9).unwrap().to, holes.pop_told(9)), (None, 3, None));
    }

    #[test]
    fn too_many_are_told_more_coarsely_and_nothing_is_counted_twice() {
        let all = MAX_HOLES as u64 * 3;
        let mut holes = holes((1..=all).map(|n| n * 2));
        holes.limit();
        let ranges = ranges(&holes);
        assert!(ranges.len() > MAX_HOLES, "halved at a time");
        assert!(!is_dense(&holes.list()[0]) && is_dense(holes.list().last().unwrap()));
        assert_eq!(ranges.iter().map(|(_, _, count)| count).sum::<u64>(), all);
        while holes.is_over() {
            holes.limit();
        }
        holes.add(5, "x", 1, Reason::Overflow);
        assert_eq!(holes.untold(), all + 1, "a line between that is dropped later counts as well");
    }

    #[test]
    fn types_are_listed_up_to_a_bound() {
        let mut holes = Holes::default();
        for seq in 1..=100 {
            holes.add(seq, &format!("x.{seq}"), 1, Reason::Overflow);
        }
        let hole = &holes.list()[0];
        assert_eq!(hole.by_type.len(), MAX_TYPES + 1);
        assert_eq!(hole.by_type[OTHER_TYPES], 36);
        assert_eq!(hole.by_type.values().sum::<u64>(), 100);
    }
}
