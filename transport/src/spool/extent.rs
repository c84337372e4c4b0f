//! What is in a spool file.

use choo_protocol::RunId;

use super::Entry;
use crate::hole::is_dense;

/// Between two places that are remembered.
const INDEX_BYTES: u64 = 256 << 10;

/// What is in the file, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    len: u64,
    /// Up to which event it holds the state instead of the events.
    start: u64,
    /// Up to which event nothing is missing behind that.
    through: u64,
    events: u64,
    first: Option<u64>,
    /// Events, and where the first line behind them begins; rising.
    index: Vec<(u64, u64)>,
}

impl Extent {
    /// A line is added.
    pub(crate) fn push(&mut self, len: u64, entry: &Entry) {
        self.len += len;
        match entry {
            Entry::Event(seq) => {
                self.events += 1;
                self.first = self.first.or(Some(*seq));
                self.reach(*seq);
            }
            // One that leaves lines in its range says nothing of how far those go.
            Entry::Lost(lost) if is_dense(lost) => self.reach(lost.to),
            Entry::Snapshot(through) => {
                self.start = self.start.max(*through);
                self.reach(*through);
            }
            // Nobody may begin to read in the middle of a snapshot.
            Entry::Part(_) => return,
            Entry::Lost(_) | Entry::Bye | Entry::Other => {}
        }
        let known = self.index.last().map_or(0, |(_, offset)| *offset);
        if matches!(entry, Entry::Snapshot(_)) || self.len >= known + INDEX_BYTES {
            self.index.push((self.through, self.len));
        }
    }

    /// Nothing up to here is missing.
    pub(crate) fn reach(&mut self, seq: u64) {
        self.through = self.through.max(seq);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Up to which event it holds the state instead of the events.
    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    /// Up to which event it holds everything.
    pub(crate) fn through(&self) -> u64 {
        self.through
    }

    /// Whether an event is in it.
    pub(crate) fn holds(&self, seq: u64) -> bool {
        !self.is_empty() && seq <= self.through
    }

    /// Events in it.
    pub(crate) fn events(&self) -> u64 {
        self.events
    }

    /// The first event in it, 0 if there is none.
    pub(crate) fn first(&self) -> u64 {
        self.first.unwrap_or(0)
    }

    /// Where to read for somebody who has everything up to an event.
    pub(crate) fn offset_of(&self, seq: u64) -> u64 {
        let after = self.index.partition_point(|(known, _)| *known <= seq);
        after.checked_sub(1).map_or(0, |at| self.index[at].1)
    }
}

/// Reads a file from its beginning, in pieces of any size.
#[derive(Debug, Default)]
pub(crate) struct Scan {
    extent: Extent,
    run: Option<RunId>,
    line: Vec<u8>,
}

impl Scan {
    /// The next piece.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.line.extend_from_slice(piece);
            if self.line.ends_with(b"\n") {
                let entry = Entry::read(&self.line).unwrap_or(Entry::Other);
                self.extent.push(self.line.len() as u64, &entry);
                if self.run.is_none() && entry != Entry::Other {
                    self.run = run_of(&self.line);
                }
                self.line.clear();
            }
        }
    }

    /// What the file holds in whole lines, and whose it is; `None` if that is nothing. What follows is the
    /// torn tail of a process that was killed.
    pub(crate) fn finish(self) -> Option<(RunId, Extent)> {
        self.run.map(|run| (run, self.extent))
    }

    /// Bytes of a line that has no end.
    pub(crate) fn torn(&self) -> u64 {
        self.line.len() as u64
    }
}

fn run_of(line: &[u8]) -> Option<RunId> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = choo_protocol::Line::parse(line, &choo_protocol::Limits::default()).ok()?;
    line.run?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seq: u64) -> String {
        format!("{{\"type\":\"unit.started\",\"unit\":\"a\",\"run\":\"r\",\"seq\":{seq}}}\n")
    }

    #[test]
    fn a_file_cut_at_any_byte_holds_its_whole_lines() {
        let text: String = (5..9).map(line).collect();
        for cut in 0..=text.len() {
            for piece in [1, 7, 1000] {
                let mut scan = Scan::default();
                text.as_bytes()[..cut].chunks(piece).for_each(|piece| scan.feed(piece));
                let whole = cut / line(5).len();
                assert_eq!(scan.torn(), (cut % line(5).len()) as u64);
                match scan.finish() {
                    None => assert_eq!(whole, 0),
                    Some((run, extent)) => {
                        assert_eq!(run.as_str(), "r");
                        assert_eq!(extent.events(), whole as u64);
                        assert_eq!((extent.first(), extent.through()), (5, 4 + whole as u64));
                        assert_eq!(extent.len(), (whole * line(5).len()) as u64);
                    }
                }
            }
        }
    }

    #[test]
    fn a_place_is_found_near_any_event() {
        let mut extent = Extent::default();
        let mut ends = vec![0];
        for seq in 1..=20_000 {
            extent.push(100, &Entry::Event(seq));
            ends.push(extent.len());
        }
        for seq in [0, 1, 2621, 2622, 9999, 20_000, 30_000] {
            let offset = extent.offset_of(seq);
            let end = ends[usize::try_from(seq.min(20_000)).unwrap()];
            assert!(offset <= end && end - offset <= INDEX_BYTES + 100, "{seq}: {offset} for {end}");
        }
    }

    #[test]
    fn nobody_begins_to_read_in_the_middle_of_a_snapshot() {
        let mut extent = Extent::default();
        for entry in [Entry::Part(40), Entry::Part(40), Entry::Snapshot(40)] {
            assert_eq!((extent.start(), extent.through()), (0, 0), "it is not all there");
            extent.push(2 * INDEX_BYTES, &entry);
        }
        extent.push(100, &Entry::Event(41));
        assert_eq!(
            (extent.offset_of(0), extent.offset_of(39), extent.offset_of(40)),
            (0, 0, 6 * INDEX_BYTES)
        );
        assert_eq!((extent.start(), extent.through()), (40, 41));
    }
}
