//! A stretch of the ring: lines in one buffer.

use crate::block::{BLOCK_BYTES, Block, Meta};

/// Lines in the order of their `seq`. They are added at the end and go at the front, or from the midst by
/// [`Segment::retain`]; until then their bytes stay in place, so that they can be written from here.
#[derive(Debug)]
pub(crate) struct Segment {
    bytes: Vec<u8>,
    lines: Vec<Meta>,
    /// How many lines are gone at the front, and where the next one begins.
    gone: usize,
    start: usize,
}

impl Segment {
    pub(crate) fn new(block: Block) -> Self {
        let (bytes, lines) = block.into_parts();
        Segment { bytes, lines, gone: 0, start: 0 }
    }

    /// The buffers, for reuse.
    pub(crate) fn into_block(self) -> Block {
        Block::from_parts(self.bytes, self.lines)
    }

    /// Adds lines at the end if their bytes fit into a buffer of the usual size; `false` if not.
    pub(crate) fn append(&mut self, bytes: &[u8], lines: &[Meta]) -> bool {
        let fits = self.bytes.len() + bytes.len() <= BLOCK_BYTES;
        if fits {
            self.bytes.extend_from_slice(bytes);
            self.lines.extend_from_slice(lines);
        }
        fits
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.gone == self.lines.len()
    }

    /// The lines that are left.
    pub(crate) fn lines(&self) -> &[Meta] {
        &self.lines[self.gone..]
    }

    /// The bytes of all lines that are left.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// The place of the first line that is left.
    pub(crate) fn front_place(&self) -> (usize, usize) {
        (self.gone, self.start)
    }

    /// The place of the first line behind an event.
    pub(crate) fn place_after(&self, seq: u64) -> (usize, usize) {
        let index = self.gone + self.lines().partition_point(|meta| meta.seq <= seq);
        (index, self.start + self.lines[self.gone..index].iter().map(Meta::len).sum::<usize>())
    }

    /// The lines from a place on.
    pub(crate) fn lines_from(&self, index: usize) -> &[Meta] {
        &self.lines[index..]
    }

    /// So many bytes from a place on.
    pub(crate) fn bytes_at(&self, byte: usize, len: usize) -> &[u8] {
        &self.bytes[byte..byte + len]
    }

    /// The `seq` of the last line.
    pub(crate) fn last(&self) -> u64 {
        self.lines.last().map_or(0, |meta| meta.seq)
    }

    /// The first line.
    pub(crate) fn front(&self) -> Option<(Meta, &[u8])> {
        let meta = *self.lines.get(self.gone)?;
        Some((meta, self.bytes_at(self.start, meta.len())))
    }

    /// Takes the first line off.
    pub(crate) fn pop_front(&mut self) -> Option<Meta> {
        let meta = *self.lines.get(self.gone)?;
        self.start += meta.len();
        self.gone += 1;
        Some(meta)
    }

    /// Every line that is left.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (Meta, &[u8])> {
        let mut at = self.start;
        self.lines().iter().map(move |meta| {
            let start = at;
            at += meta.len();
            (*meta, self.bytes_at(start, meta.len()))
        })
    }

    /// Keeps the lines that `keep` wants, closing the gaps.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(Meta, &[u8]) -> bool) {
        let Segment { bytes, lines, gone, start } = self;
        let (mut kept, mut from, mut to) = (0, *start, 0);
        for index in *gone..lines.len() {
            let meta = lines[index];
            let end = from + meta.len();
            if keep(meta, &bytes[from..end]) {
                bytes.copy_within(from..end, to);
                lines[kept] = meta;
                (kept, to) = (kept + 1, to + meta.len());
            }
            from = end;
        }
        lines.truncate(kept);
        bytes.truncate(to);
        (*gone, *start) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::{Event, Timestamp};

    use super::*;
    use crate::wire::Wire;

    fn segment(units: &[&str]) -> Segment {
        let run = "r".parse().unwrap();
        let mut block = Block::with_buffer();
        for (seq, unit) in (1..).zip(units) {
            let event = Event::unit_started(*unit);
            block.encode(&event, (&run, Wire::Full), seq, Timestamp::from_unix_nanos(0), 1000).unwrap();
        }
        Segment::new(block)
    }

    fn seqs(segment: &Segment) -> Vec<u64> {
        for (meta, line) in segment.iter() {
            assert_eq!((meta.len(), line.last()), (line.len(), Some(&b'\n')));
        }
        segment.lines().iter().map(|meta| meta.seq).collect()
    }

    #[test]
    fn lines_go_at_the_front_and_from_the_midst() {
        let mut segment = segment(&["a", "b", "c", "d", "e"]);
        assert_eq!(segment.pop_front().unwrap().seq, 1);
        assert_eq!(segment.place_after(3).0, 3);
        segment.retain(|meta, _| meta.seq != 3);
        assert_eq!((seqs(&segment), segment.last()), (vec![2, 4, 5], 5));
        assert_eq!(segment.front_place(), (0, 0));
        let (index, byte) = segment.place_after(2);
        let next = segment.lines_from(index)[0];
        assert_eq!((next.seq, segment.bytes_at(byte, next.len())[0]), (4, b'{'));
        segment.retain(|_, _| false);
        assert!(segment.is_empty() && segment.bytes().is_empty() && segment.front().is_none());
    }

    #[test]
    fn small_segments_join_and_large_ones_do_not() {
        let (mut one, two) = (segment(&["a"]), segment(&["a", "b"]));
        one.pop_front();
        assert!(one.append(two.bytes(), two.lines()));
        assert_eq!(seqs(&one), [1, 2]);
        assert!(!one.append(&vec![b' '; BLOCK_BYTES], &[]));
    }
}
