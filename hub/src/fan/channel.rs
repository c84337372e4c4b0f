//! Readers that want the same in the same form, and the blocks that they share.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::core::{BLOCK_BYTES, Block, Cursor, Ends, Epoch, Frame, Item, Moment, Selection, Since};
use crate::encoding::{Encoding, Framing};

/// What makes readers alike.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) selection: Selection,
    pub(crate) encoding: Encoding,
    pub(crate) framing: Framing,
    /// The subscription's name, where a reader has several.
    pub(crate) id: Option<Box<str>>,
}

/// Blocks are kept for readers that fell behind, up to so many bytes; who needs older ones gets them from
/// the history. A reader that is alone gets less, since nobody shares what is kept for it.
const KEPT_BYTES: usize = 128 << 10;
const KEPT_BYTES_ALONE: usize = 64 << 10;

/// A stretch of the history as these readers get it.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) bytes: Bytes,
    /// The offsets that it spans, the first excluded.
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// Whether nothing comes behind it.
    pub(crate) over: bool,
}

/// The readers of one key.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) key: Key,
    /// The seats of its readers; each seat knows its place in here.
    pub(crate) members: Vec<usize>,
    /// How many of them have blocks to come.
    pub(crate) behind: usize,
    blocks: VecDeque<Shared>,
    /// The number of the first of these blocks, counted over all there were.
    first: u64,
    /// The offset behind which they are complete.
    floor: u64,
    /// When its readers last got something.
    pub(crate) sent_at: std::time::Duration,
    /// The offset they were last told.
    told: u64,
}

/// Where a reader goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spot {
    /// It has everything.
    Live,
    /// With the block of this number.
    Block(u64),
    /// With what lies up to this offset in the history.
    Until(u64),
    /// It is ahead of what has been sent to anybody.
    Ahead,
}

impl Channel {
    pub(crate) fn new(key: Key, head: u64, now: Moment) -> Self {
        Channel {
            key,
            members: Vec::new(),
            behind: 0,
            blocks: VecDeque::new(),
            first: 0,
            floor: head,
            sent_at: now.at,
            told: head,
        }
    }

    /// Where a reader goes on that has everything up to an offset, if `head` has been sent.
    pub(crate) fn locate(&self, position: u64, head: u64) -> Spot {
        if position > head {
            return Spot::Ahead;
        }
        if position < self.floor {
            return Spot::Until(self.floor);
        }
        // The first block that it does not have whole.
        let index = self.blocks.partition_point(|block| block.to <= position);
        match self.blocks.get(index) {
            None => Spot::Live,
            Some(block) if block.from < position => Spot::Until(block.to),
            Some(_) => Spot::Block(self.first + index as u64),
        }
    }

    /// A reader that has everything knows only that it has what lies up to here, and waits for no block that
    /// would tell it more: the next sign of life does.
    pub(crate) fn handle_untold(&mut self, told: u64) {
        self.told = self.told.min(told);
    }

    /// The number of the next block to be made.
    pub(crate) fn next(&self) -> u64 {
        self.first + self.blocks.len() as u64
    }

    /// A block by its number; none if it is no longer kept.
    pub(crate) fn block(&self, number: u64) -> Option<&Shared> {
        self.blocks.get(usize::try_from(number.checked_sub(self.first)?).ok()?)
    }

    /// Makes blocks of the records behind `from` up to `head`, and says the number of the first.
    pub(crate) fn extend(&mut self, items: &[Item], from: u64, head: u64, epoch: Epoch, now: Moment) -> u64 {
        let number = self.next();
        let (mut frames, mut bytes, mut from) = (Vec::new(), 0, from);
        let mut last = from;
        // Nothing has ended for readers that are still here.
        let mut ends = Ends::default();
        for item in items {
            if let Selection::Process(process) = &self.key.selection {
                ends.handle(process, &item.record);
            }
            if self.key.selection.admits(item) {
                let more = self.key.selection.bytes(&item.record);
                if bytes > 0 && bytes + more > BLOCK_BYTES {
                    self.push(std::mem::take(&mut frames), (from, last), false, epoch, now);
                    (from, bytes) = (last, 0);
                }
                bytes += more;
                frames.push(self.key.selection.frame(item, epoch));
                if item.over && self.key.selection.is_one_run() {
                    self.push(std::mem::take(&mut frames), (from, item.record.offset), true, epoch, now);
                    (from, bytes) = (item.record.offset, 0);
                }
            }
            last = item.record.offset;
        }
        let outcome = ends.outcome();
        if let (Selection::Process(process), Some(outcome)) = (&self.key.selection, outcome) {
            frames.push(Frame::Control(process.end_line(outcome, now.time)));
        }
        if !frames.is_empty() {
            self.push(frames, (from, head), outcome.is_some(), epoch, now);
        }
        number
    }

    fn push(&mut self, frames: Vec<Frame>, (from, to): (u64, u64), over: bool, epoch: Epoch, now: Moment) {
        let pieces = self.encode(frames, epoch.cursor(to), Since::Cursor(epoch.cursor(from)), now);
        // Only a large state makes several messages; whoever has the first needs the others.
        let bytes = match <[Bytes; 1]>::try_from(pieces) {
            Ok([bytes]) => bytes,
            Err(pieces) => pieces.concat().into(),
        };
        if !bytes.is_empty() {
            self.blocks.push_back(Shared { bytes, from, to, over });
        }
        (self.sent_at, self.told) = (now.at, to);
    }

    /// A sign of life: a cursor if these readers stand further than they know.
    pub(crate) fn keep_alive(&mut self, head: u64, epoch: Epoch, now: Moment) -> Vec<Bytes> {
        let before = self.told;
        (self.sent_at, self.told) = (now.at, head);
        self.encode_moved(
            Vec::new(),
            epoch.cursor(head),
            Since::Cursor(epoch.cursor(before)),
            before < head,
            now,
        )
    }

    /// Lines of the hub's own for its readers that have everything.
    pub(crate) fn encode(
        &self,
        frames: Vec<Frame>,
        cursor: Cursor,
        before: Since,
        now: Moment,
    ) -> Vec<Bytes> {
        self.encode_moved(frames, cursor, before, true, now)
    }

    fn encode_moved(
        &self,
        frames: Vec<Frame>,
        cursor: Cursor,
        before: Since,
        moved: bool,
        now: Moment,
    ) -> Vec<Bytes> {
        let Key { encoding, framing, id, .. } = &self.key;
        encoding.encode(*framing, id.as_deref(), &Block { frames, cursor, before, moved }, now.time)
    }

    /// How many bytes are kept.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.bytes.len()).sum()
    }

    /// Lets go of blocks that nobody needs, or that are too many.
    pub(crate) fn trim(&mut self, head: u64) {
        let limit = if self.members.len() > 1 { KEPT_BYTES } else { KEPT_BYTES_ALONE };
        let mut bytes = self.bytes();
        while let Some(block) = self.blocks.front() {
            if self.behind > 0 && bytes <= limit {
                return;
            }
            bytes -= block.bytes.len();
            self.floor = block.to;
            self.first += 1;
            self.blocks.pop_front();
        }
        if self.blocks.is_empty() {
            self.floor = head;
        }
    }
}
