//! The state of a run: a fold of its events.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::lenient::null_as_default;
use crate::loss::add_range;
use crate::reader::readable;
use crate::unit::cut_error;
use crate::{
    GraphPayload, Line, Loss, LostRange, NodePayload, OrchSnapshot, OrchStarted, PrPayload, RunId, SeqRange,
    Timestamp, UnitState, UnitStatus, kind,
};

/// How a run stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// Has not started.
    #[default]
    Waiting,
    /// Runs.
    Running,
    /// Stands still on purpose.
    Paused,
    /// Ended well.
    Completed,
    /// Ended badly.
    Failed,
    /// Was stopped.
    Cancelled,
    /// Its producer went away without saying how it ended.
    Stale,
}

impl RunStatus {
    /// Whether the run has ended.
    pub fn is_terminal(self) -> bool {
        matches!(self, RunStatus::Completed | RunStatus::Failed | RunStatus::Cancelled)
    }
}

/// Everything that is known of a run but its log and diff texts.
///
/// Folding is deterministic and ignores what it has seen before (`seq` not above
/// [`RunState::seq`]), so resent lines do no harm. It never computes with `seq` beyond that: what is
/// missing is said by `link.lost` and kept in [`RunState::loss`].
///
/// ```
/// use choo_protocol::{Change, Limits, Line, RunState, UnitStatus};
/// let mut state = RunState::new("demo".parse()?);
/// let line = br#"{"type":"unit.started","unit":"app","time":"2025-01-18T10:30:00Z","seq":1}"#;
/// let line = Line::parse(line, &Limits::default())?;
/// assert_eq!(state.apply(&line), Change::Unit);
/// assert_eq!(state.apply(&line), Change::Ignored);
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
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, UnitState>,
    /// The pull requests by their number.
    #[serde(default, deserialize_with = "null_as_default", skip_serializing_if = "BTreeMap::is_empty")]
    pub prs: BTreeMap<i64, PrState>,
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
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// One pull request of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct PrState {
    /// The unit it belongs to, empty if none was named.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The last `pr.*` event without its `pr.`: `created`, `review.pending`, `merged`, …
    pub status: String,
    /// Where a person can look at it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The branch it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// What went wrong last; at most 4 KiB.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
}

/// What an event changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Nothing: it had been seen before.
    Ignored,
    /// Nothing but the highest `seq`: a log line, an unknown type.
    None,
    /// The run itself, but no unit.
    Run,
    /// The unit the event names (and perhaps one of its pull requests).
    Unit,
    /// Possibly everything.
    All,
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
            units: BTreeMap::new(),
            prs: BTreeMap::new(),
            loss: Loss::default(),
            summaries: Vec::new(),
            misshapen: 0,
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
        if let Some(seq) = line.seq {
            if seq <= self.seq {
                return Change::Ignored;
            }
            self.seq = seq;
        }
        let woke = self.status == RunStatus::Stale && line.class() == crate::Class::Lifecycle;
        if woke {
            self.status = RunStatus::Running;
        }
        let family = line.kind.split_once('.').map_or(&*line.kind, |(family, _)| family);
        let change = match family {
            "orch" => self.apply_orch(line),
            "graph" if line.kind == kind::GRAPH => match line.read::<GraphPayload>() {
                Some(Ok(graph)) => self.set_graph(graph),
                Some(Err(_)) => self.count_misshapen(),
                None => Change::None,
            },
            "unit" | "task" if !line.unit.is_empty() => {
                let unit = self.unit_mut(&line.unit);
                let readable = if family == "unit" { unit.apply_unit(line) } else { unit.apply_task(line) };
                if !readable {
                    self.misshapen += 1;
                }
                Change::Unit
            }
            "pr" => self.apply_pr(line),
            _ => Change::None,
        };
        match change {
            Change::None if woke => Change::Run,
            Change::Unit if woke => Change::All,
            change => change,
        }
    }

    fn apply_orch(&mut self, line: &Line<'_>) -> Change {
        self.status = match &*line.kind {
            kind::ORCH_STARTED | kind::ORCH_DRYRUN_STARTED => {
                self.started = line.time;
                self.ended = None;
                self.error.clear();
                self.status = RunStatus::Running;
                return match line.read::<OrchStarted>() {
                    Some(Ok(started)) => {
                        self.unit_count = Some(started.unit_count);
                        self.parallelism = Some(started.parallelism).filter(|n| *n > 0);
                        started.graph.map_or(Change::Run, |graph| self.set_graph(graph))
                    }
                    Some(Err(_)) => self.count_misshapen(),
                    None => Change::Run,
                };
            }
            kind::ORCH_PAUSED => RunStatus::Paused,
            kind::ORCH_RESUMED => RunStatus::Running,
            kind::ORCH_COMPLETED | kind::ORCH_DRYRUN_COMPLETED => RunStatus::Completed,
            kind::ORCH_FAILED => RunStatus::Failed,
            kind::ORCH_CANCELLED => RunStatus::Cancelled,
            _ => return Change::None,
        };
        if self.status.is_terminal() {
            self.ended = line.time;
        }
        if !line.error.is_empty() {
            self.error = cut_error(&line.error);
        }
        Change::Run
    }

    fn apply_pr(&mut self, line: &Line<'_>) -> Change {
        let has_unit = !line.unit.is_empty();
        if has_unit {
            self.unit_mut(&line.unit).apply_pr(&line.kind);
        }
        if let Some(number) = line.pr {
            let (payload, readable) = match line.read::<PrPayload>() {
                Some(Ok(payload)) => (payload, true),
                Some(Err(_)) => (PrPayload::default(), false),
                None => (PrPayload::default(), true),
            };
            self.misshapen += u64::from(!readable);
            let pr = self.prs.entry(number).or_default();
            if has_unit {
                pr.unit = line.unit.clone().into_owned();
            }
            line.kind.strip_prefix("pr.").unwrap_or_default().clone_into(&mut pr.status);
            pr.url = payload.url.or_else(|| pr.url.take());
            pr.title = payload.title.or_else(|| pr.title.take());
            pr.branch = payload.branch.or_else(|| pr.branch.take());
            pr.error = cut_error(&line.error);
            pr.updated = line.time;
        }
        match (has_unit, line.pr) {
            (true, _) => Change::Unit,
            (false, Some(_)) => Change::Run,
            (false, None) => Change::None,
        }
    }

    fn apply_lost(&mut self, line: &Line<'_>) -> Change {
        match line.read::<LostRange>() {
            Some(Ok(lost)) => {
                if self.loss.add(lost) {
                    Change::Run
                } else {
                    Change::Ignored
                }
            }
            _ => self.count_misshapen(),
        }
    }

    fn apply_snapshot(&mut self, line: &Line<'_>) -> Change {
        let Some(Ok(OrchSnapshot { through, state })) = line.read() else {
            return self.count_misshapen();
        };
        if through <= self.seq {
            return Change::Ignored;
        }
        let missed = SeqRange { from: self.seq + 1, to: through };
        let mut before = std::mem::replace(self, RunState { seq: through, run: self.run.clone(), ..state });
        self.loss.merge(&before.loss);
        self.misshapen = self.misshapen.max(before.misshapen);
        if !self.loss.covers(missed) {
            add_range(&mut before.summaries, missed);
        }
        for range in before.summaries {
            add_range(&mut self.summaries, range);
        }
        Change::All
    }

    fn count_misshapen(&mut self) -> Change {
        self.misshapen += 1;
        Change::Run
    }

    /// The unit, made at the end of the order if it is new.
    fn unit_mut(&mut self, id: &str) -> &mut UnitState {
        if !self.units.contains_key(id) {
            let order = u32::try_from(self.units.len()).unwrap_or(u32::MAX);
            self.units.insert(id.to_owned(), UnitState { order, ..UnitState::default() });
        }
        self.units.entry(id.to_owned()).or_default()
    }

    /// Sets up the units; what is known of them already is kept.
    fn set_graph(&mut self, graph: GraphPayload) -> Change {
        let graph = graph.normalised();
        let listed = graph.nodes.len();
        for (order, node) in graph.nodes.into_iter().enumerate() {
            let unit = self.units.entry(node.id).or_default();
            unit.order = u32::try_from(order).unwrap_or(u32::MAX);
            unit.level = node.level.unwrap_or(0);
            unit.label = node.label.or_else(|| unit.label.take());
            unit.total_tasks = node.tasks.or(unit.total_tasks);
            unit.completed_tasks = node.completed_tasks.unwrap_or(unit.completed_tasks);
            unit.depends_on = node.depends_on;
            if unit.status == UnitStatus::Pending {
                unit.status = node.status.unwrap_or_default();
            }
        }
        if self.units.len() > listed {
            // Units met before the graph and not part of it stay behind the listed ones.
            let ids: Vec<String> = self.unit_ids().into_iter().map(str::to_owned).collect();
            for (place, id) in (0..).zip(ids) {
                if let Some(unit) = self.units.get_mut(&id) {
                    unit.order = place;
                }
            }
        }
        Change::All
    }

    /// Says that the producer vanished without ending the run; `false` if the run had ended.
    pub fn set_stale(&mut self) -> bool {
        let open = !self.status.is_terminal() && self.status != RunStatus::Stale;
        if open {
            self.status = RunStatus::Stale;
        }
        open
    }

    /// The ids of the units in the producer's order.
    pub fn unit_ids(&self) -> Vec<&str> {
        let units: Vec<(&String, &UnitState)> = self.units.iter().collect();
        // Place and index in one number, so that the browser needs no sort but that of the layout.
        let mut order: Vec<u64> =
            (0_u64..).zip(&units).map(|(index, (_, unit))| u64::from(unit.order) << 32 | index).collect();
        order.sort_unstable();
        let index = |key: u64| usize::try_from(key & u64::from(u32::MAX)).ok();
        order.into_iter().filter_map(|key| Some(units.get(index(key)?)?.0.as_str())).collect()
    }

    /// The dependency graph with the units' current statuses.
    pub fn graph(&self) -> GraphPayload {
        let node = |id: &str| {
            let unit = &self.units[id];
            NodePayload {
                id: id.to_owned(),
                level: Some(unit.level),
                label: unit.label.clone(),
                status: Some(unit.status),
                tasks: unit.total_tasks,
                completed_tasks: Some(unit.completed_tasks).filter(|n| *n > 0),
                depends_on: unit.depends_on.clone(),
            }
        };
        GraphPayload::from_nodes(self.unit_ids().into_iter().map(node).collect())
    }

    /// The state as JSON in parts of about `max_bytes` each, at least one. The first holds all but
    /// those units that did not fit; [`RunState::merge`] puts them together.
    pub fn parts(&self, max_bytes: usize) -> Vec<String> {
        let head = self.without_units();
        // Maps with string or integer keys only: this cannot fail.
        let mut open = serde_json::to_string(&head).unwrap_or_else(|_| "{}".to_owned());
        let rest = format!("{{\"run\":\"{}\"", self.run);
        open.pop();
        let mut parts = Vec::new();
        let mut empty = true;
        for (id, unit) in &self.units {
            let (Ok(id), Ok(unit)) = (serde_json::to_string(id), serde_json::to_string(unit)) else {
                continue;
            };
            if !empty && open.len() + id.len() + unit.len() > max_bytes {
                parts.push(std::mem::replace(&mut open, rest.clone()) + "}}");
                empty = true;
            }
            open.push_str(if empty { ",\"units\":{" } else { "," });
            open.push_str(&id);
            open.push(':');
            open.push_str(&unit);
            empty = false;
        }
        open.push_str(if empty { "}" } else { "}}" });
        parts.push(open);
        parts
    }

    /// A copy of everything but the units, of which there may be thousands.
    #[must_use]
    pub fn without_units(&self) -> RunState {
        RunState {
            run: self.run.clone(),
            status: self.status,
            started: self.started,
            ended: self.ended,
            unit_count: self.unit_count,
            parallelism: self.parallelism,
            error: self.error.clone(),
            seq: self.seq,
            units: BTreeMap::new(),
            prs: self.prs.clone(),
            loss: self.loss.clone(),
            summaries: self.summaries.clone(),
            misshapen: self.misshapen,
        }
    }

    /// Adds a later part made by [`RunState::parts`] to the first one.
    pub fn merge(&mut self, part: RunState) {
        self.units.extend(part.units);
    }
}

readable!(RunState {
    run;
    status, started, ended, unit_count, parallelism, error, seq, units, prs, loss, summaries, misshapen,
});
readable!(PrState { ; unit, status, url, title, branch, error, updated });
readable!(enum RunStatus);
