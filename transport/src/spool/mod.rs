//! The journal of a run on disk, for the time in which no hub says that it stores the events.
//!
//! What decides is here and in `outbox/spooled.rs` and knows neither files nor time; [`file`] is the shell.

mod chunk;
mod extent;
mod failure;
pub(crate) mod file;
pub(crate) mod orphan;

use std::time::Duration;

pub(crate) use chunk::{Chunk, Entry};
pub(crate) use extent::{Extent, Scan};
pub use failure::SpoolFailure;

use crate::block::Meta;

/// Default limit of [`Builder::spool_bytes`](crate::Builder::spool_bytes): 1 GiB.
pub const SPOOL_BYTES: u64 = 1 << 30;

/// How long an event waits for others before all of them go to the disk: half of what SPEC §4 promises,
/// since the writer has to get a processor too.
pub(crate) const FLUSH_AFTER: Duration = Duration::from_millis(5);

/// How long a disk that failed is left alone.
pub(crate) const RETRY_AFTER: Duration = Duration::from_secs(5);

/// What is read back at once, unless a line is longer.
const READ_BYTES: usize = 64 << 10;

/// What a peer that says nothing leaves behind in the file before it is begun anew.
const ONE_WAY_KEEP: u64 = 1 << 20;

/// What the driver is to do with the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum SpoolAction<'a> {
    /// Write these bytes at this place, its end, then report by
    /// [`Link::handle_appended`](crate::link::Link::handle_appended).
    Append { offset: u64, bytes: &'a [u8] },
    /// Read up to so many bytes, then report by [`Link::handle_read`](crate::link::Link::handle_read).
    Read { offset: u64, len: usize },
    /// Everything in it is delivered: take it away. Nothing is reported.
    Remove,
}

/// What is in the file, what is on its way there, and how far it has been read back.
///
/// Lines that are in it may leave the ring: a peer that lacks them gets them from here.
#[derive(Debug)]
pub(crate) struct Spool {
    limit: u64,
    extent: Extent,
    state: State,
    /// Lines on their way to the file, and what it will be then.
    pending: Option<(Vec<u8>, Extent)>,
    removal: bool,
    reader: Option<Reader>,
    chunk: Option<Chunk>,
    /// Events that left the ring unsent.
    unsent: (u64, u64),
    /// The last event that was sent from here.
    written_through: u64,
    warning: Option<SpoolFailure>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// Nothing more goes in before it is empty.
    Full(SpoolFailure),
    /// The disk failed; worth another attempt.
    Failed(SpoolFailure),
    /// Of an earlier process: only to be read.
    Inherited,
    /// The same, and it cannot be read now.
    Unreadable(SpoolFailure),
}

/// Where a connection is in the file.
#[derive(Debug)]
struct Reader {
    offset: u64,
    len: usize,
    asked: bool,
    bytes: Option<Vec<u8>>,
}

/// Lines that go to the file together.
#[derive(Debug)]
pub(crate) struct Page {
    bytes: Vec<u8>,
    extent: Extent,
    limit: u64,
}

impl Page {
    /// Adds a line if there is room for it.
    pub(crate) fn push(&mut self, line: &[u8], entry: &Entry) -> bool {
        let fits = self.extent.len() + line.len() as u64 <= self.limit;
        if fits {
            self.bytes.extend_from_slice(line);
            self.extent.push(line.len() as u64, entry);
        }
        fits
    }

    /// Says that nothing of the events up to `seq` is missing in it.
    pub(crate) fn reach(&mut self, seq: u64) {
        self.extent.reach(seq);
    }
}

impl Spool {
    pub(crate) fn new(limit: u64) -> Self {
        Spool {
            limit,
            extent: Extent::default(),
            state: State::Ready,
            pending: None,
            removal: false,
            reader: None,
            chunk: None,
            unsent: (0, 0),
            written_through: 0,
            warning: None,
        }
    }

    /// The file of an earlier process.
    pub(crate) fn inherited(extent: Extent) -> Self {
        let unsent = (extent.events(), extent.len());
        Spool { extent, state: State::Inherited, unsent, ..Spool::new(0) }
    }

    /// What is in the file.
    pub(crate) fn extent(&self) -> &Extent {
        &self.extent
    }

    /// Whether it is another process's.
    pub(crate) fn is_inherited(&self) -> bool {
        matches!(self.state, State::Inherited | State::Unreadable(_))
    }

    /// Whether it is one that cannot be read: what is in it stays there for another attempt.
    pub(crate) fn is_unreadable(&self) -> bool {
        matches!(self.state, State::Unreadable(_))
    }

    /// Whether lines may go in.
    pub(crate) fn accepts(&self) -> bool {
        self.state == State::Ready
    }

    /// Whether lines are on their way to the disk.
    pub(crate) fn is_busy(&self) -> bool {
        self.pending.is_some()
    }

    /// Why lines cannot go in.
    pub(crate) fn failure(&self) -> Option<&SpoolFailure> {
        match &self.state {
            State::Full(failure) | State::Failed(failure) | State::Unreadable(failure) => Some(failure),
            State::Ready | State::Inherited => None,
        }
    }

    /// What went wrong since the last call.
    pub(crate) fn take_warning(&mut self) -> Option<SpoolFailure> {
        self.warning.take()
    }

    /// A failed disk is to be tried again.
    pub(crate) fn retry(&mut self) {
        if matches!(self.state, State::Failed(_)) {
            self.state = State::Ready;
        }
    }

    /// Whether a retry could help.
    pub(crate) fn may_retry(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    /// Begins to gather lines.
    pub(crate) fn begin_page(&self) -> Page {
        Page { bytes: Vec::new(), extent: self.extent.clone(), limit: self.limit }
    }

    /// Hands the lines over to the driver.
    pub(crate) fn submit(&mut self, page: Page) {
        if page.bytes.is_empty() {
            self.extent = page.extent;
        } else {
            self.pending = Some((page.bytes, page.extent));
        }
    }

    /// Takes nothing more until it is empty.
    pub(crate) fn close_full(&mut self, failure: SpoolFailure) {
        if self.accepts() {
            self.warning = Some(failure.clone());
            self.state = State::Full(failure);
        }
    }

    /// The next thing to do.
    pub(crate) fn poll_action(&mut self) -> Option<SpoolAction<'_>> {
        if std::mem::take(&mut self.removal) {
            return Some(SpoolAction::Remove);
        }
        if let Some((bytes, _)) = &self.pending {
            return Some(SpoolAction::Append { offset: self.extent.len(), bytes });
        }
        let reader = self.reader.as_mut().filter(|reader| reader.asked)?;
        reader.asked = false;
        Some(SpoolAction::Read { offset: reader.offset, len: reader.len })
    }

    /// The pending lines are in the file, or the disk failed and the file is as it was.
    pub(crate) fn handle_appended(&mut self, result: Result<(), SpoolFailure>) {
        let Some((_, extent)) = self.pending.take() else { return };
        match result {
            Ok(()) => self.extent = extent,
            Err(failure) => {
                self.warning = Some(failure.clone());
                self.state = State::Failed(failure);
            }
        }
    }

    /// Everything in the file is delivered.
    pub(crate) fn clear(&mut self) {
        self.removal = !self.extent.is_empty();
        self.extent = Extent::default();
        self.unsent = (0, 0);
        self.rewind();
        if !self.is_inherited() {
            self.state = State::Ready;
        }
    }

    /// Whether all that is delivered is worth a new file. `acking` is whether the peer says what it stores.
    pub(crate) fn is_done(&self, delivered: u64, acking: bool) -> bool {
        !self.extent.is_empty()
            && self.pending.is_none()
            && delivered >= self.extent.through()
            && (acking || self.extent.len() >= ONE_WAY_KEEP)
    }

    /// An event leaves the ring that was never sent.
    pub(crate) fn keep_unsent(&mut self, meta_len: usize) {
        self.unsent = (self.unsent.0 + 1, self.unsent.1 + meta_len as u64);
    }

    /// Events and bytes of them.
    pub(crate) fn unsent(&self) -> (u64, u64) {
        self.unsent
    }

    /// The last event that was sent from here.
    pub(crate) fn written_through(&self) -> u64 {
        self.written_through
    }

    /// An event was sent from here; answers whether for the first time.
    pub(crate) fn note_sent(&mut self, seq: u64, len: usize, written_through: u64) -> bool {
        let first = seq > written_through.max(self.written_through);
        if first {
            self.written_through = seq;
            self.unsent = (self.unsent.0.saturating_sub(1), self.unsent.1.saturating_sub(len as u64));
        }
        first
    }

    /// A line that left the ring while it was being written is written whole.
    pub(crate) fn note_held(&mut self, seq: u64) {
        self.written_through = self.written_through.max(seq);
    }

    /// The run is closed; after everything else.
    pub(crate) fn append_bye(&mut self, line: &[u8]) {
        let empty = self.extent.is_empty();
        let (bytes, extent) = match &mut self.pending {
            Some((bytes, extent)) => (bytes, extent),
            None if empty => return,
            none => {
                let (bytes, extent) = none.insert((Vec::new(), self.extent.clone()));
                (bytes, extent)
            }
        };
        bytes.extend_from_slice(line);
        extent.push(line.len() as u64, &Entry::Bye);
    }

    /// A new connection, or a new place to begin.
    pub(crate) fn rewind(&mut self) {
        (self.reader, self.chunk) = (None, None);
    }

    /// Whether the line may leave the ring.
    pub(crate) fn covers(&self, meta: Meta) -> bool {
        self.extent.holds(meta.seq)
    }

    /// Whether a connection that has got everything up to `cursor` goes on from here, where `base` is the
    /// last event that left the ring.
    pub(crate) fn feeds(&self, cursor: u64, base: u64) -> bool {
        // What another process left may be the state alone.
        let holds_more = base > self.extent.start() || self.is_inherited();
        !self.is_unreadable()
            && !self.extent.is_empty()
            && holds_more
            && cursor < base.min(self.extent.through())
    }

    /// The lines being sent.
    pub(crate) fn chunk(&mut self) -> Option<&mut Chunk> {
        self.chunk.as_mut()
    }

    /// The same, to look at.
    pub(crate) fn peek_chunk(&self) -> Option<&Chunk> {
        self.chunk.as_ref()
    }

    /// Whether lines are being sent.
    pub(crate) fn has_chunk(&self) -> bool {
        self.chunk.is_some()
    }

    /// Ends the chunk that was sent.
    pub(crate) fn finish_chunk(&mut self) {
        self.chunk = None;
    }

    /// Makes the next chunk of what has been read, or asks for it. `false` if there is nothing more.
    pub(crate) fn load(&mut self, cursor: u64, base: u64) -> bool {
        let Spool { extent, reader, chunk, .. } = self;
        let reader = reader.get_or_insert_with(|| Reader::new(extent.offset_of(cursor)));
        loop {
            let left = extent.len().saturating_sub(reader.offset);
            if left == 0 {
                return false;
            }
            let Some(bytes) = reader.bytes.take() else {
                reader.len = reader.len.min(usize::try_from(left).unwrap_or(usize::MAX));
                reader.asked = true;
                return true;
            };
            let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1) else {
                // A line longer than what was read.
                reader.len = bytes.len().saturating_mul(2).max(READ_BYTES);
                continue;
            };
            let (next, read) = Chunk::parse(&bytes[..end], cursor, base);
            reader.offset += read as u64;
            reader.len = READ_BYTES;
            if !next.is_empty() {
                *chunk = Some(next);
                return true;
            }
            if read < end {
                return false;
            }
        }
    }

    /// What the driver read. After an error, or with less than there was before, it is `false`: the lines are
    /// gone, or, where another process wrote them, out of reach.
    pub(crate) fn handle_read(&mut self, result: Result<Vec<u8>, SpoolFailure>) -> bool {
        let Some(reader) = &mut self.reader else { return true };
        match result {
            Ok(bytes) if bytes.len() == reader.len => {
                reader.bytes = Some(bytes);
                true
            }
            Ok(_) => self.break_off(SpoolFailure::Damaged),
            Err(failure) => self.break_off(failure),
        }
    }

    fn break_off(&mut self, failure: SpoolFailure) -> bool {
        if self.is_inherited() {
            self.rewind();
            self.warning = Some(failure.clone());
            self.state = State::Unreadable(failure);
            return false;
        }
        self.clear();
        self.pending = None;
        self.warning = Some(failure.clone());
        self.state = State::Full(failure);
        false
    }
}

impl Reader {
    fn new(offset: u64) -> Self {
        Reader { offset, len: READ_BYTES, asked: false, bytes: None }
    }
}
