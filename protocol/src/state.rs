//! The state of a run: a fold of its events.

mod diff;
mod gathered;
mod graph;
mod parts;
mod pr;
mod status;
mod usage;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::change::members;
use crate::lenient::null_as_default;
use crate::loss::add_range;
use crate::reader::readable;
use crate::unit::cut_error;
use crate::{
    Change, Class, GraphPayload, IdMap, Line, Loss, LostRange, OrchSnapshot, OrchStarted, RunId, SeqRange,
    Timestamp, UnitState, is_control, kind,
};
use diff::{Diffs, Told};

pub(crate) use gathered::Gathered;

pub use diff::DiffState;
pub use gathered::PendingSnapshot;
pub use pr::{PrMember, PrState};
pub use status::RunStatus;
pub use usage::{UsageTotal, Usd};

/// Everything that is known of a run but its log and diff texts.
///
/// Folding is deterministic and ignores what it has seen before (`seq` not above
/// [`RunState::seq`]), so resent lines do no harm. It never computes with `seq` beyond that: what is
/// missing is said by `link.lost` and kept in [`RunState::loss`].
///
/// Everything but [`RunState::diffs`] and [`RunState::diffs_omitted`] comes from events that are never
/// dropped without the state being told anew by `orch.snapshot`. Those two come from bulk events, which
/// may be lost for good; where [`RunState::loss`] is not empty, a file may be missing or out of date.
///
/// ```
/// use choo_protocol::{Limits, Line, RunState, UnitMember, UnitStatus};
/// let mut state = RunState::new("demo".parse()?);
/// let line = br#"{"type":"unit.started","unit":"app","time":"2025-01-18T10:30:00Z","seq":1}"#;
/// let line = Line::parse(line, &Limits::default())?;
/// assert!(state.apply(&line).unit().has(UnitMember::Status));
/// assert!(state.apply(&line).is_ignored());
/// assert_eq!(state.units["app"].status, UnitStatus::InProgress);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunState {
    /// The run.
    pub run: RunId,
    /// How it stands.
    #[serde(default)]
    pub status: RunStatus,
    /// When it started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How many units it said it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_count: Option<u32>,
    /// How many units may run at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
    /// Why it failed; at most 4 KiB.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// The highest `seq` folded; 0 before the first.
    #[serde(default)]
    pub seq: u64,
    /// The units by their id.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "IdMap::is_empty")]
    pub units: IdMap<String, UnitState>,
    /// The pull requests by their number.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "IdMap::is_empty")]
    pub prs: IdMap<i64, PrState>,
    /// What all of it took.
    #[serde(default, skip_serializing_if = "is_default")]
    pub usage: UsageTotal,
    /// The files that differ, by the unit that is named (empty for none) and their path in its work tree;
    /// of each the latest event counts. Made from bulk events. At most 4,096 files a unit.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "IdMap::is_empty")]
    pub diffs: IdMap<String, IdMap<String, DiffState>>,
    /// How many events told of files beyond that. Made from bulk events.
    #[serde(default, skip_serializing_if = "is_default")]
    pub diffs_omitted: u64,
    /// What was lost on the way.
    #[serde(default, skip_serializing_if = "is_default")]
    pub loss: Loss,
    /// Events known only through an `orch.snapshot`: their effect is in the state, their lines (logs
    /// among them) never came.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "Vec::is_empty")]
    pub summaries: Vec<SeqRange>,
    /// How many events of a known type had a payload that could not be read.
    #[serde(default, skip_serializing_if = "is_default")]
    pub misshapen: u64,
    /// What has come of a snapshot in parts. It counts once all of it is there.
    #[serde(skip)]
    pub pending: PendingSnapshot,
}

/// The part of an event type before its first dot. A name of four letters is not worth a search by vectors.
fn family(kind: &str) -> &str {
    kind.bytes().position(|b| b == b'.').map_or(kind, |end| &kind[..end])
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

members! {
    /// Members of a [`RunState`] that an event may change.
    RunMember of RunState {
        Status status written,
        Started started omitted,
        Ended ended omitted,
        UnitCount unit_count omitted,
        Parallelism parallelism omitted,
        Error error omitted,
        Seq seq written,
        Units units omitted,
        Usage usage omitted,
        DiffsOmitted diffs_omitted omitted,
        Loss loss omitted,
        Misshapen misshapen omitted,
    }
}

impl RunState {
    /// The state before the first event.
    pub fn new(run: RunId) -> Self {
        RunState {
            run,
            status: RunStatus::Waiting,
            started: None,
            ended: None,
            unit_count: None,
            parallelism: None,
            error: String::new(),
            seq: 0,
            units: IdMap::new(),
            prs: IdMap::new(),
            usage: UsageTotal::default(),
            diffs: Diffs::new(),
            diffs_omitted: 0,
            loss: Loss::default(),
            summaries: Vec::new(),
            misshapen: 0,
            pending: PendingSnapshot::default(),
        }
    }

    /// Folds one line of this run; which run it names is not looked at.
    ///
    /// Costs in proportion to the change. Control lines other than `link.lost` change nothing.
    pub fn apply(&mut self, line: &Line<'_>) -> Change {
        match &*line.kind {
            kind::LINK_LOST => return self.apply_lost(line),
            kind::ORCH_SNAPSHOT => return self.apply_snapshot(line),
            _ => {}
        }
        let mut change = Change::TAKEN;
        if let Some(seq) = line.seq {
            if seq <= self.seq {
                return Change::IGNORED;
            }
            change.run.note(RunMember::Seq, false);
            self.seq = seq;
        }
        let family = family(&line.kind);
        // Most lines are of the one family that changes nothing.
        if family == "log" {
            return change;
        }
        if self.status == RunStatus::Stale && line.class() == Class::Lifecycle && !is_control(&line.kind) {
            change.run.set(RunMember::Status, &mut self.status, RunStatus::Running);
        }
        match family {
            "orch" => self.apply_orch(line, &mut change),
            "graph" if line.kind == kind::GRAPH => match line.read::<GraphPayload>() {
                Some(Ok(graph)) => self.set_graph(graph, &mut change),
                Some(Err(_)) => self.count_misshapen(&mut change),
                None => {}
            },
            "unit" => self.apply_unit(line, &mut change),
            // It is bulk and may be lost, so that no unit may come from it.
            "task" if line.kind == kind::TASK_PROGRESS => {}
            "task" => self.apply_task(line, &mut change),
            "pr" => self.apply_pr(line, &mut change),
            "worktree" | "branch" | "codereview" => self.apply_work(line, &mut change),
            "diff" => self.apply_diff(line, &mut change),
            _ => {}
        }
        change
    }

    fn apply_orch(&mut self, line: &Line<'_>, change: &mut Change) {
        let status = match &*line.kind {
            kind::ORCH_STARTED | kind::ORCH_DRYRUN_STARTED => return self.apply_started(line, change),
            kind::ORCH_PAUSED => RunStatus::Paused,
            kind::ORCH_RESUMED => RunStatus::Running,
            kind::ORCH_COMPLETED | kind::ORCH_DRYRUN_COMPLETED => RunStatus::Completed,
            kind::ORCH_FAILED => RunStatus::Failed,
            kind::ORCH_CANCELLED => RunStatus::Cancelled,
            _ => return,
        };
        change.run.set(RunMember::Status, &mut self.status, status);
        if status.is_terminal() {
            change.run.set(RunMember::Ended, &mut self.ended, line.time);
        }
        if !line.error.is_empty() {
            change.run.set(RunMember::Error, &mut self.error, cut_error(&line.error));
        }
    }

    fn apply_started(&mut self, line: &Line<'_>, change: &mut Change) {
        change.run.set(RunMember::Status, &mut self.status, RunStatus::Running);
        change.run.set(RunMember::Started, &mut self.started, line.time);
        change.run.set(RunMember::Ended, &mut self.ended, None);
        change.run.set(RunMember::Error, &mut self.error, String::new());
        match line.read::<OrchStarted>() {
            Some(Ok(started)) => {
                change.run.set(RunMember::UnitCount, &mut self.unit_count, Some(started.unit_count));
                let parallelism = Some(started.parallelism).filter(|n| *n > 0);
                change.run.set(RunMember::Parallelism, &mut self.parallelism, parallelism);
                if let Some(graph) = started.graph {
                    self.set_graph(graph, change);
                }
            }
            Some(Err(_)) => self.count_misshapen(change),
            None => {}
        }
    }

    fn apply_unit(&mut self, line: &Line<'_>, change: &mut Change) {
        let Some(unit) = self.unit_mut(&line.unit, change) else { return };
        if !unit.apply_unit(line, &mut change.unit) {
            self.count_misshapen(change);
        }
    }

    fn apply_task(&mut self, line: &Line<'_>, change: &mut Change) {
        if line.kind == kind::TASK_USAGE {
            return self.apply_usage(line, change);
        }
        let Some(unit) = self.unit_mut(&line.unit, change) else { return };
        if !unit.apply_task(line, change) {
            self.count_misshapen(change);
        }
    }

    fn apply_work(&mut self, line: &Line<'_>, change: &mut Change) {
        let Some(unit) = self.unit_mut(&line.unit, change) else { return };
        if !unit.apply_work(line, &mut change.unit) {
            self.count_misshapen(change);
        }
    }

    fn apply_usage(&mut self, line: &Line<'_>, change: &mut Change) {
        match line.read::<UsageTotal>() {
            Some(Ok(usage)) => {
                if let Some(unit) = self.unit_mut(&line.unit, change) {
                    unit.add_usage(line.task, usage, change);
                }
                let mut total = self.usage;
                total.add(usage);
                change.run.set(RunMember::Usage, &mut self.usage, total);
            }
            Some(Err(_)) => self.count_misshapen(change),
            None => {}
        }
    }

    fn apply_pr(&mut self, line: &Line<'_>, change: &mut Change) {
        if let Some(unit) = self.unit_mut(&line.unit, change) {
            unit.apply_pr(&line.kind, &mut change.unit);
        }
        let Some(number) = line.pr else { return };
        let pr = self.prs.get_or_insert_with(&number, || {
            change.pr.note_new();
            PrState::default()
        });
        if !pr.apply(line, &mut change.pr) {
            self.count_misshapen(change);
        }
    }

    fn apply_diff(&mut self, line: &Line<'_>, change: &mut Change) {
        match diff::apply(&mut self.diffs, line) {
            Told::Changed(diff) => change.diff = Some(diff),
            Told::Omitted => {
                let omitted = self.diffs_omitted.saturating_add(1);
                change.run.set(RunMember::DiffsOmitted, &mut self.diffs_omitted, omitted);
            }
            Told::Nothing => {}
        }
    }

    fn apply_lost(&mut self, line: &Line<'_>) -> Change {
        let mut change = Change::TAKEN;
        match line.read::<LostRange>() {
            Some(Ok(lost)) => {
                let first = self.loss == Loss::default();
                if !self.loss.add(lost) {
                    return Change::IGNORED;
                }
                change.run.note(RunMember::Loss, first);
            }
            _ => self.count_misshapen(&mut change),
        }
        change
    }

    fn apply_snapshot(&mut self, line: &Line<'_>) -> Change {
        let mut change = Change::TAKEN;
        let Some(Ok(snapshot)) = line.read::<OrchSnapshot>() else {
            self.count_misshapen(&mut change);
            return change;
        };
        let (through, place) = (snapshot.through, snapshot.place());
        if through <= self.seq {
            return Change::IGNORED;
        }
        let state = match Gathered::add(&mut self.pending.0, (through, String::new()), snapshot.state, place)
        {
            Ok(Some(state)) => state,
            Ok(None) => return change,
            Err(_) => {
                self.count_misshapen(&mut change);
                return change;
            }
        };
        let missed = SeqRange { from: self.seq + 1, to: through };
        let mut before = std::mem::replace(self, RunState { seq: through, run: self.run.clone(), ..state });
        self.diffs.retain(|_, files| !files.is_empty());
        self.loss.merge(&before.loss);
        self.misshapen = self.misshapen.max(before.misshapen);
        if !self.loss.covers(missed) {
            add_range(&mut before.summaries, missed);
        }
        for range in before.summaries {
            add_range(&mut self.summaries, range);
        }
        Change::WHOLE
    }

    fn count_misshapen(&mut self, change: &mut Change) {
        let misshapen = self.misshapen.saturating_add(1);
        change.run.set(RunMember::Misshapen, &mut self.misshapen, misshapen);
    }

    /// The unit, made at the end of the order if it is new; `None` for no unit.
    fn unit_mut(&mut self, id: &str, change: &mut Change) -> Option<&mut UnitState> {
        if id.is_empty() {
            return None;
        }
        if !self.units.contains_key(id) {
            let order = u32::try_from(self.units.len()).unwrap_or(u32::MAX);
            self.units.insert(id.to_owned(), UnitState { order, ..UnitState::default() });
            change.unit.note_new();
        }
        self.units.get_mut(id)
    }

    /// Says that the producer vanished without ending the run; ignored if the run had ended.
    pub fn set_stale(&mut self) -> Change {
        if self.status.is_terminal() || self.status == RunStatus::Stale {
            return Change::IGNORED;
        }
        let mut change = Change::TAKEN;
        change.run.set(RunMember::Status, &mut self.status, RunStatus::Stale);
        change
    }

    /// Says that the producer is back, and that the run stands as it did before it was stale; ignored if it
    /// is not.
    pub fn unset_stale(&mut self, before: RunStatus) -> Change {
        if self.status != RunStatus::Stale {
            return Change::IGNORED;
        }
        let mut change = Change::TAKEN;
        change.run.set(RunMember::Status, &mut self.status, before);
        change
    }
}

readable!(RunState {
    run;
    status, started, ended, unit_count, parallelism, error, seq, units, prs, usage, diffs, diffs_omitted, loss,
    summaries, misshapen;
    pending
});
