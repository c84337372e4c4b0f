//! Encoded lines, back to back in one buffer.

#![expect(clippy::inline_always, reason = "after a pause each call of an emit is a page that is not at hand")]

use choo_protocol::{Class, kind};

/// Blocks are cut at this size: large enough that one write carries hundreds of lines, small enough
/// that a new one costs the emitter no page mapping.
pub(crate) const BLOCK_BYTES: usize = 64 << 10;

/// An ordinary line; a block with less room left is closed before the next one, so that its buffer
/// hardly ever moves.
const ROOM: usize = 1 << 10;

/// As many ordinary lines as a block holds.
const LINES: usize = BLOCK_BYTES / 128;

/// What is known of a line besides its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Meta {
    pub(crate) seq: u64,
    /// Bytes, the newline included.
    pub(crate) len: u32,
    pub(crate) class: Class,
    pub(crate) role: Role,
}

/// How a line is to be treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// An event that may change the state.
    Event,
    /// `log.*`: the fold only counts it, so it need not be parsed again.
    Text,
    /// `task.progress`: of those that wait, the latest of each task counts.
    Progress,
    /// `orch.started`, as the orchestrator emitted it.
    Started,
    /// The place of the pinned `orch.started`, whose bytes lie elsewhere.
    Pinned,
}

/// Lines in the order of their `seq`.
#[derive(Debug, Default)]
pub(crate) struct Block {
    bytes: Vec<u8>,
    lines: Vec<Meta>,
}

impl Meta {
    pub(crate) fn len(&self) -> usize {
        self.len as usize
    }
}

impl Role {
    #[inline(always)]
    pub(crate) fn and_class(kind: &str) -> (Role, Class) {
        // Most events are output.
        if kind.starts_with("log.") { (Role::Text, Class::Bulk) } else { Role::and_class_of_others(kind) }
    }

    #[inline(never)]
    fn and_class_of_others(kind: &str) -> (Role, Class) {
        let role = match kind {
            kind::ORCH_STARTED => Role::Started,
            kind::TASK_PROGRESS => Role::Progress,
            _ => Role::Event,
        };
        (role, Class::of(kind))
    }
}

impl Block {
    /// An empty block with its buffer.
    pub(crate) fn with_buffer() -> Self {
        Block { bytes: Vec::with_capacity(BLOCK_BYTES), ..Block::default() }
    }

    /// An empty block whose memory is in place, so that whoever fills it needs none from the system.
    pub(crate) fn ready() -> Self {
        let mut block = Block::with_buffer();
        // Only what has been written to is really there; zeros might come from the system untouched.
        block.bytes.resize(BLOCK_BYTES, 1);
        block.bytes.clear();
        let line = Meta { seq: 1, len: 0, class: Class::Bulk, role: Role::Text };
        block.lines.resize(LINES, line);
        block.lines.clear();
        block
    }

    /// Has `encode` append a line and answers its bytes, or, if it is longer than `limit`, leaves the block
    /// as it was and answers that length. The length in `meta` is filled in.
    #[inline(always)]
    pub(crate) fn push(
        &mut self,
        meta: Meta,
        limit: usize,
        encode: impl FnOnce(&mut Vec<u8>),
    ) -> Result<usize, usize> {
        let start = self.bytes.len();
        encode(&mut self.bytes);
        let bytes = self.bytes.len() - start;
        // The limit does not count the newline.
        let len = u32::try_from(bytes).ok().filter(|_| bytes <= limit.saturating_add(1));
        let Some(len) = len else {
            self.take_back(start);
            return Err(bytes);
        };
        self.lines.push(Meta { len, ..meta });
        Ok(bytes)
    }

    #[cold]
    fn take_back(&mut self, start: usize) {
        self.bytes.truncate(start);
        self.bytes.shrink_to(BLOCK_BYTES.max(start));
    }

    /// Whether another ordinary line fits without moving the buffer.
    #[inline]
    pub(crate) fn has_room(&self) -> bool {
        self.bytes.len() + ROOM <= BLOCK_BYTES.min(self.bytes.capacity())
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// What is known of the lines.
    pub(crate) fn lines(&self) -> &[Meta] {
        &self.lines
    }

    /// An empty block in the buffers of a used one, of which it keeps the usual size.
    pub(crate) fn from_parts(mut bytes: Vec<u8>, mut lines: Vec<Meta>) -> Self {
        bytes.clear();
        bytes.shrink_to(BLOCK_BYTES);
        lines.clear();
        Block { bytes, lines }
    }

    /// Its bytes, and what is known of the lines in them.
    pub(crate) fn into_parts(self) -> (Vec<u8>, Vec<Meta>) {
        (self.bytes, self.lines)
    }

    /// Puts what `edit` answers in place of each line, which may only be shorter; `None` leaves it.
    pub(crate) fn edit(&mut self, mut edit: impl FnMut(Meta, &[u8]) -> Option<Vec<u8>>) {
        let (mut from, mut to) = (0, 0);
        for meta in &mut self.lines {
            let end = from + meta.len();
            let edited = edit(*meta, &self.bytes[from..end]);
            let len = edited.as_ref().map_or(meta.len(), |line| line.len().min(meta.len()));
            match edited {
                Some(line) => self.bytes[to..to + len].copy_from_slice(&line[..len]),
                None if from == to => {}
                None => self.bytes.copy_within(from..end, to),
            }
            // No longer than it was.
            meta.len = u32::try_from(len).unwrap_or(meta.len);
            (from, to) = (end, to + len);
        }
        self.bytes.truncate(to);
    }

    /// Replaces the line at `index` of [`Block::lines`] by another of the same `seq`; empty `line` leaves
    /// only its place.
    pub(crate) fn replace(&mut self, index: usize, role: Role, line: &[u8]) -> Vec<u8> {
        let at: usize = self.lines[..index].iter().map(Meta::len).sum();
        let meta = &mut self.lines[index];
        let end = at + meta.len();
        meta.role = role;
        // Callers have checked the line against the wire's limit of 16 MiB.
        meta.len = u32::try_from(line.len()).unwrap_or(u32::MAX);
        self.bytes.splice(at..end, line.iter().copied()).collect()
    }
}

/// The event type of a line that [`Event::encode`] wrote, without parsing the rest.
pub(crate) fn kind_of(line: &[u8]) -> &str {
    let kind = line.strip_prefix(b"{\"type\":\"").and_then(|rest| rest.split(|b| *b == b'"').next());
    kind.and_then(|kind| std::str::from_utf8(kind).ok()).unwrap_or_default()
}

#[cfg(test)]
impl Block {
    /// Adds an event as [`Staging`](crate::staging::Staging) does.
    pub(crate) fn encode(
        &mut self,
        event: &choo_protocol::Event,
        (run, wire): (&choo_protocol::RunId, crate::wire::Wire),
        seq: u64,
        time: choo_protocol::Timestamp,
        limit: usize,
    ) -> Result<usize, usize> {
        let (role, class) = Role::and_class(&event.kind);
        let meta = Meta { seq, len: 0, class, role };
        self.push(meta, limit, |out| wire.encode(event, run, seq, time, out))
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::{Event, Timestamp};

    use super::*;
    use crate::wire::Wire;

    fn block(units: &[&str]) -> Block {
        let run = "r".parse().unwrap();
        let mut block = Block::with_buffer();
        for (seq, unit) in (1..).zip(units) {
            let event = Event::unit_started(*unit);
            block.encode(&event, (&run, Wire::Full), seq, Timestamp::from_unix_nanos(0), 1000).unwrap();
        }
        block
    }

    #[test]
    fn a_line_over_the_limit_leaves_no_trace() {
        let mut block = block(&["a"]);
        let before = block.bytes.clone();
        let long = Event::unit_failed("b", "x".repeat(BLOCK_BYTES * 4));
        let run = "r".parse().unwrap();
        let result = block.encode(&long, (&run, Wire::Full), 2, Timestamp::from_unix_nanos(0), 100);
        assert!(result.unwrap_err() > BLOCK_BYTES * 4);
        assert_eq!((&block.bytes, block.lines().len()), (&before, 1));
        assert!(block.bytes.capacity() <= BLOCK_BYTES);
    }

    #[test]
    fn edited_lines_close_up() {
        let mut block = block(&["a", "b", "c", "d"]);
        let lines: Vec<Vec<u8>> = block.bytes.split_inclusive(|b| *b == b'\n').map(<[u8]>::to_vec).collect();
        let mut n = 0;
        block.edit(|meta, line| {
            n += 1;
            assert_eq!((meta.seq, line), (n, &*lines[usize::try_from(n).unwrap() - 1]));
            (n % 2 == 0).then(|| format!("{n}\n").into_bytes())
        });
        assert_eq!(block.bytes, [&*lines[0], b"2\n", &lines[2], b"4\n"].concat());
        let lens: Vec<usize> = block.lines.iter().map(Meta::len).collect();
        assert_eq!(lens, [lines[0].len(), 2, lines[2].len(), 2]);
    }

    #[test]
    fn a_replaced_line_moves_its_neighbours() {
        let mut block = block(&["a", "b", "c"]);
        let whole = block.bytes.clone();
        let (first, second) = (block.lines[0].len(), block.lines[1].len());
        assert_eq!(block.replace(1, Role::Pinned, b""), whole[first..first + second]);
        assert_eq!((block.lines[1].role, block.lines[1].len()), (Role::Pinned, 0));
        let long = b"longer than it was before, by far; really, by far, and further\n";
        block.replace(2, Role::Event, long);
        assert_eq!(block.bytes, [&whole[..first], long].concat());
        let (bytes, lines) = block.into_parts();
        assert!(Block::from_parts(bytes, lines).is_empty());
    }
}
