//! Lines that were read back and are being sent.

use std::collections::VecDeque;

use choo_protocol::{Limits, Line, LinkLost, kind};
use serde::Deserialize;

/// What a line of the file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    Event(u64),
    Lost(LinkLost),
    /// A part of a snapshot through this event, others of which follow.
    Part(u64),
    /// The last part of one, or all of it.
    Snapshot(u64),
    /// Something without a number.
    Other,
    /// The run was closed; nothing follows.
    Bye,
}

/// Only what is needed of a snapshot.
#[derive(Deserialize)]
struct Snapshot {
    through: u64,
    #[serde(default)]
    part: Option<u32>,
    #[serde(default)]
    parts: Option<u32>,
}

impl Entry {
    /// Reads a line; `None` if it is none.
    pub(crate) fn read(line: &[u8]) -> Option<Entry> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = Line::parse(line, &Limits::default()).ok()?;
        Some(match (&*line.kind, line.seq) {
            (kind::LINK_LOST, _) => Entry::Lost(line.payload()?.ok()?),
            (kind::LINK_BYE, _) => Entry::Bye,
            (kind::ORCH_SNAPSHOT, _) => match line.payload::<Snapshot>() {
                Some(Ok(Snapshot { through, part, parts })) if part.unwrap_or(1) < parts.unwrap_or(1) => {
                    Entry::Part(through)
                }
                Some(Ok(Snapshot { through, .. })) => Entry::Snapshot(through),
                _ => Entry::Other,
            },
            (_, Some(seq)) => Entry::Event(seq),
            (_, None) => Entry::Other,
        })
    }

    /// Whether somebody who has everything up to `cursor` knows it.
    fn is_known(&self, cursor: u64) -> bool {
        match self {
            Entry::Event(seq) | Entry::Part(seq) | Entry::Snapshot(seq) => *seq <= cursor,
            Entry::Lost(lost) => lost.to <= cursor,
            Entry::Other | Entry::Bye => false,
        }
    }

    /// Where it begins.
    fn from(&self) -> Option<u64> {
        match self {
            Entry::Event(seq) => Some(*seq),
            Entry::Lost(lost) => Some(lost.from),
            Entry::Part(_) | Entry::Snapshot(_) | Entry::Other | Entry::Bye => None,
        }
    }
}

/// Whole lines.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    bytes: Vec<u8>,
    written: usize,
    entries: VecDeque<(usize, Entry)>,
    /// Where the line begins of which bytes are written.
    start: usize,
}

impl Chunk {
    /// Of whole lines those that somebody lacks who has everything up to `cursor`, up to the event `base`;
    /// and how many bytes they are with what is left out: what is known, or no line.
    pub(crate) fn parse(bytes: &[u8], cursor: u64, base: u64) -> (Chunk, usize) {
        let mut chunk = Chunk::default();
        let mut read = 0;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            let entry = Entry::read(line);
            if entry.as_ref().and_then(Entry::from).is_some_and(|from| from > base) {
                break;
            }
            read += line.len();
            if let Some(entry) = entry.filter(|entry| !entry.is_known(cursor)) {
                chunk.bytes.extend_from_slice(line);
                chunk.entries.push_back((chunk.bytes.len(), entry));
            }
        }
        (chunk, read)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What has yet to be written.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.bytes[self.written..]
    }

    /// So many bytes more are written.
    pub(crate) fn advance(&mut self, n: usize) {
        self.written += n;
    }

    /// The next line that is written whole, and its bytes.
    pub(crate) fn pop_written(&mut self) -> Option<(Entry, usize)> {
        let (end, _) = self.entries.front().filter(|(end, _)| *end <= self.written)?;
        let len = end - self.start;
        self.start = *end;
        self.entries.pop_front().map(|(_, entry)| (entry, len))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &[u8] = br#"{"type":"orch.started","run":"r","seq":1}
{"type":"unit.started","unit":"a","run":"r","seq":2}
no line
{"type":"link.lost","run":"r","payload":{"from":3,"to":4,"count":2,"bytes":9,"by_type":{"log.stdout":2},"reason":"overflow"}}
{"type":"unit.completed","unit":"a","run":"r","seq":5}
"#;

    fn kinds(chunk: &mut Chunk) -> Vec<(Entry, usize)> {
        chunk.advance(chunk.rest().len());
        std::iter::from_fn(|| chunk.pop_written()).collect()
    }

    #[test]
    fn what_is_known_or_not_yet_due_or_no_line_is_left_out() {
        let (mut all, read) = Chunk::parse(LINES, 0, 9);
        let all = kinds(&mut all);
        assert!(read == LINES.len() && matches!(all[2], (Entry::Lost(_), _)));
        let sum: usize = all.iter().map(|(_, len)| len).sum();
        assert_eq!((all.len(), sum), (4, LINES.len() - "no line\n".len()));
        let (mut some, read) = Chunk::parse(LINES, 2, 4);
        assert!(LINES[read..].starts_with(br#"{"type":"unit.completed""#));
        assert_eq!(kinds(&mut some).len(), 1);
        assert!(Chunk::parse(LINES, 5, 9).0.is_empty());
    }

    #[test]
    fn a_line_counts_once_its_last_byte_is_written() {
        let (mut chunk, _) = Chunk::parse(LINES, 0, 9);
        let first = LINES.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        chunk.advance(first - 1);
        assert_eq!(chunk.pop_written(), None);
        chunk.advance(1);
        assert_eq!(chunk.pop_written(), Some((Entry::Event(1), first)));
        assert!(chunk.rest().starts_with(br#"{"type":"unit.started""#));
    }

    #[test]
    fn who_knows_the_end_of_a_snapshot_is_sent_none_of_its_parts() {
        let line = |part: u32| {
            format!(
                "{{\"type\":\"orch.snapshot\",\"run\":\"r\",\"payload\":{{\"through\":5,\"state\":{{\"run\":\"r\"}},\"part\":{part},\"parts\":3}}}}\n"
            )
        };
        let lines: String = (1..=3).map(line).collect();
        let (mut chunk, _) = Chunk::parse(lines.as_bytes(), 4, 9);
        let entries: Vec<Entry> = kinds(&mut chunk).into_iter().map(|(entry, _)| entry).collect();
        assert_eq!(entries, [Entry::Part(5), Entry::Part(5), Entry::Snapshot(5)]);
        assert!(Chunk::parse(lines.as_bytes(), 5, 9).0.is_empty());
    }
}
