//! What a store of the history can do.

use std::path::PathBuf;

use choo_protocol::{RunState, Timestamp};

use crate::core::{Batch, Fetch, OpenSpan, Page, Removable, SavedRun, Span, Stored};

/// A place where the history lasts.
///
/// It takes batches from one thread and is read from others ([`Store::reader`]). Every call may block,
/// and may fail without harm: the caller tries again later with what was refused and all that has come
/// since.
///
/// Nothing here says that the store belongs to one process. An embedded one keeps the offsets of a
/// batch. One that several hubs share gives its own, tells them in [`Stored::through`], and what its
/// readers give back, not the batch, is what its hub fans out.
pub(crate) trait Store: Send {
    /// What earlier hubs have left. Asked once, before everything else.
    fn recover(&mut self) -> Result<Found, StoreError>;

    /// Begins an epoch; refused if there is something behind its start. Again without effect.
    fn begin(&mut self, span: OpenSpan) -> Result<(), StoreError>;

    /// Takes a batch as a whole. What it answers survives the end of this process, and its readers find it; a
    /// loss of power may take the last seconds. [`StoreError::Gone`] says that nothing is there of what it
    /// took before, and that it will take everything anew.
    fn append(&mut self, batch: &Batch) -> Result<Stored, StoreError>;

    /// Puts what it has gathered of small batches ([`Stored::pending`]) where it stays. They are stored
    /// without that; it keeps what waits small, and is better done once for many.
    fn settle(&mut self) -> Result<(), StoreError>;

    /// Removes some of what is older or more than is wanted, oldest first, little enough to be quick.
    fn remove(&mut self, excess: &Excess) -> Result<Removed, StoreError>;

    /// Ends the epoch in good order: everything was stored.
    fn end(&mut self) -> Result<(), StoreError>;

    /// Another reader, for any thread.
    fn reader(&self) -> Box<dyn Reader>;
}

/// Reads a store.
pub(crate) trait Reader: Send {
    /// A stretch of the history, about [`PAGE_BYTES`] long; never empty-handed: what is missing in it,
    /// unreadable parts included, is said as holes.
    fn page(&mut self, fetch: &Fetch) -> Result<Page, StoreError>;
}

/// About how much a reader gets at once, in bytes of lines. A single block may be more.
pub(crate) const PAGE_BYTES: usize = 64 << 10;

/// What a store has at the start of a hub.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The epochs so far, oldest first. The last one's end is that of the last stored record.
    pub(crate) spans: Vec<Span>,
    /// Whether the last one ended in good order.
    pub(crate) clean: bool,
    /// The offset behind which everything is there but its holes.
    pub(crate) floor: u64,
    /// The runs, each with the latest state that was stored of it and the offset it stands at.
    pub(crate) runs: Vec<(SavedRun, Option<(u64, RunState)>)>,
    /// What was there could not be read and now lies here.
    pub(crate) set_aside: Option<PathBuf>,
}

/// What may be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Excess {
    /// What was stored before this time is too old.
    pub(crate) before: Option<Timestamp>,
    /// More bytes than this are too many.
    pub(crate) bytes: Option<u64>,
    /// What must stay in either case.
    pub(crate) removable: Removable,
}

/// What was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Removed {
    /// How many events.
    pub(crate) events: u64,
    /// The offset behind which everything is still there.
    pub(crate) floor: u64,
    /// There is more to remove.
    pub(crate) more: bool,
}

/// Why a store did not do as asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StoreError {
    /// No room.
    #[error("the disk is full")]
    Full,
    /// It may not be written to.
    #[error("{path} cannot be written to; look at its permissions and at how the file system is mounted", path = .0.display())]
    ReadOnly(PathBuf),
    /// What is there is no database or not whole. The next try puts it aside and begins anew.
    #[error("{path} is damaged ({message})", path = .path.display())]
    Damaged { path: PathBuf, message: String },
    /// It was removed, or another file lies in its place. The next try begins anew.
    #[error("{path} was removed or replaced while it was in use, and what was in it is gone", path = .0.display())]
    Gone(PathBuf),
    /// Another hub has begun to write there.
    #[error("another hub has begun to write to {path}; each needs a --data of its own", path = .0.display())]
    InUse(PathBuf),
    /// Written by a later version.
    #[error("{path} was written by a later version of choo (format {version}); use that, or another --data", path = .path.display())]
    Later { path: PathBuf, version: i64 },
    /// It could not be read when this hub started, and holds more than that hub can go on behind.
    #[error("{path} holds events of an earlier hub that could not be read at the start; restart the hub", path = .0.display())]
    Unread(PathBuf),
    /// The system failed in another way.
    #[error("{path}: {message}", path = .path.display())]
    System { path: PathBuf, message: String },
}
