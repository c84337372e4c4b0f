//! All runs the hub knows, and which of them a process is sending without naming it.

use std::collections::BTreeMap;
use std::time::Duration;

use choo_protocol::{RunId, Timestamp};

use super::history::History;
use super::moment::Moment;
use super::rank::Rank;
use super::run::{Phase, Run};

/// The runs, bounded in number: to meet one more, the longest finished one is forgotten (its events
/// stay in the history as long as those of others).
#[derive(Debug)]
pub(crate) struct Runs {
    by_id: BTreeMap<RunId, Run>,
    /// The run that lines without `run` belong to, by the sending process.
    open: BTreeMap<u32, RunId>,
    /// How many runs have been met.
    met: u64,
    limit: usize,
    /// Runs that are no longer here and may still be in the store, if there is one.
    forgotten: Option<Vec<RunId>>,
}

impl Runs {
    /// No runs, and room for `limit`, at least one.
    pub(crate) fn new(limit: usize) -> Self {
        let (by_id, open) = (BTreeMap::new(), BTreeMap::new());
        Runs { by_id, open, met: 0, limit: limit.max(1), forgotten: None }
    }

    /// The same, whose store has to forget them as well.
    pub(crate) fn stored(limit: usize) -> Self {
        Runs { forgotten: Some(Vec::new()), ..Self::new(limit) }
    }

    /// A run that was found in the store.
    pub(crate) fn restore(&mut self, run: Run) {
        self.make_room();
        self.met = self.met.max(run.rank().nth);
        if let Some(pid) = run.pid() {
            let newer = |known: &RunId| self.by_id.get(known).is_some_and(|known| known.rank() > run.rank());
            if !self.open.get(&pid).is_some_and(newer) {
                self.open.insert(pid, run.id().clone());
            }
        }
        self.by_id.insert(run.id().clone(), run);
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Run> {
        self.by_id.get(id)
    }

    pub(crate) fn get_mut(&mut self, id: &str) -> Option<&mut Run> {
        self.by_id.get_mut(id)
    }

    /// Makes the run known; `false` if it was.
    pub(crate) fn meet(&mut self, id: &RunId, now: Moment) -> bool {
        let new = !self.by_id.contains_key(id);
        if new {
            self.make_room();
            self.met += 1;
            self.by_id.insert(id.clone(), Run::new(id.clone(), self.met, now));
        }
        new
    }

    /// The run that a line of this process belongs to if it does not say so: the last one it sent
    /// lines of, unless that is over.
    pub(crate) fn open_of(&self, pid: u32) -> Option<&Run> {
        self.get(self.open.get(&pid)?.as_str()).filter(|run| matches!(run.phase(), Phase::Live { .. }))
    }

    /// Whether this is the run that the process sent lines of last.
    pub(crate) fn is_open(&self, pid: u32, id: &RunId) -> bool {
        self.open.get(&pid) == Some(id)
    }

    /// A process sent a line of this run.
    pub(crate) fn set_open(&mut self, pid: u32, id: &RunId) {
        if self.open.get(&pid) != Some(id) {
            self.open.retain(|_, run| self.by_id.contains_key(run));
            self.open.insert(pid, id.clone());
        }
        if let Some(run) = self.by_id.get_mut(id) {
            run.set_pid(pid);
        }
    }

    /// All runs, in no order of meaning.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &Run> {
        self.by_id.values()
    }

    /// The same, to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Run> {
        self.by_id.values_mut()
    }

    /// Forgets the runs that had their latest event before `time`, but for those that go on.
    pub(crate) fn forget_before(&mut self, time: Timestamp) {
        let old = |run: &&Run| run.latest() < time && !matches!(run.phase(), Phase::Live { .. });
        let old: Vec<RunId> = self.by_id.values().filter(old).map(|run| run.id().clone()).collect();
        for id in old {
            self.forget(&id);
        }
    }

    /// The runs forgotten since the last call.
    pub(crate) fn take_forgotten(&mut self) -> Vec<RunId> {
        self.forgotten.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Those that the store could not forget.
    pub(crate) fn handle_unforgotten(&mut self, runs: Vec<RunId>) {
        if let Some(forgotten) = &mut self.forgotten {
            forgotten.extend(runs);
        }
    }

    fn forget(&mut self, id: &RunId) {
        self.by_id.remove(id);
        if let Some(forgotten) = &mut self.forgotten {
            forgotten.push(id.clone());
        }
    }

    /// All runs, latest started first.
    pub(crate) fn newest_first(&self) -> Vec<&Run> {
        let mut runs: Vec<&Run> = self.by_id.values().collect();
        runs.sort_unstable_by_key(|run| std::cmp::Reverse(run.rank()));
        runs
    }

    /// Up to `limit` runs, latest started first, behind the one with this rank, which need not be here any
    /// more; and behind which one the next page begins, if there is one.
    ///
    /// As ranks last, whoever reads all pages meets each run once that is here all the time.
    pub(crate) fn page(&self, behind: Option<Rank>, limit: usize) -> (Vec<&Run>, Option<Rank>) {
        let mut runs = self.newest_first();
        runs.retain(|run| behind.is_none_or(|behind| run.rank() < behind));
        let more = runs.len() > limit;
        runs.truncate(limit);
        let next = runs.last().filter(|_| more).map(|run| run.rank());
        (runs, next)
    }

    /// The most recently started run.
    pub(crate) fn newest(&self) -> Option<&Run> {
        self.by_id.values().max_by_key(|run| run.rank())
    }

    pub(crate) fn len(&self) -> usize {
        self.by_id.len()
    }

    pub(crate) fn handle_tick(&mut self, now: Moment, history: &mut History) {
        for run in self.by_id.values_mut() {
            run.handle_tick(now, history);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Duration> {
        self.by_id.values().filter_map(Run::deadline).min()
    }

    fn make_room(&mut self) {
        while self.by_id.len() >= self.limit {
            let first_to_go = |run: &&Run| match run.phase() {
                Phase::Over { end } => (0, end, run.rank()),
                Phase::Stale { .. } => (1, 0, run.rank()),
                Phase::Live { .. } => (2, u64::from(run.connected()), run.rank()),
            };
            let Some(id) = self.by_id.values().min_by_key(first_to_go).map(|run| run.id().clone()) else {
                return;
            };
            self.forget(&id);
        }
    }
}
