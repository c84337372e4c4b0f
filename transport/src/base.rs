//! One fold of everything that has left the ring.

use std::collections::VecDeque;
use std::sync::Arc;

use choo_protocol::{
    Limits, Line, LinkLost, RunId, RunState, Timestamp, control_line, kind, orch_snapshot_line,
};

use crate::block::{Meta, Role};

/// The state after the last event that left the ring. Cloning is cheap; the state is copied when one of
/// the clones changes.
#[derive(Clone, Debug)]
pub(crate) struct Base {
    state: Arc<RunState>,
    through: u64,
    /// The last event in it that may have changed the state.
    changed: u64,
    /// Whether it holds more than the pinned `orch.started` says by itself.
    holds_more: bool,
    /// Whether anybody will be told of the state.
    folds: bool,
}

impl Base {
    /// The state before the first event. Without `folds` it only knows how far it reaches.
    pub(crate) fn new(run: RunId, folds: bool) -> Self {
        Base { state: Arc::new(RunState::new(run)), through: 0, changed: 0, holds_more: false, folds }
    }

    /// Folds the line that leaves the ring.
    pub(crate) fn fold(&mut self, meta: Meta, line: &[u8]) {
        self.through = meta.seq;
        self.holds_more |= self.folds && meta.role != Role::Pinned;
        // A log line changes nothing but `seq`, and log lines are most of the stream.
        if meta.role != Role::Text {
            self.changed = meta.seq;
            self.apply(line);
        }
    }

    /// Takes account of a hole that somebody has been told of.
    pub(crate) fn fold_lost(&mut self, lost: &LinkLost) {
        self.reach(lost.to);
        self.holds_more |= self.folds;
        let run = self.state.run.clone();
        self.apply(&control_line(kind::LINK_LOST, Timestamp::from_unix_nanos(0), Some(&run), lost));
    }

    /// Says that up to here there is nothing more to come.
    pub(crate) fn reach(&mut self, seq: u64) {
        self.through = self.through.max(seq);
    }

    fn apply(&mut self, line: &[u8]) {
        if !self.folds {
            return;
        }
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        // A line no reader takes, such as one with an impossible type, changes no reader's state either.
        if let Ok(line) = Line::parse(line, &Limits::default()) {
            Arc::make_mut(&mut self.state).apply(&line);
        }
    }

    /// The last event in it, or told to be lost before it.
    pub(crate) fn through(&self) -> u64 {
        self.through
    }

    /// The last event in it that may have changed the state.
    pub(crate) fn changed(&self) -> u64 {
        self.changed
    }

    /// Whether a reader needs a snapshot besides the pinned `orch.started`.
    pub(crate) fn holds_more(&self) -> bool {
        self.holds_more
    }

    /// Its `orch.snapshot`, in parts of about `part_bytes`: at least one line.
    pub(crate) fn snapshot(&self, part_bytes: usize, time: Timestamp) -> VecDeque<Vec<u8>> {
        let mut state = RunState::clone(&self.state);
        state.seq = self.through;
        let parts = state.parts(part_bytes);
        let line = |(n, part): (usize, &String)| {
            let mut line = orch_snapshot_line(&state.run, self.through, n + 1, parts.len(), part, time);
            line.push(b'\n');
            line
        };
        parts.iter().enumerate().map(line).collect()
    }

    #[cfg(test)]
    pub(crate) fn state(&self) -> &RunState {
        &self.state
    }
}

#[cfg(test)]
mod tests {
    use choo_protocol::{Class, Event, LogStream};

    use super::*;

    /// What lets `Role::Text` lines go unparsed.
    #[test]
    fn text_changes_nothing_but_seq() {
        let run: RunId = "r".parse().unwrap();
        let events = [
            Event::log("unseen-unit", Some(1), LogStream::Stdout, "x", 1),
            Event::new(kind::LOG_ERROR).unwrap().unit("unseen-unit"),
            Event::new("log.of.a.new.kind").unwrap().unit("unseen-unit"),
        ];
        for event in events {
            let mut state = RunState::new(run.clone());
            let mut line = Vec::new();
            event.encode(Some(&run), Some(7), Timestamp::from_unix_nanos(0), &mut line);
            line.pop();
            assert_eq!(Role::and_class(&event.kind).0, Role::Text);
            assert_eq!(Class::of(&event.kind), Class::Bulk);
            let line = Line::parse(&line, &Limits::default()).unwrap();
            assert!(state.apply(&line).is_quiet());
            assert_eq!(state, RunState { seq: 7, ..RunState::new(run.clone()) });
        }
    }

    #[test]
    fn clones_part_when_one_changes() {
        let run: RunId = "r".parse().unwrap();
        let mut base = Base::new(run.clone(), true);
        let before = base.clone();
        let mut line = Vec::new();
        Event::unit_started("a").encode(Some(&run), Some(1), Timestamp::from_unix_nanos(0), &mut line);
        let len = u32::try_from(line.len()).unwrap();
        base.fold(Meta { seq: 1, len, class: Class::Lifecycle, role: Role::Event }, &line);
        assert!(base.holds_more() && !before.holds_more());
        assert_eq!((base.through(), before.through()), (1, 0));
        assert!(before.state().units.is_empty());
        for part_bytes in [1, RunState::PART_BYTES] {
            let mut reader = RunState::new(run.clone());
            for line in base.snapshot(part_bytes, Timestamp::from_unix_nanos(0)) {
                reader.apply(&Line::parse(line.strip_suffix(b"\n").unwrap(), &Limits::default()).unwrap());
            }
            assert_eq!(reader.units, base.state().units);
        }
    }
}
