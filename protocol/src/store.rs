//! Everything a page knows: many runs, folded from one hub's stream.

mod changes;
mod seen;

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::reader::Read;
use crate::state::Gathered;
use crate::{
    Change, DiffState, Frame, GraphLayout, HubBye, HubCursor, HubEnd, HubError, HubGap, HubHello,
    HubSnapshot, IdMap, Journal, Limits, Line, LineDecoder, Loss, RunId, RunState, RunStatus, Spacing,
    Timestamp, UnitState, UnitStatus, is_control, kind,
};
use changes::Changes;
use seen::Seen;

pub use changes::{StoreChanges, UnitChanges};

/// Folds the stream of a hub, byte by byte as it comes.
///
/// Hand it the bytes of a stream with [`RunStore::push`], ask with [`RunStore::take_changes`] what
/// moved, and read only that. When another connection begins call [`RunStore::begin_stream`] first.
/// Lines come at least once across a crash of the hub; each counts once here.
///
/// ```
/// use choo_protocol::{RunStatus, RunStore};
/// let mut store = RunStore::new(RunStore::DEFAULT_JOURNAL_BYTES);
/// store.push(b"{\"type\":\"orch.started\",\"run\":\"demo\",\"seq\":1}\n{\"type\":\"unit.sta");
/// store.push(b"rted\",\"unit\":\"app\",\"run\":\"demo\",\"seq\":2}\n");
/// let changes = store.take_changes();
/// assert_eq!(changes.runs[0].as_str(), "demo");
/// assert_eq!(changes.units[0].ids, ["app"]);
/// assert_eq!(store.state("demo").map(|state| state.status), Some(RunStatus::Running));
/// ```
#[derive(Debug)]
pub struct RunStore {
    limits: Limits,
    decoder: LineDecoder,
    /// By id.
    runs: Vec<Run>,
    journal: Journal,
    changes: Changes,
    cursor: Option<String>,
    faults: VecDeque<StoreFault>,
    version: u64,
}

/// One run of the store.
#[derive(Debug)]
struct Run {
    state: RunState,
    /// Which lines are in the journal, or were.
    seen: Seen,
    /// A snapshot of which not all parts have come.
    parts: Option<Box<Gathered>>,
    /// Until the graph changes.
    layout: Option<GraphLayout>,
    /// Until a unit changes.
    counts: Option<UnitCounts>,
}

/// A run in one line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunSummary {
    /// The run.
    pub run: RunId,
    /// How it stands.
    pub status: RunStatus,
    /// When it started.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<Timestamp>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// How many units it has.
    pub units: u32,
    /// How many of them stand how.
    pub counts: UnitCounts,
    /// The highest `seq` folded; 0 before the first.
    pub seq: u64,
    /// What was lost on the way.
    pub loss: Loss,
    /// Whether some events are known only through a snapshot, so that their lines, logs among them,
    /// are not here.
    pub summarized: bool,
}

/// Units by status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[expect(missing_docs, reason = "the fields are the statuses, see UnitStatus")]
pub struct UnitCounts {
    pub pending: u32,
    pub ready: u32,
    pub in_progress: u32,
    pub in_review: u32,
    pub complete: u32,
    pub failed: u32,
    pub blocked: u32,
    pub skipped: u32,
    pub cancelled: u32,
}

/// A line that could not be used. The stream went on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoreFault {
    /// A stable name: that of a [`LineErrorKind`](crate::LineErrorKind), `oversized`, `no-run`,
    /// `bad-control`, or what the hub reported of a producer's line.
    pub kind: String,
    /// What was wrong, for people.
    pub message: String,
}

/// How many faults are kept for inspection; all are counted.
const MAX_FAULTS: usize = 100;

impl RunStore {
    /// [`Journal::DEFAULT_BYTES`].
    pub const DEFAULT_JOURNAL_BYTES: usize = Journal::DEFAULT_BYTES;

    /// An empty store whose journal holds about this many bytes of lines. States come on top; they
    /// take in the order of 500 bytes a unit.
    pub fn new(journal_bytes: usize) -> Self {
        let limits = Limits::default();
        RunStore {
            limits,
            decoder: LineDecoder::new(limits),
            runs: Vec::new(),
            journal: Journal::new(journal_bytes),
            changes: Changes::default(),
            cursor: None,
            faults: VecDeque::new(),
            version: 0,
        }
    }

    /// Another connection begins: a torn line and a torn snapshot of the last one are forgotten.
    pub fn begin_stream(&mut self) {
        self.decoder = LineDecoder::new(self.limits);
        self.runs.iter_mut().for_each(|run| run.parts = None);
    }

    /// Takes the next bytes of the stream, cut anywhere. A bad line is counted and kept as a
    /// [`StoreFault`]; the stream goes on behind it.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut decoder = std::mem::replace(&mut self.decoder, LineDecoder::new(self.limits));
        decoder.feed(bytes, |frame| match frame {
            Frame::Line(line) => self.take_line(line),
            Frame::Oversized { bytes } => {
                self.fault("oversized", format!("a line of {bytes} bytes was skipped"), 1);
            }
        });
        self.decoder = decoder;
    }

    /// What changed since this was last asked.
    pub fn take_changes(&mut self) -> StoreChanges {
        std::mem::take(&mut self.changes).into_public()
    }

    /// Rises with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Up to where the stream has been taken, to be handed back as `since`.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }

    /// The last lines that could not be used, oldest first.
    pub fn faults(&self) -> impl Iterator<Item = &StoreFault> {
        self.faults.iter()
    }

    /// The lines themselves.
    pub fn journal(&self) -> &Journal {
        &self.journal
    }

    /// The lines themselves, for lists that are made on demand.
    pub fn journal_mut(&mut self) -> &mut Journal {
        &mut self.journal
    }

    /// All runs, the one that started last first.
    pub fn summaries(&mut self) -> Vec<RunSummary> {
        let mut summaries: Vec<RunSummary> = Vec::with_capacity(self.runs.len());
        for run in &mut self.runs {
            let summary = run.summary();
            let later = |other: &RunSummary| (other.started, &other.run) > (summary.started, &summary.run);
            summaries.insert(summaries.partition_point(later), summary);
        }
        summaries
    }

    /// The state of a run.
    pub fn state(&self, run: &str) -> Option<&RunState> {
        find(&self.runs, run).ok().map(|at| &self.runs[at].state)
    }

    /// The state of one unit.
    pub fn unit(&self, run: &str, id: &str) -> Option<&UnitState> {
        self.state(run)?.units.get(id)
    }

    /// The files that differ in a unit's work tree (of no unit for the empty name), by their path.
    pub fn diffs(&self, run: &str, unit: &str) -> Option<&IdMap<String, DiffState>> {
        self.state(run)?.diffs.get(unit)
    }

    /// The drawing of a run's graph; the same until its units or edges change.
    pub fn layout(&mut self, run: &str) -> Option<&GraphLayout> {
        let at = find(&self.runs, run).ok()?;
        let run = &mut self.runs[at];
        Some(run.layout.get_or_insert_with(|| GraphLayout::of(&run.state.graph(), Spacing::default())))
    }

    fn take_line(&mut self, bytes: &[u8]) {
        match Line::parse(bytes, &self.limits) {
            Err(error) => self.fault(error.kind.as_str(), error.to_string(), 1),
            Ok(line) if is_control(&line.kind) => self.take_control(&line),
            Ok(line) => self.take_event(&line),
        }
    }

    fn take_event(&mut self, line: &Line<'_>) {
        let Some(run) = line.run.as_deref().and_then(|id| named(&mut self.runs, id)) else {
            let message = format!("an event of type {} names no run; a hub's stream always does", line.kind);
            return self.fault("no-run", message, 1);
        };
        let change = run.state.apply(line);
        // A repeat may lie behind a snapshot that the state was taken from: what the journal holds is
        // another question than what the state holds.
        let repeated = match line.seq {
            Some(seq) => !run.seen.insert(seq),
            None => change.is_ignored(),
        };
        if change.moves_graph() {
            run.layout = None;
        }
        if change.moves_counts() {
            run.counts = None;
        }
        self.changes.add(&run.state.run, &line.unit, &change);
        if !repeated {
            self.journal.push(line);
            self.changes.events += 1;
        }
        self.version += 1;
    }

    fn take_control(&mut self, line: &Line<'_>) {
        self.version += 1;
        let taken = match &*line.kind {
            kind::HUB_HELLO => self.read(line, |store, hello: HubHello| store.changes.hello = Some(hello)),
            kind::HUB_SNAPSHOT => self.read(line, RunStore::take_snapshot),
            kind::HUB_GAP => self.read(line, |store, gap: HubGap| store.changes.add_gap(gap)),
            kind::HUB_CURSOR => self.read(line, |store, HubCursor { cursor, .. }| {
                store.cursor = Some(cursor.clone());
                store.changes.cursor = Some(cursor);
            }),
            kind::HUB_END => self.read(line, RunStore::take_end),
            kind::HUB_ERROR => self.read(line, |store, error: HubError| {
                store.fault(&error.kind, error.message, error.count.max(1));
            }),
            kind::HUB_BYE => self.read(line, |store, bye: HubBye| store.changes.bye = Some(bye)),
            // A newer hub may say things that we need not know.
            _ => true,
        };
        if !taken {
            self.fault("bad-control", format!("the payload of {} could not be read", line.kind), 1);
        }
    }

    fn read<T: Read>(&mut self, line: &Line<'_>, take: impl FnOnce(&mut RunStore, T)) -> bool {
        let Some(Ok(payload)) = line.read() else { return false };
        take(self, payload);
        true
    }

    fn take_snapshot(&mut self, snapshot: HubSnapshot) {
        let Some(run) = named(&mut self.runs, snapshot.run.as_str()) else { return };
        let HubSnapshot { cursor, state, part, parts, .. } = snapshot;
        // Of one that was torn nothing more is said: the stream that it stood in is told anew.
        if let Ok(Some(state)) = Gathered::add(&mut run.parts, (0, cursor), state, (part, parts)) {
            run.state = state;
            run.layout = None;
            run.counts = None;
            self.changes.add(&run.state.run, "", &Change::WHOLE);
        }
    }

    fn take_end(&mut self, end: HubEnd) {
        let Some(run) = named(&mut self.runs, end.run.as_str()) else { return };
        // The other ends are events and have been folded.
        if end.status == RunStatus::Stale {
            self.changes.add(&end.run, "", &run.state.set_stale());
        }
        self.changes.ended.push(end);
    }

    fn fault(&mut self, kind: &str, message: String, count: u64) {
        self.version += 1;
        self.changes.errors += count;
        if self.faults.len() == MAX_FAULTS {
            self.faults.pop_front();
        }
        self.faults.push_back(StoreFault { kind: kind.to_owned(), message });
    }
}

/// Where a run is, or where it belongs.
fn find(runs: &[Run], id: &str) -> Result<usize, usize> {
    runs.binary_search_by(|run| run.state.run.as_str().cmp(id))
}

/// The run, made if it is new.
fn named<'a>(runs: &'a mut Vec<Run>, id: &str) -> Option<&'a mut Run> {
    let at = match find(runs, id) {
        Ok(at) => at,
        Err(at) => {
            runs.insert(at, Run::new(id.parse().ok()?));
            at
        }
    };
    runs.get_mut(at)
}

impl Run {
    fn new(id: RunId) -> Self {
        Run { state: RunState::new(id), seen: Seen::default(), parts: None, layout: None, counts: None }
    }

    fn summary(&mut self) -> RunSummary {
        let state = &self.state;
        let counts = *self.counts.get_or_insert_with(|| UnitCounts::of(state.units.values()));
        RunSummary {
            run: state.run.clone(),
            status: state.status,
            started: state.started,
            ended: state.ended,
            units: u32::try_from(state.units.len()).unwrap_or(u32::MAX),
            counts,
            seq: state.seq,
            loss: state.loss.clone(),
            summarized: !state.summaries.is_empty(),
        }
    }
}

impl UnitCounts {
    fn of<'a>(units: impl Iterator<Item = &'a UnitState>) -> Self {
        let mut counts = UnitCounts::default();
        for unit in units {
            *match unit.status {
                UnitStatus::Pending => &mut counts.pending,
                UnitStatus::Ready => &mut counts.ready,
                UnitStatus::InProgress => &mut counts.in_progress,
                UnitStatus::InReview => &mut counts.in_review,
                UnitStatus::Complete => &mut counts.complete,
                UnitStatus::Failed => &mut counts.failed,
                UnitStatus::Blocked => &mut counts.blocked,
                UnitStatus::Skipped => &mut counts.skipped,
                UnitStatus::Cancelled => &mut counts.cancelled,
            } += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests;
