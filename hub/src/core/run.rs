//! One run and its one owner: numbers it, folds it, records it, knows whether its producer is there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use choo_protocol::{
    Change, Fill, HubEnd, Limits, Line, LinkLost, MAX_INTEGER, OrchSnapshot, RunId, RunState, RunStatus,
    SeqRange, Timestamp, control_line, kind,
};

use super::history::{Body, History};
use super::moment::Moment;
use super::patch::Patch;
use super::rank::Rank;
use super::saved::{SavedPhase, SavedRun};
use super::saving::Saving;
use super::sequence::{Admission, Sequence};

mod stored;

/// How long a run without producer and without a terminal event keeps the benefit of the doubt.
pub(crate) const STALE_AFTER: Duration = Duration::from_secs(30);

/// A connection that lines come in by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// One run.
///
/// A driver calls `handle_attached` before the first line of a connection, `handle_line` for each,
/// `handle_bye` or `handle_detached` at its end, and `handle_tick` when [`Run::deadline`] has come.
#[derive(Debug)]
pub(crate) struct Run {
    id: RunId,
    /// Shared with the readers that are being told of it, so that telling them takes no time here.
    state: Arc<RunState>,
    sequence: Sequence,
    /// The connections that its lines come in by.
    producers: BTreeSet<ConnectionId>,
    phase: Phase,
    /// Whether any other event than the separate `graph` has come (SPEC §9).
    begun: bool,
    /// When it began, and the how manieth it was that the hub met. Set by its first line and never moved,
    /// so that a list of runs keeps its order.
    met: (Timestamp, u64),
    /// The process that sent it last, where the system says so.
    pid: Option<u32>,
    /// When its latest record was made.
    latest: Timestamp,
    /// The offsets of its first record, 0 before it, and of its last.
    offsets: (u64, u64),
    /// The offset of the last record that changed more of its state than `seq`; 0 before it.
    version: u64,
    saving: Saving,
}

/// Where a run is in its life, as the hub sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Events may come; nobody has been there to send them since, if that is set.
    Live { alone_since: Option<Duration> },
    /// The producer vanished; if it comes back, the run had this status.
    Stale { before: RunStatus },
    /// `hub.end` was told at this offset.
    Over { end: u64 },
}

/// What became of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It is in the history.
    Recorded,
    /// It had been seen before.
    Repeat,
    /// Not admitted, since `seq` would leave the range every reader can hold.
    OutOfNumbers,
}

impl Run {
    /// A run nothing is known of yet, the `nth` this hub meets.
    pub(crate) fn new(id: RunId, nth: u64, now: Moment) -> Self {
        Run {
            state: Arc::new(RunState::new(id.clone())),
            id,
            sequence: Sequence::new(),
            producers: BTreeSet::new(),
            phase: Phase::Live { alone_since: Some(now.at) },
            begun: false,
            met: (now.time, nth),
            pid: None,
            latest: now.time,
            offsets: (0, 0),
            version: 0,
            saving: Saving::default(),
        }
    }

    /// A run that was found in the store, with the state folded from there. Its producer gets the usual
    /// time to come back.
    pub(crate) fn restored(saved: SavedRun, state: RunState, stated_at: u64, now: Moment) -> Self {
        let unstated = saved.offsets.1.saturating_sub(stated_at);
        let saving = Saving::restored(saved.sequence.have(), stated_at, unstated);
        Run {
            id: saved.run,
            state: Arc::new(state),
            sequence: saved.sequence,
            producers: BTreeSet::new(),
            phase: match saved.phase {
                SavedPhase::Live => Phase::Live { alone_since: Some(now.at) },
                SavedPhase::Stale { before } => Phase::Stale { before },
                SavedPhase::Over { end } => Phase::Over { end },
            },
            begun: saved.begun,
            met: saved.met,
            pid: saved.pid,
            latest: saved.latest,
            offsets: saved.offsets,
            // Which record it was that changed it last is not stored; the patches before are gone as well.
            version: saved.offsets.1,
            saving,
        }
    }

    /// Takes one of its lines: completes it, folds it and appends it to the history, together with
    /// `link.lost` for what it shows to be missing.
    pub(crate) fn handle_line(&mut self, line: &mut Line<'_>, now: Moment, history: &mut History) -> Outcome {
        self.date(line.time);
        let given = match self.number(line) {
            Admission::Repeat => return Outcome::Repeat,
            Admission::Exhausted => return Outcome::OutOfNumbers,
            Admission::Fresh { given, missing } => {
                for range in missing {
                    self.record_lost(range, now, history);
                }
                given
            }
        };
        let over = matches!(self.phase, Phase::Over { .. });
        let outcome = self.take(line, given, now, history);
        if over && outcome == Outcome::Recorded {
            self.record_whole(now.time, history);
        }
        outcome
    }

    /// Takes all parts of a snapshot through a number, each of which is a line.
    pub(crate) fn handle_snapshot(
        &mut self,
        through: u64,
        parts: &[Vec<u8>],
        now: Moment,
        history: &mut History,
    ) -> Outcome {
        if through > MAX_INTEGER.unsigned_abs() {
            return Outcome::OutOfNumbers;
        }
        if !self.sequence.handle_snapshot(through) {
            return Outcome::Repeat;
        }
        let over = matches!(self.phase, Phase::Over { .. });
        for part in parts {
            if let Ok(mut line) = Line::parse(part, &Limits::default()) {
                self.date(line.time);
                self.take(&mut line, None, now, history);
            }
        }
        if over {
            self.record_whole(now.time, history);
        }
        Outcome::Recorded
    }

    /// Completes, folds and records a line that is new, with the number that the hub gives it.
    fn take(
        &mut self,
        line: &mut Line<'_>,
        given: Option<u64>,
        now: Moment,
        history: &mut History,
    ) -> Outcome {
        let json = if line.run.is_some() && line.time.is_some() && given.is_none() {
            history.keep(line.bytes())
        } else {
            let fill = Fill { run: Some(&self.id), seq: given, time: Some(now.time) };
            history.keep_written(|out| line.complete(&fill, out))
        };
        line.seq = given.or(line.seq);
        line.time = line.time.or(Some(now.time));
        let change = Arc::make_mut(&mut self.state).apply(line);
        if change.is_ignored() {
            return Outcome::Repeat;
        }
        self.begun |= line.kind != kind::GRAPH;
        let over = matches!(self.phase, Phase::Over { .. });
        if over {
            self.phase = Phase::Live { alone_since: self.producers.is_empty().then_some(now.at) };
        }
        // Readers that came when it was over know no version that a patch could begin from.
        let patch = if over { None } else { self.patch(Some(line), &change, history) };
        let body = history.body(line, json);
        self.record(body, patch, now.time, history);
        Outcome::Recorded
    }

    /// Where a line stands among those of the run.
    fn number(&mut self, line: &Line<'_>) -> Admission {
        const FRESH: Admission = Admission::Fresh { given: None, missing: Vec::new() };
        match &*line.kind {
            kind::LINK_LOST => {
                if let Some(Ok(lost)) = line.payload::<LinkLost>() {
                    let LinkLost { from, to, count, .. } = lost;
                    self.sequence.handle_lost(SeqRange { from, to }, count);
                }
                FRESH
            }
            kind::ORCH_SNAPSHOT => match line.payload() {
                Some(Ok(OrchSnapshot { through, .. })) if through > MAX_INTEGER.unsigned_abs() => {
                    Admission::Exhausted
                }
                Some(Ok(OrchSnapshot { through, .. })) if !self.sequence.handle_snapshot(through) => {
                    Admission::Repeat
                }
                _ => FRESH,
            },
            kind => {
                // A number without a run counts something the hub does not know.
                let own = line.seq.filter(|_| line.run.is_some());
                self.sequence.handle_event(own, kind == kind::ORCH_STARTED)
            }
        }
    }

    /// A connection begins to send lines of this run.
    pub(crate) fn handle_attached(&mut self, connection: ConnectionId, now: Moment, history: &mut History) {
        self.producers.insert(connection);
        match self.phase {
            Phase::Live { .. } => self.phase = Phase::Live { alone_since: None },
            Phase::Stale { before } => {
                self.phase = Phase::Live { alone_since: None };
                let change = Arc::make_mut(&mut self.state).unset_stale(before);
                if !change.is_ignored() {
                    self.record_state(&change, now.time, history);
                }
            }
            // Resent lines do not bring an ended run back; a new one does.
            Phase::Over { .. } => {}
        }
    }

    /// A connection is gone without goodbye.
    pub(crate) fn handle_detached(&mut self, connection: ConnectionId, now: Moment, history: &mut History) {
        self.producers.remove(&connection);
        if !self.producers.is_empty() || !matches!(self.phase, Phase::Live { .. }) {
            return;
        }
        if self.state.status.is_terminal() {
            self.end(now, history);
        } else {
            self.phase = Phase::Live { alone_since: Some(now.at) };
        }
    }

    /// `link.bye`: the producer has sent everything, up to the number `last`.
    pub(crate) fn handle_bye(
        &mut self,
        connection: ConnectionId,
        last: u64,
        now: Moment,
        history: &mut History,
    ) {
        self.producers.remove(&connection);
        for range in self.sequence.handle_bye(last) {
            self.record_lost(range, now, history);
        }
        if matches!(self.phase, Phase::Over { .. }) {
            return;
        }
        if !self.state.status.is_terminal() {
            self.make_stale(now.time, history);
        }
        self.end(now, history);
    }

    /// The deadline may have come.
    pub(crate) fn handle_tick(&mut self, now: Moment, history: &mut History) {
        if self.deadline().is_none_or(|deadline| deadline > now.at) {
            return;
        }
        let before = self.state.status;
        if before.is_terminal() {
            // Its producer left while no hub was there to see it.
            return self.end(now, history);
        }
        self.make_stale(now.time, history);
        self.phase = Phase::Stale { before };
    }

    /// When to call `handle_tick` if nothing else happens.
    pub(crate) fn deadline(&self) -> Option<Duration> {
        match self.phase {
            Phase::Live { alone_since: Some(since) } => Some(since + STALE_AFTER),
            _ => None,
        }
    }

    /// Whether a snapshot through this number would tell nothing new.
    pub(crate) fn has_seen(&self, through: u64) -> bool {
        self.sequence.has_seen(through)
    }

    /// Up to which number the history has it whole, announced losses included; `None` if its numbers are
    /// not the producer's.
    pub(crate) fn have(&self) -> Option<u64> {
        self.sequence.have()
    }

    /// The offsets of its first and its last record; 0 before them.
    pub(crate) fn offsets(&self) -> (u64, u64) {
        self.offsets
    }

    /// When its latest record was made.
    pub(crate) fn latest(&self) -> Timestamp {
        self.latest
    }

    /// The process that sent it last.
    pub(crate) fn pid(&self) -> Option<u32> {
        self.pid
    }

    pub(crate) fn set_pid(&mut self, pid: u32) {
        self.pid = Some(pid);
    }

    /// Its name.
    pub(crate) fn id(&self) -> &RunId {
        &self.id
    }

    /// Its state now.
    pub(crate) fn state(&self) -> &Arc<RunState> {
        &self.state
    }

    /// The version of its state, as patches count them: the offset of the last record that changed it; 0
    /// before it.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// Whether it ends with this connection: it is told to be over, and nobody else sends it.
    pub(crate) fn ends_with(&self, connection: ConnectionId) -> bool {
        matches!(self.phase, Phase::Live { .. })
            && self.state.status.is_terminal()
            && self.producers.iter().all(|producer| *producer == connection)
    }

    /// Where it is in its life.
    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    /// The offset of its `hub.end`, if it is over.
    pub(crate) fn end_offset(&self) -> Option<u64> {
        match self.phase {
            Phase::Over { end } => Some(end),
            _ => None,
        }
    }

    /// The line that says how it ended.
    pub(crate) fn end_line(&self, time: Timestamp) -> Vec<u8> {
        let payload = HubEnd { run: self.id.clone(), status: self.state.status };
        control_line(kind::HUB_END, time, Some(&self.id), &payload)
    }

    /// Whether a producer is connected.
    pub(crate) fn connected(&self) -> bool {
        !self.producers.is_empty()
    }

    /// Whether any other event than the separate `graph` has come.
    pub(crate) fn begun(&self) -> bool {
        self.begun
    }

    /// Orders runs by their beginning; no two have the same, and none ever gets another.
    pub(crate) fn rank(&self) -> Rank {
        let (began, nth) = self.met;
        Rank { began, nth }
    }

    /// Its first line tells when it began. A producer's clock may be ahead, which must not keep its run on
    /// top for ever, so that is no later than the moment the hub met the run.
    fn date(&mut self, time: Option<Timestamp>) {
        if self.offsets.0 == 0 {
            self.met.0 = time.map_or(self.met.0, |time| time.min(self.met.0));
        }
    }

    /// Whether more is to be expected of it.
    pub(crate) fn is_live(&self) -> bool {
        matches!(self.phase, Phase::Live { .. })
    }

    /// Its row in the list of runs.
    #[cfg(test)]
    pub(crate) fn summary(&self) -> super::summary::RunSummary {
        super::summary::RunSummary::of(&self.state, self.is_live())
    }

    fn make_stale(&mut self, time: Timestamp, history: &mut History) {
        let change = Arc::make_mut(&mut self.state).set_stale();
        if !change.is_ignored() {
            self.record_state(&change, time, history);
        }
    }

    fn end(&mut self, now: Moment, history: &mut History) {
        for range in self.sequence.handle_end() {
            self.record_lost(range, now, history);
        }
        let line = self.end_line(now.time);
        let end = self.record(Body::own(kind::HUB_END, line), None, now.time, history);
        self.phase = Phase::Over { end };
    }

    /// Tells readers the state anew, which no line has changed.
    fn record_state(&mut self, change: &Change, time: Timestamp, history: &mut History) {
        let patch = self.patch(None, change, history);
        self.record(Body::State(Arc::clone(&self.state)), patch, time, history);
    }

    /// A run that was over goes on, and readers that came meanwhile have not been told of it.
    fn record_whole(&mut self, time: Timestamp, history: &mut History) {
        self.version = history.last() + 1;
        let whole = history.is_patched().then(|| Patch::Whole(Arc::clone(&self.state)));
        self.record(Body::State(Arc::clone(&self.state)), whole, time, history);
    }

    /// What the next record changed, for readers of patches, and takes the version that it gives.
    fn patch(&mut self, line: Option<&Line<'_>>, change: &Change, history: &History) -> Option<Patch> {
        if change.is_quiet() {
            return None;
        }
        let version = history.last() + 1;
        let base = std::mem::replace(&mut self.version, version);
        if !history.is_patched() {
            None
        } else if base == 0 || matches!(self.phase, Phase::Over { .. }) {
            // Readers may have no version of it.
            Some(Patch::Whole(Arc::clone(&self.state)))
        } else {
            Patch::step(line, change, &self.state, (base, version))
        }
    }

    /// Appends a line of the hub's own, which changes nothing of the state.
    pub(super) fn record_own(&mut self, body: Body, time: Timestamp, history: &mut History) {
        self.record(body, None, time, history);
    }

    fn record(&mut self, body: Body, patch: Option<Patch>, time: Timestamp, history: &mut History) -> u64 {
        let offset = history.push_patched(Some(self.id.clone()), body, patch.map(Box::new));
        self.saving.handle_recorded();
        self.latest = time;
        self.offsets = (if self.offsets.0 == 0 { offset } else { self.offsets.0 }, offset);
        offset
    }

    fn record_lost(&mut self, range: SeqRange, now: Moment, history: &mut History) {
        let lost = LinkLost {
            from: range.from,
            to: range.to,
            count: range.to - range.from + 1,
            reason: "unannounced".to_owned(),
            ..LinkLost::default()
        };
        let json = control_line(kind::LINK_LOST, now.time, Some(&self.id), &lost);
        // Our own line passes the validator; readers fold it as we do.
        let line = Line::parse(&json, &Limits::default()).ok();
        let patch = line.and_then(|line| {
            let change = Arc::make_mut(&mut self.state).apply(&line);
            self.patch(Some(&line), &change, history)
        });
        self.record(Body::own(kind::LINK_LOST, json), patch, now.time, history);
    }
}
