//! The core: everything the hub decides, in one struct that is handed bytes, time and a seed.

use std::time::Duration;

use choo_protocol::{RunId, control_line, kind};

use super::commands::Commands;
use super::cursor::{Cursor, Epoch};
use super::epochs::{Epochs, Place, above};
use super::history::{Body, History};
use super::ingest::Ingest;
use super::moment::Moment;
use super::rejects::{Complaint, Reject, Rejects};
use super::run::{ConnectionId, Run};
use super::runs::Runs;
use super::saved::{OpenSpan, Restored};
use super::storing::Storing;

/// Runs, history and bad lines of one hub.
///
/// Every call is one turn: what it records has its offset and is visible to readers when it returns.
/// A driver makes an [`Ingest`] per producer by [`Core::connect`] and a
/// [`Subscription`](super::subscription::Subscription) per reader, wakes the readers after every call
/// that may have recorded something, and calls [`Core::handle_tick`] when [`Core::deadline`] has come.
#[derive(Debug)]
pub(crate) struct Core {
    epochs: Epochs,
    pub(super) history: History,
    pub(super) runs: Runs,
    /// None if the history is in memory only.
    pub(super) storing: Option<Storing>,
    rejects: Rejects,
    pub(super) commands: Commands,
    random: fastrand::Rng,
    connections: u64,
    producers: usize,
    /// Bytes of snapshots whose last part has yet to come.
    pub(super) gathered: usize,
    closing: bool,
}

/// What is kept of the runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Keep {
    /// How many runs. Each one's state is in memory.
    pub(crate) runs: usize,
    /// For how long behind its latest event; without end if `None`.
    pub(crate) age: Option<Duration>,
    /// How many bytes of them in the store; without end if `None`.
    pub(crate) bytes: Option<u64>,
}

/// How many runs a hub remembers that is not told otherwise. A state takes about a kilobyte a unit, so this many runs of a
/// hundred units take 25 MiB.
pub(crate) const MAX_RUNS: usize = 256;

impl Core {
    /// A hub that starts now, keeping `history_bytes` of events, in memory only. `seed` makes the names
    /// of runs whose producers give none.
    pub(crate) fn new(history_bytes: usize, seed: u64, now: Moment) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        let span = OpenSpan { epoch: Epoch::new(now.time, random.u16(..)), start: 0 };
        Core {
            epochs: Epochs::new(Vec::new(), span),
            history: History::new(history_bytes, 0),
            runs: Runs::new(MAX_RUNS),
            storing: None,
            rejects: Rejects::default(),
            commands: Commands::default(),
            random,
            connections: 0,
            producers: 0,
            gathered: 0,
            closing: false,
        }
    }

    /// The same, remembering up to so many runs, at least one.
    pub(crate) fn keeping(self, runs: usize) -> Self {
        Core { runs: Runs::new(runs), ..self }
    }

    /// Goes on with what a store has, and has what comes stored there. A run is kept for `keep_for`
    /// behind its latest event.
    pub(crate) fn restore(self, restored: Restored, keep: Keep, now: Moment) -> Self {
        let Restored { spans, start, floor, runs: mut found } = restored;
        let span = OpenSpan { epoch: above(self.epoch(), &spans), start };
        let mut runs = Runs::stored(keep.runs);
        found.sort_by_key(|(saved, ..)| saved.met.1);
        for (saved, state, stated_at) in found {
            runs.restore(Run::restored(saved, state, stated_at, now));
        }
        let history = self.history.continued(start);
        let storing = Some(Storing::new(start, floor, keep.age, now));
        Core { epochs: Epochs::new(spans, span), history, runs, storing, ..self }
    }

    /// A producer has connected.
    pub(crate) fn connect(&mut self, pid: Option<u32>) -> Ingest {
        self.connections += 1;
        self.producers += 1;
        Ingest::new(ConnectionId(self.connections), pid)
    }

    /// A producer has gone; [`Ingest::handle_end`] calls this.
    pub(super) fn handle_disconnected(&mut self) {
        self.producers -= 1;
    }

    /// The deadline may have come.
    pub(crate) fn handle_tick(&mut self, now: Moment) {
        // Before a run is called stale, whose readers would take what comes behind that for a sign of life.
        self.tell_late_commands(now);
        self.runs.handle_tick(now, &mut self.history);
        if let Some(complaint) = self.rejects.handle_tick(now.at) {
            self.record_complaint(complaint, now);
        }
    }

    /// When to call `handle_tick` if nothing else happens.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        let deadlines = [self.runs.deadline(), self.rejects.deadline(), self.commands.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// The hub shuts down: readers get what is there and are sent away.
    pub(crate) fn close(&mut self) {
        self.closing = true;
    }

    /// Whether it does.
    pub(crate) fn closing(&self) -> bool {
        self.closing
    }

    pub(crate) fn epoch(&self) -> Epoch {
        self.epochs.now().epoch
    }

    /// This life of the hub and those before it.
    pub(crate) fn epochs(&self) -> &Epochs {
        &self.epochs
    }

    /// Up to which number the history has a run for good, announced losses included.
    pub(crate) fn have(&self, run: &str) -> Option<u64> {
        let run = self.runs.get(run)?;
        if self.storing.is_some() { run.stored() } else { run.have() }
    }

    pub(crate) fn history(&self) -> &History {
        &self.history
    }

    /// Somebody is about to read patches.
    pub(crate) fn begin_patches(&mut self) {
        self.history.begin_patches();
    }

    pub(crate) fn runs(&self) -> &Runs {
        &self.runs
    }

    #[cfg(test)]
    pub(crate) fn runs_mut(&mut self) -> &mut Runs {
        &mut self.runs
    }

    pub(crate) fn rejects(&self) -> &Rejects {
        &self.rejects
    }

    /// How many producers are connected.
    pub(crate) fn producers(&self) -> usize {
        self.producers
    }

    /// The cursor behind the event at `offset`.
    pub(crate) fn cursor(&self, offset: u64) -> Cursor {
        self.epoch().cursor(offset)
    }

    /// Where a cursor stands, as far as it is known here.
    pub(crate) fn offset_of(&self, cursor: Cursor) -> Option<u64> {
        match self.epochs.locate(cursor, self.history.last()) {
            Place::At(offset) | Place::Crashed { end: offset } => Some(offset),
            Place::Future | Place::Foreign => None,
        }
    }

    /// A name for a run whose producer gave none.
    pub(super) fn new_run_id(&mut self, now: Moment) -> RunId {
        let millis = u64::try_from(now.time.unix_millis()).unwrap_or(0);
        RunId::ulid(millis, self.random.u128(..))
    }

    /// Makes a run known; `false` if it was.
    pub(super) fn meet_run(&mut self, id: &RunId, now: Moment) -> bool {
        self.runs.meet(id, now)
    }

    /// A process sent a line of this run.
    pub(super) fn set_open(&mut self, pid: u32, id: &RunId) {
        self.runs.set_open(pid, id);
    }

    /// Hands a run, and the history it records in, to `act`.
    pub(super) fn with_run<R>(
        &mut self,
        id: &RunId,
        act: impl FnOnce(&mut Run, &mut History) -> R,
    ) -> Option<R> {
        let run = self.runs.get_mut(id.as_str())?;
        Some(act(run, &mut self.history))
    }

    /// Takes a bad line.
    pub(super) fn handle_reject(&mut self, reject: Reject, now: Moment) {
        if let Some(complaint) = self.rejects.handle(reject, now) {
            self.record_complaint(complaint, now);
        }
    }

    fn record_complaint(&mut self, (run, error): Complaint, now: Moment) {
        let json = control_line(kind::HUB_ERROR, now.time, run.as_ref(), &error);
        self.history.push(run, Body::own(kind::HUB_ERROR, json));
    }
}
