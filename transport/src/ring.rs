//! The lines that are kept: those still to be sent, and as many of the sent ones as there is room for.

use std::collections::VecDeque;

use crate::block::{Block, Meta, Role};
use crate::segment::Segment;

/// Nothing is dropped while no more events than these are queued, whatever the bounds say,
/// provided none is larger than [`FLOOR_LINE`].
pub(crate) const FLOOR_EVENTS: usize = 100;

/// See [`FLOOR_EVENTS`].
pub(crate) const FLOOR_LINE: usize = 64 << 10;

/// Emptied blocks kept for the emitter: enough that it never waits for memory under load.
pub(crate) const SPARE_BLOCKS: usize = 8;

/// How much the ring holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Bytes of encoded lines.
    pub(crate) bytes: usize,
    /// Events.
    pub(crate) events: usize,
}

/// The lines in segments, oldest first, and a cursor between those that this connection has carried and
/// those that it has yet to carry. Knows its bounds, but leaves it to its owner to take lines off.
#[derive(Debug)]
pub(crate) struct Ring {
    bounds: Bounds,
    segments: VecDeque<Segment>,
    spare: Vec<Block>,
    /// All lines but the place of the pinned one, which lies outside the bounds.
    all: Tally,
    /// Those of them that were written whole at least once, on whatever connection.
    written: Tally,
    written_through: u64,
    cursor: Place,
}

/// So many lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
    /// How many are larger than [`FLOOR_LINE`].
    large: usize,
}

/// A line's place: its segment, its index there, where its bytes begin.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    segment: usize,
    index: usize,
    byte: usize,
}

impl Tally {
    fn of(meta: Meta) -> Tally {
        if meta.role == Role::Pinned {
            return Tally::default();
        }
        Tally { events: 1, bytes: meta.len(), large: usize::from(meta.len() > FLOOR_LINE) }
    }

    fn add(&mut self, meta: Meta) {
        let Tally { events, bytes, large } = Tally::of(meta);
        (self.events, self.bytes, self.large) =
            (self.events + events, self.bytes + bytes, self.large + large);
    }

    fn subtract(&mut self, meta: Meta) {
        let Tally { events, bytes, large } = Tally::of(meta);
        (self.events, self.bytes, self.large) =
            (self.events - events, self.bytes - bytes, self.large - large);
    }
}

impl Ring {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Ring {
            bounds: Bounds { events: bounds.events.max(FLOOR_EVENTS), ..bounds },
            segments: VecDeque::new(),
            spare: Vec::new(),
            all: Tally::default(),
            written: Tally::default(),
            written_through: 0,
            cursor: Place::default(),
        }
    }

    /// Adds lines at the end.
    pub(crate) fn push(&mut self, block: Block) {
        block.lines().iter().for_each(|meta| self.all.add(*meta));
        self.adopt(Segment::new(block));
    }

    /// Joins segments that are not full, which keeps memory near the bound when events come singly.
    fn adopt(&mut self, segment: Segment) {
        let last = self.segments.back_mut();
        if segment.is_empty() || last.is_some_and(|last| last.append(segment.bytes(), segment.lines())) {
            self.recycle(segment);
        } else {
            self.segments.push_back(segment);
        }
    }

    /// The oldest line; empty for the place of the pinned one.
    pub(crate) fn front(&self) -> Option<(Meta, &[u8])> {
        self.segments.front().and_then(Segment::front)
    }

    /// Takes the oldest line off.
    pub(crate) fn pop_front(&mut self) {
        let Some(segment) = self.segments.front_mut() else { return };
        let Some(meta) = segment.pop_front() else { return };
        let (index, byte) = segment.front_place();
        let emptied = segment.is_empty();
        self.all.subtract(meta);
        if meta.seq <= self.written_through {
            self.written.subtract(meta);
        }
        if self.cursor.segment == 0 && self.cursor.index < index {
            self.cursor = Place { segment: 0, index, byte };
        }
        if emptied && let Some(segment) = self.segments.pop_front() {
            // Only the first segment ever has lines gone from its front.
            let before = self.cursor.segment.checked_sub(1);
            self.cursor = before.map_or_else(Place::default, |segment| Place { segment, ..self.cursor });
            self.recycle(segment);
        }
    }

    /// The cursor, in the segment that has its line.
    fn place(&self) -> Place {
        let Place { segment, index, .. } = self.cursor;
        let at_end = self.segments.get(segment).is_some_and(|segment| segment.lines_from(index).is_empty());
        if at_end && segment + 1 < self.segments.len() {
            return Place { segment: segment + 1, index: 0, byte: 0 };
        }
        self.cursor
    }

    /// The line at the cursor: the next that this connection is to carry.
    pub(crate) fn next(&self) -> Option<Meta> {
        let place = self.place();
        self.segments.get(place.segment)?.lines_from(place.index).first().copied()
    }

    /// Lines that can be written at once: from the cursor on, in one buffer, up to the pinned line's place
    /// or the event `before`.
    pub(crate) fn span(&self, before: Option<u64>) -> &[u8] {
        let place = self.place();
        let Some(segment) = self.segments.get(place.segment) else { return &[] };
        let fits = |meta: &&Meta| meta.role != Role::Pinned && before.is_none_or(|seq| meta.seq < seq);
        let len = segment.lines_from(place.index).iter().take_while(fits).map(Meta::len).sum();
        segment.bytes_at(place.byte, len)
    }

    /// Moves the cursor past its line; answers whether it was written for the first time.
    pub(crate) fn pass(&mut self) -> bool {
        let Some(meta) = self.next() else { return false };
        let place = self.place();
        self.cursor = Place { index: place.index + 1, byte: place.byte + meta.len(), ..place };
        let first = meta.seq > self.written_through;
        if first {
            self.written_through = meta.seq;
            self.written.add(meta);
        }
        first
    }

    /// Moves the cursor to the first line behind an event.
    pub(crate) fn seek(&mut self, seq: u64) {
        let segment = self.segments.partition_point(|segment| segment.last() <= seq);
        let (index, byte) = match self.segments.get(segment) {
            Some(found) => found.place_after(seq),
            None => (0, 0),
        };
        self.cursor = Place { segment, index, byte };
        if let (true, Some(last)) = (segment == self.segments.len(), segment.checked_sub(1)) {
            // What comes next may be appended to the last segment.
            let (index, byte) = self.segments[last].place_after(seq);
            self.cursor = Place { segment: last, index, byte };
        }
    }

    /// Takes unwritten lines off that `pick` chooses, oldest first, until no more have to go. `cursor` is
    /// the event the cursor stands behind.
    pub(crate) fn evict(&mut self, cursor: u64, mut pick: impl FnMut(Meta, &[u8]) -> bool) {
        for mut segment in std::mem::take(&mut self.segments) {
            if segment.last() > self.written_through && self.is_above_low_water() {
                segment.retain(|meta, line| {
                    let may_go = meta.seq > self.written_through && meta.role != Role::Pinned;
                    let goes = may_go && self.is_above_low_water() && pick(meta, line);
                    if goes {
                        self.all.subtract(meta);
                    }
                    !goes
                });
            }
            self.adopt(segment);
        }
        self.seek(cursor);
    }

    /// The lines that were never written whole.
    pub(crate) fn unwritten(&self) -> impl Iterator<Item = (Meta, &[u8])> {
        self.behind(self.written_through)
    }

    /// The lines behind an event; empty for the place of the pinned one.
    pub(crate) fn behind(&self, seq: u64) -> impl Iterator<Item = (Meta, &[u8])> {
        let segments = self.segments.iter().filter(move |segment| segment.last() > seq);
        segments.flat_map(Segment::iter).filter(move |(meta, _)| meta.seq > seq)
    }

    /// Up to which event lines were written whole, on whatever connection.
    pub(crate) fn written_through(&self) -> u64 {
        self.written_through
    }

    /// Whether lines must leave. The newest one stays however large it is.
    pub(crate) fn is_over(&self) -> bool {
        self.exceeds(self.bounds.bytes, self.bounds.events)
    }

    /// Whether more lines should leave once some had to. An eighth goes at a time, since every round is an
    /// announcement, and perhaps the state, for a connected reader.
    pub(crate) fn is_above_low_water(&self) -> bool {
        let low = |bound: usize| bound - bound / 8;
        self.exceeds(low(self.bounds.bytes), low(self.bounds.events))
    }

    fn exceeds(&self, bytes: usize, events: usize) -> bool {
        let within_floor = self.all.events <= FLOOR_EVENTS && self.all.large == 0;
        (self.all.bytes > bytes || self.all.events > events) && !within_floor && self.all.events > 1
    }

    /// All lines.
    pub(crate) fn all(&self) -> Tally {
        self.all
    }

    /// Those that were written whole.
    pub(crate) fn written(&self) -> Tally {
        self.written
    }

    /// Empty blocks for reuse.
    pub(crate) fn take_spare(&mut self) -> Vec<Block> {
        std::mem::take(&mut self.spare)
    }

    fn recycle(&mut self, segment: Segment) {
        if self.spare.len() < SPARE_BLOCKS {
            self.spare.push(segment.into_block());
        }
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::{Event, Timestamp};

    use super::*;
    use crate::wire::Wire;

    /// One block for each line of these sizes, numbered on from `first`.
    fn fill(ring: &mut Ring, first: u64, sizes: &[usize]) {
        for (seq, size) in (first..).zip(sizes) {
            let mut block = Block::with_buffer();
            let event = Event::new("log.stdout").unwrap().error("x".repeat(*size));
            let run = "r".parse().unwrap();
            let encoded =
                block.encode(&event, (&run, Wire::Full), seq, Timestamp::from_unix_nanos(0), usize::MAX >> 1);
            encoded.unwrap();
            ring.push(block);
        }
    }

    fn drain_to_bound(ring: &mut Ring) {
        if ring.is_over() {
            while ring.is_above_low_water() {
                ring.pop_front();
            }
        }
    }

    fn roomy() -> Ring {
        Ring::new(Bounds { bytes: 8 << 20, events: usize::MAX })
    }

    fn next(ring: &Ring) -> Option<u64> {
        ring.next().map(|meta| meta.seq)
    }

    #[test]
    fn s0_16_bounds_of_zero_and_one_keep_a_hundred_events() {
        for bound in [0, 1] {
            let mut ring = Ring::new(Bounds { bytes: bound, events: bound });
            fill(&mut ring, 1, &[1000; 100]);
            assert!(!ring.is_over());
            fill(&mut ring, 101, &[1000]);
            assert!(ring.is_over());
            drain_to_bound(&mut ring);
            assert_eq!((ring.all().events, ring.front().unwrap().0.seq), (100, 2));
        }
    }

    #[test]
    fn c_01_the_default_bound_keeps_a_hundred_events_of_64_kib() {
        let mut ring = Ring::new(Bounds { bytes: 1 << 20, events: usize::MAX });
        fill(&mut ring, 1, &[FLOOR_LINE - 200; 100]);
        assert!(!ring.is_over());
        fill(&mut ring, 101, &[FLOOR_LINE]);
        drain_to_bound(&mut ring);
        assert!(ring.all().bytes <= 1 << 20, "larger lines are not covered");
    }

    #[test]
    fn a_line_larger_than_the_bound_stays_until_the_next_one() {
        let mut ring = Ring::new(Bounds { bytes: 1000, events: usize::MAX });
        fill(&mut ring, 1, &[100_000]);
        assert!(!ring.is_over());
        fill(&mut ring, 2, &[10]);
        drain_to_bound(&mut ring);
        assert_eq!((ring.all().events, ring.front().unwrap().0.seq), (1, 2));
    }

    #[test]
    fn single_events_share_segments_and_empty_blocks_are_reused() {
        let mut ring = roomy();
        fill(&mut ring, 1, &[100; 1000]);
        assert!(ring.segments.len() <= 4, "{} segments", ring.segments.len());
        assert_eq!(ring.take_spare().len(), SPARE_BLOCKS);
        while ring.front().is_some() {
            ring.pop_front();
        }
        assert_eq!((ring.all(), ring.span(None).len()), (Tally::default(), 0));
        assert!(!ring.take_spare().is_empty());
    }

    #[test]
    fn a_span_ends_before_a_hole() {
        let mut ring = roomy();
        fill(&mut ring, 1, &[100; 3]);
        let all = ring.span(None).len();
        assert_eq!(ring.span(Some(4)).len(), all);
        assert_eq!(ring.span(Some(2)).len(), ring.front().unwrap().1.len());
        assert_eq!(ring.span(Some(1)).len(), 0);
    }

    #[test]
    fn the_cursor_walks_and_goes_back_over_lines_that_are_kept() {
        let mut ring = roomy();
        fill(&mut ring, 1, &[30_000; 10]);
        for seq in 1..=10 {
            assert_eq!(next(&ring), Some(seq));
            assert!(ring.pass(), "for the first time");
        }
        assert_eq!((next(&ring), ring.pass(), ring.written()), (None, false, ring.all()));
        fill(&mut ring, 11, &[10]);
        assert_eq!((next(&ring), ring.written().events), (Some(11), 10));
        for (behind, then) in [(0, Some(1)), (4, Some(5)), (10, Some(11)), (11, None), (99, None)] {
            ring.seek(behind);
            assert_eq!(next(&ring), then);
        }
        fill(&mut ring, 12, &[10, 30_000]);
        assert_eq!(next(&ring), Some(12));
        ring.seek(2);
        assert!(!ring.pass(), "again");
        assert_eq!(ring.written_through(), 10);
        // Lines leave before the cursor, at it and behind it.
        for gone in 1..=5 {
            ring.pop_front();
            assert_eq!(next(&ring), Some((gone + 1).max(4)));
        }
        assert_eq!(ring.written().events, 5);
    }

    #[test]
    fn eviction_spares_what_was_written_and_stops_when_there_is_room() {
        let mut ring = Ring::new(Bounds { bytes: 100_000, events: usize::MAX });
        fill(&mut ring, 1, &[900; 200]);
        (0..50).for_each(|_| assert!(ring.pass()));
        ring.evict(50, |meta, _| meta.seq % 2 == 0);
        let left: Vec<u64> = ring.unwritten().map(|(meta, _)| meta.seq).collect();
        assert_eq!((next(&ring), left[0], left.len()), (Some(51), 51, 75));
        ring.evict(50, |_, _| true);
        assert_eq!(ring.all().events, 100, "the floor");
        assert_eq!(
            (ring.written().events, next(&ring)),
            (50, ring.unwritten().next().map(|(meta, _)| meta.seq))
        );
    }
}
