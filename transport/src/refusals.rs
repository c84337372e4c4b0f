//! Events refused at `emit`, until the writer has time for them.

use std::borrow::Cow;

use choo_protocol::{Event, LinkLost};

use crate::hole::{Holes, Reason};

/// More types at once are rare; they cost the emitter more.
const MAX_TYPES: usize = 8;

/// A run of refused events without a gap. Kept apart from [`Holes`] because refusing must cost the
/// emitter next to nothing just when everything else is under pressure.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// The first and the last of them.
    range: Option<(u64, u64)>,
    by_type: Vec<(Cow<'static, str>, u64)>,
}

impl Refusals {
    /// Counts an event; `false` if it has no place here.
    pub(crate) fn add(&mut self, seq: u64, event: &Event) -> bool {
        let from = match self.range {
            Some((from, last)) if last + 1 == seq => from,
            Some(_) => return false,
            None => seq,
        };
        if let Some((_, count)) = self.by_type.iter_mut().find(|(known, _)| *known == event.kind) {
            *count += 1;
        } else if self.by_type.len() < MAX_TYPES {
            self.by_type.push((event.kind.clone(), 1));
        } else {
            return false;
        }
        self.range = Some((from, seq));
        true
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.range.is_none()
    }

    /// Moves them to the holes.
    pub(crate) fn drain_into(&mut self, holes: &mut Holes) {
        let Some((from, to)) = self.range.take() else { return };
        let mut hole = LinkLost { from, to, count: to - from + 1, ..LinkLost::default() };
        Reason::Overflow.as_str().clone_into(&mut hole.reason);
        for (kind, count) in self.by_type.drain(..) {
            hole.by_type.insert(kind.into_owned(), count);
        }
        holes.add_lost(hole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_without_gaps_is_one_hole() {
        let mut refusals = Refusals::default();
        let (out, err) = (Event::new("log.stdout").unwrap(), Event::new("log.stderr").unwrap());
        assert!(refusals.is_empty());
        assert!(refusals.add(5, &out) && refusals.add(6, &err) && refusals.add(7, &out));
        assert!(!refusals.add(9, &out), "8 was not refused");
        let mut holes = Holes::default();
        holes.add(9, "log.stdout", 0, Reason::Overflow);
        holes.add(4, "x", 0, Reason::Oversized);
        refusals.drain_into(&mut holes);
        assert!(refusals.is_empty());
        let [hole, last] = &holes.list()[..] else { panic!("two holes") };
        assert_eq!((hole.from, hole.to, hole.count, last.from), (4, 7, 4, 9));
        assert_eq!((hole.by_type["log.stdout"], hole.by_type["log.stderr"], hole.by_type["x"]), (2, 1, 1));
    }

    #[test]
    fn many_types_are_left_to_the_holes() {
        let mut refusals = Refusals::default();
        let event = |n: u64| Event::vendor("acme", &n.to_string()).unwrap();
        assert!((1..=8).all(|n| refusals.add(n, &event(n))));
        assert!(!refusals.add(9, &event(9)));
        assert!(!refusals.add(10, &event(1)), "9 was not refused here");
    }
}
