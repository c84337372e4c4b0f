//! Lines that are to be sent, oldest first.

use std::collections::VecDeque;

use crate::block::{Block, Meta, Role};

/// Nothing is dropped while no more events than these are queued, whatever the bounds say,
/// provided none is larger than [`FLOOR_LINE`].
pub(crate) const FLOOR_EVENTS: usize = 100;

/// See [`FLOOR_EVENTS`].
pub(crate) const FLOOR_LINE: usize = 64 << 10;

/// More holes than these between lines count as over the bound; each takes some hundred bytes.
const MAX_HOLES: usize = 1024;

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

/// The lines, in blocks. Knows its bounds, but leaves it to its owner to take lines off.
#[derive(Debug)]
pub(crate) struct Ring {
    bounds: Bounds,
    blocks: VecDeque<Block>,
    spare: Vec<Block>,
    bytes: usize,
    /// Without the place of the pinned line, which lies outside the bounds.
    events: usize,
    /// How many lines are larger than [`FLOOR_LINE`].
    large: usize,
}

impl Ring {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let bounds = Bounds { events: bounds.events.max(FLOOR_EVENTS), ..bounds };
        Ring { bounds, blocks: VecDeque::new(), spare: Vec::new(), bytes: 0, events: 0, large: 0 }
    }

    /// Adds lines at the end.
    pub(crate) fn push(&mut self, block: Block) {
        for meta in block.lines().iter().filter(|meta| meta.role != Role::Pinned) {
            self.events += 1;
            self.bytes += meta.len();
            self.large += usize::from(meta.len() > FLOOR_LINE);
        }
        // Joining blocks that are not full keeps memory near the bound when events come singly.
        if self.blocks.back_mut().is_some_and(|last| last.append(&block)) {
            self.recycle(block);
        } else {
            self.blocks.push_back(block);
        }
    }

    /// The oldest line; empty for the place of the pinned one.
    pub(crate) fn front(&self) -> Option<(Meta, &[u8])> {
        self.blocks.front().and_then(Block::front)
    }

    /// Takes the oldest line off.
    pub(crate) fn pop_front(&mut self) {
        let Some(block) = self.blocks.front_mut() else { return };
        if let Some((meta, _)) = block.front().filter(|(meta, _)| meta.role != Role::Pinned) {
            self.events -= 1;
            self.bytes -= meta.len();
            self.large -= usize::from(meta.len() > FLOOR_LINE);
        }
        block.pop_front();
        if block.is_empty()
            && let Some(block) = self.blocks.pop_front()
        {
            self.recycle(block);
        }
    }

    /// Lines that can be written at once: from the oldest on, in one buffer, up to the pinned line's
    /// place or the event `before`.
    pub(crate) fn span(&self, before: Option<u64>) -> &[u8] {
        let Some(block) = self.blocks.front() else { return &[] };
        let fits = |meta: &&Meta| meta.role != Role::Pinned && before.is_none_or(|seq| meta.seq < seq);
        let len: usize = block.lines().iter().take_while(fits).map(Meta::len).sum();
        &block.bytes()[..len]
    }

    /// Whether lines must leave, given the number of holes between them. The newest line stays however
    /// large it is.
    pub(crate) fn is_over(&self, holes: usize) -> bool {
        self.exceeds(self.bounds.bytes, self.bounds.events, holes)
    }

    /// Whether more lines should leave once some had to. An eighth goes at a time, since a connected
    /// reader is sent the state after each round.
    pub(crate) fn is_above_low_water(&self, holes: usize) -> bool {
        let low = |bound: usize| bound - bound / 8;
        self.exceeds(low(self.bounds.bytes), low(self.bounds.events), holes)
    }

    fn exceeds(&self, bytes: usize, events: usize, holes: usize) -> bool {
        let within_floor = self.events <= FLOOR_EVENTS && self.large == 0;
        let beyond = self.bytes > bytes || self.events > events || holes > MAX_HOLES;
        beyond && !within_floor && self.events > 1
    }

    /// How many events are queued.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// How many bytes their lines have.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Empty blocks for reuse.
    pub(crate) fn take_spare(&mut self) -> Vec<Block> {
        std::mem::take(&mut self.spare)
    }

    fn recycle(&mut self, mut block: Block) {
        if self.spare.len() < SPARE_BLOCKS {
            block.clear();
            self.spare.push(block);
        }
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::{Event, Timestamp};

    use super::*;

    /// One block for each line of these sizes, numbered on from `first`.
    fn fill(ring: &mut Ring, first: u64, sizes: &[usize]) {
        for (seq, size) in (first..).zip(sizes) {
            let mut block = Block::with_buffer();
            let event = Event::new("log.stdout").error("x".repeat(*size));
            let encoded = block.encode(
                &event,
                &"r".parse().unwrap(),
                seq,
                Timestamp::from_unix_nanos(0),
                usize::MAX >> 1,
            );
            encoded.unwrap();
            ring.push(block);
        }
    }

    fn drain_to_bound(ring: &mut Ring) {
        if ring.is_over(0) {
            while ring.is_above_low_water(0) {
                ring.pop_front();
            }
        }
    }

    #[test]
    fn s0_16_bounds_of_zero_and_one_keep_a_hundred_events() {
        for bound in [0, 1] {
            let mut ring = Ring::new(Bounds { bytes: bound, events: bound });
            fill(&mut ring, 1, &[1000; 100]);
            assert!(!ring.is_over(0));
            fill(&mut ring, 101, &[1000]);
            assert!(ring.is_over(0));
            drain_to_bound(&mut ring);
            assert_eq!((ring.events(), ring.front().unwrap().0.seq), (100, 2));
        }
    }

    #[test]
    fn c_01_the_default_bound_keeps_a_hundred_events_of_64_kib() {
        let mut ring = Ring::new(Bounds { bytes: 1 << 20, events: usize::MAX });
        fill(&mut ring, 1, &[FLOOR_LINE - 200; 100]);
        assert!(!ring.is_over(0));
        fill(&mut ring, 101, &[FLOOR_LINE]);
        drain_to_bound(&mut ring);
        assert!(ring.bytes() <= 1 << 20, "larger lines are not covered");
    }

    #[test]
    fn a_line_larger_than_the_bound_stays_until_the_next_one() {
        let mut ring = Ring::new(Bounds { bytes: 1000, events: usize::MAX });
        fill(&mut ring, 1, &[100_000]);
        assert!(!ring.is_over(0));
        fill(&mut ring, 2, &[10]);
        drain_to_bound(&mut ring);
        assert_eq!((ring.events(), ring.front().unwrap().0.seq), (1, 2));
    }

    #[test]
    fn single_events_share_blocks_and_empty_blocks_are_reused() {
        let mut ring = Ring::new(Bounds { bytes: 8 << 20, events: usize::MAX });
        fill(&mut ring, 1, &[100; 1000]);
        assert!(ring.blocks.len() <= 4, "{} blocks", ring.blocks.len());
        assert_eq!(ring.take_spare().len(), SPARE_BLOCKS);
        while ring.front().is_some() {
            ring.pop_front();
        }
        assert_eq!((ring.events(), ring.bytes(), ring.span(None).len()), (0, 0, 0));
        assert!(!ring.take_spare().is_empty());
    }

    #[test]
    fn a_span_ends_before_a_hole() {
        let mut ring = Ring::new(Bounds { bytes: 8 << 20, events: usize::MAX });
        fill(&mut ring, 1, &[100; 3]);
        let all = ring.span(None).len();
        assert_eq!(ring.span(Some(4)).len(), all);
        assert_eq!(ring.span(Some(2)).len(), ring.front().unwrap().1.len());
        assert_eq!(ring.span(Some(1)).len(), 0);
    }
}
