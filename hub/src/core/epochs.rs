//! The lives of the hub, and what a cursor of an earlier one is worth.

use super::cursor::{Cursor, Epoch};
use super::saved::{OpenSpan, Span};

/// This life and those before it whose events may still be there.
#[derive(Clone, Debug)]
pub(crate) struct Epochs {
    past: Vec<Span>,
    now: OpenSpan,
}

/// Where a cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// At this offset, exactly.
    At(u64),
    /// Its hub crashed, and what it told last never reached the disk: up to this offset both agree.
    Crashed { end: u64 },
    /// Ahead of everything.
    Future,
    /// Nobody here gave it.
    Foreign,
}

impl Epochs {
    pub(super) fn new(past: Vec<Span>, now: OpenSpan) -> Self {
        Epochs { past, now }
    }

    /// This life.
    pub(crate) fn now(&self) -> OpenSpan {
        self.now
    }

    /// Where a cursor stands if the newest event is at `last`.
    pub(super) fn locate(&self, cursor: Cursor, last: u64) -> Place {
        if cursor.epoch == self.now.epoch {
            return if cursor.offset <= last { Place::At(cursor.offset) } else { Place::Future };
        }
        let span = self.past.iter().find(|span| span.epoch == cursor.epoch);
        span.map_or(Place::Foreign, |span| {
            if cursor.offset <= span.end {
                Place::At(cursor.offset)
            } else {
                Place::Crashed { end: span.end }
            }
        })
    }

    /// How many events were given the offsets behind `from` up to `to`: none lies between the end of
    /// one epoch and the start of the next.
    pub(crate) fn count(&self, from: u64, to: u64) -> u64 {
        let now = Span { epoch: self.now.epoch, start: self.now.start, end: u64::MAX };
        let within = |span: &Span| to.min(span.end).saturating_sub(from.max(span.start));
        // What lies before the oldest epoch that is known had no jumps that are known either.
        let first = self.past.first().map_or(self.now.start, |span| span.start);
        let before = Span { epoch: self.now.epoch, start: 0, end: first };
        within(&before) + self.past.iter().map(within).sum::<u64>() + within(&now)
    }
}

/// The first epoch that rises above another, also when the clock went back.
pub(super) fn above(epoch: Epoch, past: &[Span]) -> Epoch {
    past.last().map_or(epoch, |last| epoch.max(last.epoch.next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(n: u64) -> Epoch {
        Epoch::from_number(n)
    }

    fn epochs() -> Epochs {
        let past =
            vec![Span { epoch: epoch(1), start: 0, end: 10 }, Span { epoch: epoch(2), start: 100, end: 120 }];
        Epochs::new(past, OpenSpan { epoch: epoch(3), start: 120 })
    }

    #[test]
    fn a_cursor_is_good_up_to_where_its_hub_had_stored() {
        let locate = |n, offset| epochs().locate(Cursor { epoch: epoch(n), offset }, 130);
        assert_eq!(locate(1, 10), Place::At(10));
        assert_eq!(locate(1, 11), Place::Crashed { end: 10 });
        assert_eq!(locate(2, 5), Place::At(5), "it read on from an older one");
        assert_eq!(locate(2, 121), Place::Crashed { end: 120 });
        assert_eq!(locate(3, 130), Place::At(130));
        assert_eq!(locate(3, 131), Place::Future);
        assert_eq!(locate(4, 1), Place::Foreign);
    }

    #[test]
    fn jumps_between_epochs_are_not_counted_as_events() {
        let epochs = epochs();
        assert_eq!(epochs.count(0, 130), 40);
        assert_eq!(epochs.count(5, 110), 15);
        assert_eq!(epochs.count(10, 100), 0);
        assert_eq!(epochs.count(125, 130), 5);
    }

    #[test]
    fn epochs_rise_although_the_clock_went_back() {
        let past = [Span { epoch: epoch(7), start: 0, end: 0 }];
        assert_eq!(above(epoch(5), &past), epoch(8));
        assert_eq!(above(epoch(9), &past), epoch(9));
        assert_eq!(above(epoch(5), &[]), epoch(5));
    }
}
