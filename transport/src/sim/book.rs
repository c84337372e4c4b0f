//! What one reader has read, and what must be true of it.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use choo_protocol::{
    Class, Limits, Line, LinkBye, LinkLost, OrchSnapshot, PendingSnapshot, RunId, RunState, SeqRange, kind,
};

use super::mark::{Mark, Marks};

/// Everything that was emitted.
pub(crate) struct Truth {
    pub(crate) run: RunId,
    /// The fold of all of it.
    pub(crate) state: RunState,
    /// The line of each event without its newline, by `seq` from 1.
    pub(crate) lines: Vec<Vec<u8>>,
    /// The same on the original tool's wire.
    pub(crate) seed_lines: HashMap<Vec<u8>, u64>,
    pub(crate) bytes: usize,
}

impl Truth {
    fn line(&self, seq: u64) -> Option<Line<'_>> {
        let line = self.lines.get(usize::try_from(seq).unwrap().checked_sub(1)?)?;
        let limits = Limits::default();
        Some(Line::parse(line, &limits).unwrap_or_else(|_| Line::parse(OVERSIZED, &limits).unwrap()))
    }

    /// The fold of the first so many events.
    fn state_at(&self, seq: u64) -> RunState {
        if seq == self.last() {
            return self.state.clone();
        }
        let mut state = RunState::new(self.run.clone());
        let limits = Limits::default();
        let lines = self.lines[..usize::try_from(seq).unwrap()].iter();
        for line in lines.filter_map(|line| Line::parse(line, &limits).ok()) {
            state.apply(&line);
        }
        state
    }

    pub(crate) fn last(&self) -> u64 {
        self.lines.len() as u64
    }
}

/// Stands for a line that is longer than the wire allows.
const OVERSIZED: &[u8] = br#"{"type":"log.stdout"}"#;

/// A reader's memory: what a hub stores.
#[derive(Clone)]
pub(crate) struct Book {
    pub(crate) state: RunState,
    seen: u64,
    /// Ranges told by `link.lost`, and how many events of each are missing.
    lost: Vec<(SeqRange, u64)>,
    stored: BTreeSet<u64>,
    /// Ranges known through a snapshot only.
    pub(crate) summaries: Vec<SeqRange>,
    /// What lies before an `orch.started` that came first, until a snapshot tells of it.
    awaited: Option<SeqRange>,
    /// Of a snapshot that is not all there: through which event, which part comes next, and of how many.
    parts: Option<(u64, u32, u32)>,
    pub(crate) bye: Option<u64>,
}

impl Book {
    pub(crate) fn new(run: &RunId) -> Self {
        Book {
            state: RunState::new(run.clone()),
            seen: 0,
            lost: Vec::new(),
            stored: BTreeSet::new(),
            summaries: Vec::new(),
            awaited: None,
            parts: None,
            bye: None,
        }
    }

    /// Takes an event or what stands for some.
    pub(crate) fn take(&mut self, line: &Line<'_>, truth: &Truth, marks: &mut Marks) {
        if line.kind != kind::ORCH_SNAPSHOT {
            // A late welcome had the pusher go on elsewhere, or what follows is no next part.
            self.parts = None;
        }
        match &*line.kind {
            kind::LINK_BYE => {
                let LinkBye { last } = line.payload().unwrap().unwrap();
                assert_eq!(last, truth.last(), "link.bye names the last event");
                assert_eq!(self.have(), last, "link.bye comes last");
                self.bye = Some(last);
            }
            kind::LINK_LOST => self.take_lost(&line.payload().unwrap().unwrap(), truth, marks),
            kind::ORCH_SNAPSHOT => {
                let snapshot: OrchSnapshot = line.payload().unwrap().unwrap();
                let (through, (part, parts)) = (snapshot.through, snapshot.place());
                assert!(through <= truth.last());
                let due = self.parts.take();
                assert!(part == 1 || due == Some((through, part, parts)), "{part} of {parts}, but {due:?}");
                self.parts = (part < parts).then_some((through, part + 1, parts));
                if through <= self.seen {
                    marks.hit(Mark::Repeat);
                    return;
                }
                if part < parts {
                    self.state.apply(line);
                    return;
                }
                marks.hit(Mark::Snapshot);
                marks.hit_if(parts > 1, Mark::SnapshotParts);
                self.summaries.extend(self.awaited.take());
                self.summaries.push(SeqRange { from: self.seen + 1, to: through });
                self.seen = through;
            }
            _ => {
                if !self.take_event(line, truth, marks) {
                    return;
                }
            }
        }
        self.state.apply(line);
    }

    /// A connection ended: what it has of a snapshot is of no use.
    pub(crate) fn end(&mut self, marks: &mut Marks) {
        marks.hit_if(self.parts.take().is_some(), Mark::SnapshotTorn);
        self.state.pending = PendingSnapshot::default();
    }

    /// Takes an event from the original tool's wire, where nothing comes twice but the opening.
    pub(crate) fn take_plain(&mut self, seq: u64, opening: bool) {
        let new = self.stored.insert(seq);
        assert!(new || opening, "{seq} came twice");
    }

    fn take_event(&mut self, line: &Line<'_>, truth: &Truth, marks: &mut Marks) -> bool {
        let seq = line.seq.expect("every event has a number");
        assert_eq!(line.bytes(), truth.lines[usize::try_from(seq).unwrap() - 1], "a line arrives as it was");
        if seq <= self.seen {
            marks.hit(Mark::Repeat);
            return false;
        }
        let silent = self.silent(self.seen + 1, seq - 1);
        match (self.awaited, silent) {
            (Some(range), _) => panic!("{seq} came before anybody told of {range:?}"),
            (None, Some(missing)) => {
                assert!(line.kind == kind::ORCH_STARTED, "{missing} is missing before {seq}");
                self.awaited = Some(SeqRange { from: missing, to: seq - 1 });
            }
            (None, None) => {}
        }
        self.stored.insert(seq);
        self.seen = seq;
        true
    }

    fn take_lost(&mut self, lost: &LinkLost, truth: &Truth, marks: &mut Marks) {
        let LinkLost { from, to, count, ref by_type, .. } = *lost;
        assert!(1 <= from && from <= to && to <= truth.last() && 0 < count && count <= to - from + 1);
        let stored = self.stored.range(from..=to).count() as u64;
        assert!(count <= to - from + 1 - stored, "{lost:?} was delivered");
        if count == to - from + 1 {
            let mut kinds = BTreeMap::<String, u64>::new();
            for line in (from..=to).filter_map(|seq| truth.line(seq)) {
                *kinds.entry(line.kind.into_owned()).or_default() += 1;
            }
            // Of what a disk keeps for itself nobody knows what it was.
            let other = by_type.get("other").copied().unwrap_or(0);
            let mut known = by_type.iter().filter(|(kind, _)| *kind != "other");
            let fits = |(kind, n): (&String, &u64)| kinds.get(kind).is_some_and(|all| n <= all);
            assert!(known.all(fits) && by_type.values().sum::<u64>() == count, "{lost:?}: {kinds:?}");
            assert!(other > 0 || *by_type == kinds, "{lost:?}: {kinds:?}");
            assert!(other == 0 || marks.count(Mark::SpoolUnread) > 0, "{lost:?}");
        }
        marks.hit(Mark::Lost);
        marks.hit_if(count < to - from + 1, Mark::SparseLost);
        marks.hit_if(by_type.keys().any(|kind| Class::of(kind) == Class::Lifecycle), Mark::Collapsed);
        self.lost.push((SeqRange { from, to }, count));
    }

    /// The first event of the range of which nobody has told.
    fn silent(&self, from: u64, to: u64) -> Option<u64> {
        let told = |seq: &u64| self.lost.iter().any(|(range, _)| range.from <= *seq && *seq <= range.to);
        (from..=to).find(|seq| !told(seq))
    }

    /// Up to where it has everything or knows what became of it.
    pub(crate) fn have(&self) -> u64 {
        if let Some(awaited) = self.awaited {
            return awaited.from - 1;
        }
        let mut have = self.seen;
        let dense = self.lost.iter().filter(|(range, count)| *count == range.to - range.from + 1);
        let mut dense: Vec<SeqRange> = dense.map(|(range, _)| *range).collect();
        dense.sort_unstable();
        for range in dense {
            if range.from <= have + 1 {
                have = have.max(range.to);
            }
        }
        have
    }

    /// Nothing emitted is unaccounted for, and the picture is right.
    pub(crate) fn assert_complete(&self, truth: &Truth) {
        assert_eq!(self.have(), truth.last());
        self.assert_whole(truth);
    }

    /// The same of what it has.
    pub(crate) fn assert_whole(&self, truth: &Truth) {
        self.assert_told();
        assert_eq!(picture(&self.state), picture(&truth.state_at(self.have())));
    }

    /// Nothing of what it has is unaccounted for.
    pub(crate) fn assert_told(&self) {
        let have = self.have();
        let summarised = |seq: u64| self.summaries.iter().any(|range| range.from <= seq && seq <= range.to);
        for seq in 1..=have {
            let known = self.stored.contains(&seq) || summarised(seq) || self.silent(seq, seq).is_none();
            assert!(known, "{seq} was lost in silence");
        }
    }

    /// How many events it has as lines.
    pub(crate) fn has_stored(&self, seq: u64) -> bool {
        self.stored.contains(&seq)
    }

    pub(crate) fn stored(&self) -> u64 {
        self.stored.len() as u64
    }
}

/// A state without what differs by the way it came.
fn picture(state: &RunState) -> RunState {
    RunState { seq: 0, loss: choo_protocol::Loss::default(), summaries: Vec::new(), ..state.clone() }
}
