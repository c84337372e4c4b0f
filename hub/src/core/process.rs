//! What one task of a run writes, or changes in files: a stream with an end of its own.

use choo_protocol::{
    HubEnd, HubGap, Limits, Line, LogStream, RunId, TaskStatus, Timestamp, UnitStatus, control_line, kind,
};
use serde::Serialize;

use super::history::{Body, Record};
use super::hub::Core;
use super::run::Run;
use super::saved::{Hole, Logs};

/// A task as a process that runs: what is read of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Process {
    pub(crate) run: RunId,
    pub(crate) unit: Box<str>,
    pub(crate) task: i64,
    pub(crate) part: Part,
}

/// A part of what a process does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Part {
    /// Its output.
    Logs,
    /// The differences of files that name it, or no task at all.
    Diffs,
}

/// How a process has ended, in the last word of the event that said so.
pub(crate) type Outcome = &'static str;

impl Process {
    /// The process with the name `run~unit~task`.
    pub(crate) fn parse(name: &str, part: Part) -> Option<Self> {
        // Names of runs have no `~`; those of units may.
        let (run, rest) = name.split_once('~')?;
        let (unit, task) = rest.rsplit_once('~')?;
        let unit = Some(unit).filter(|unit| !unit.is_empty())?.into();
        Some(Process { run: run.parse().ok()?, unit, task: task.parse().ok()?, part })
    }

    /// Whether a record is part of it. What says that something is lost is.
    pub(super) fn admits(&self, record: &Record) -> bool {
        let Body::Line { kind, unit, task, .. } = &record.body else { return false };
        if record.run.as_ref() != Some(&self.run) {
            return false;
        }
        let own = **unit == *self.unit && *task == Some(self.task);
        match self.part {
            _ if kind == kind::LINK_LOST => true,
            Part::Logs => own && LogStream::of(kind).is_some(),
            Part::Diffs => {
                let shared = **unit == *self.unit && task.is_none();
                (own || shared) && (kind == kind::DIFF_FILE || kind == kind::DIFF_REMOVED)
            }
        }
    }

    /// Whether nothing of it has come behind an offset at which it had ended.
    pub(crate) fn is_past_end(&self, core: &Core, offset: u64) -> bool {
        let history = core.history();
        let concerns = |record: &Record| self.admits(record) || Ends::default().handle(self, record);
        Ends::of(core, self).outcome().is_some()
            && offset >= history.floor()
            && !history.after(offset).any(|record| concerns(record))
    }

    /// Where its run begins: the offset before its first record.
    pub(super) fn beginning(&self, core: &Core) -> u64 {
        let first = core.runs().get(self.run.as_str()).map(Run::offsets);
        first.map_or(0, |(first, _)| first.saturating_sub(1))
    }

    /// Which output it is of.
    pub(super) fn logs(&self) -> Logs {
        Logs { unit: Some(self.unit.to_string()), task: Some(self.task) }
    }

    /// The line that says that nothing more comes of it.
    pub(crate) fn end_line(&self, status: Outcome, time: Timestamp) -> Vec<u8> {
        #[derive(Serialize)]
        struct End<'a> {
            run: &'a RunId,
            unit: &'a str,
            task: i64,
            status: Outcome,
        }
        let end = End { run: &self.run, unit: &self.unit, task: self.task, status };
        control_line(kind::HUB_END, time, Some(&self.run), &end)
    }
}

/// What has ended of a process and of what it belongs to, and how.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ends {
    task: Option<Outcome>,
    unit: Option<Outcome>,
    run: Option<Outcome>,
}

impl Ends {
    /// As its run stands now.
    pub(crate) fn of(core: &Core, process: &Process) -> Self {
        let Some(run) = core.runs().get(process.run.as_str()) else { return Ends::default() };
        let unit = run.state().units.get(&*process.unit);
        let task = unit.and_then(|unit| unit.tasks.get(&process.task));
        Ends {
            task: match task.map(|task| task.status) {
                Some(TaskStatus::Completed) => Some("completed"),
                Some(TaskStatus::Failed) => Some("failed"),
                _ => None,
            },
            unit: match unit.map(|unit| unit.status) {
                Some(UnitStatus::Complete) => Some("completed"),
                Some(UnitStatus::Failed) => Some("failed"),
                Some(UnitStatus::Cancelled) => Some("cancelled"),
                Some(UnitStatus::Skipped) => Some("skipped"),
                _ => None,
            },
            run: run.end_offset().map(|_| run.state().status.as_str()),
        }
    }

    /// Takes the next record; whether it says that something ended, or goes on after all.
    pub(crate) fn handle(&mut self, process: &Process, record: &Record) -> bool {
        let Body::Line { kind, unit, task, json } = &record.body else { return false };
        if record.run.as_ref() != Some(&process.run) {
            return false;
        }
        if kind == kind::HUB_END {
            let line = Line::parse(json, &Limits::default()).ok();
            let end = line.and_then(|line| line.payload::<HubEnd>()?.ok());
            self.run = end.map(|end| end.status.as_str());
            return true;
        }
        // It goes on.
        self.run = None;
        if **unit != *process.unit {
            return false;
        }
        let own = *task == Some(process.task);
        match &**kind {
            kind::TASK_COMPLETED if own => self.task = Some("completed"),
            kind::TASK_FAILED if own => self.task = Some("failed"),
            kind::TASK_STARTED | kind::TASK_RETRY if own => self.task = None,
            kind::UNIT_COMPLETED => self.unit = Some("completed"),
            kind::UNIT_FAILED => self.unit = Some("failed"),
            kind::UNIT_CANCELLED => self.unit = Some("cancelled"),
            kind::UNIT_SKIPPED => self.unit = Some("skipped"),
            kind::UNIT_QUEUED | kind::UNIT_STARTED => self.unit = None,
            _ => return false,
        }
        true
    }

    /// How it has ended, if it has.
    pub(crate) fn outcome(&self) -> Option<Outcome> {
        self.task.or(self.unit).or(self.run)
    }
}

/// How far the stream of a process has come with its end.
#[derive(Debug, Default)]
pub(super) struct Course {
    /// The offset of the newest record when the stream began.
    began: u64,
    /// It had ended then, and the stream goes up to there.
    finite: bool,
    ends: Ends,
}

impl Course {
    /// The course of a stream that begins now.
    pub(super) fn new(core: &Core, process: &Process) -> Self {
        let ends = Ends::of(core, process);
        Course { began: core.history().last(), finite: ends.outcome().is_some(), ends }
    }

    /// Up to where it has to be read before its end can be told.
    pub(super) fn until(&self) -> u64 {
        if self.finite { self.began } else { 0 }
    }

    /// Whether only what was there is wanted.
    pub(super) fn is_finite(&self) -> bool {
        self.finite
    }

    /// How it has ended, as far as it has been read.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        self.ends.outcome()
    }

    /// The next record has been read.
    pub(super) fn handle(&mut self, process: &Process, record: &Record) {
        if record.offset > self.began && self.ends.handle(process, record) {
            self.finite = false;
        }
    }
}

/// The line that says that something is missing behind `position`.
pub(super) fn gap_line(core: &Core, position: u64, hole: Hole, time: Timestamp) -> Vec<u8> {
    let gap = HubGap {
        from: core.cursor(position).to_string(),
        to: core.cursor(hole.to.max(position)).to_string(),
        count: Some(core.epochs().count(hole.from - 1, hole.to)),
        why: hole.why.as_str().to_owned(),
    };
    control_line(kind::HUB_GAP, time, None, &gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s4_25_a_process_has_one_name() {
        let process = Process::parse("01JH~app~shell~2", Part::Logs).unwrap();
        assert_eq!((process.run.as_str(), &*process.unit, process.task), ("01JH", "app~shell", 2));
        for bad in ["", "~", "~~", "r~a", "r~~1", "r~a~", "r~a~x", "a b~a~1"] {
            assert_eq!(Process::parse(bad, Part::Logs), None, "{bad:?}");
        }
    }
}
