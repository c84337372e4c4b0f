//! Snapshots that come in parts, kept until they are whole.

use choo_protocol::{OrchSnapshot, RunId};

/// How many bytes of unfinished snapshots are kept, of all producers together. A state of 10,000 units takes
/// some 10 MiB, of as many that all failed with errors of 4 KiB, some 50.
pub(crate) const MAX_GATHERED: usize = 256 << 20;

/// What a connection has sent of an `orch.snapshot` whose last part has yet to come.
#[derive(Debug)]
pub(super) struct Gathering {
    run: RunId,
    through: u64,
    parts: u32,
    lines: Vec<Vec<u8>>,
    /// How long they are.
    bytes: usize,
}

impl Gathering {
    /// Before the first part.
    pub(super) fn new(run: RunId, snapshot: &OrchSnapshot) -> Self {
        Gathering { run, through: snapshot.through, parts: snapshot.place().1, lines: Vec::new(), bytes: 0 }
    }

    /// Whether this is the part that must come next.
    pub(super) fn awaits(&self, run: &RunId, snapshot: &OrchSnapshot) -> bool {
        let (part, parts) = snapshot.place();
        self.run == *run && (self.through, self.parts) == (snapshot.through, parts) && self.next() == part
    }

    /// The number of the part that must come next.
    fn next(&self) -> u32 {
        u32::try_from(self.lines.len()).map_or(u32::MAX, |known| known.saturating_add(1))
    }

    /// Takes it.
    pub(super) fn push(&mut self, line: &[u8]) {
        self.lines.push(line.to_vec());
        self.bytes += line.len();
    }

    /// Whether all have come.
    pub(super) fn is_whole(&self) -> bool {
        self.next() > self.parts
    }

    /// The parts.
    pub(super) fn lines(&self) -> &[Vec<u8>] {
        &self.lines
    }

    /// How many bytes are kept.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}
