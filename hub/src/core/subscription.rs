//! One reader: a position in the shared history and what it wants of it.

use std::sync::Arc;
use std::time::Duration;

use choo_protocol::{Filter, HubBye, Limits, Line, RunId, RunState, control_line, kind};

use super::cursor::Cursor;
use super::history::{Body, Record};
use super::hub::Core;
use super::moment::Moment;
use super::opening::Opening;
use super::run::Run;

/// A reader that is not idle gets what gathers in this time in one block.
pub(crate) const GATHER: Duration = Duration::from_millis(16);

/// ... unless this much has gathered before. Also about the largest block.
pub(crate) const BLOCK_BYTES: usize = 64 << 10;

/// A reader that nothing is sent to for this long gets a sign of life.
pub(crate) const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// When readers are asked to come back after a shutdown.
pub(crate) const RETRY_MS: u32 = 1000;

/// How many records are looked at in one turn.
const SCAN: usize = 4096;

/// Which events a reader wants.
#[derive(Clone, Debug)]
pub(crate) enum Selection {
    /// What the filter admits, with all control lines.
    Filter(Filter),
    /// Those of the most recently started run, without control lines (SPEC §9).
    Newest,
}

/// Where a reader wants to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// Behind an event it has seen.
    Cursor(Cursor),
    /// Now, told first how everything stands.
    Snapshot,
    /// At the first event there is.
    Earliest,
    /// Now.
    Now,
}

/// One reader.
///
/// It is no queue: it costs its position, however far it lags. Its driver calls
/// [`Subscription::poll`] again and again and does what it says.
#[derive(Debug)]
pub(crate) struct Subscription {
    selection: Selection,
    /// The offset behind which it reads on.
    position: u64,
    /// The position it was last told.
    told: u64,
    /// It has been told how runs stood at this offset, so that older states are of no use to it.
    stated: u64,
    /// What it gets first.
    opening: Vec<Frame>,
    /// The run it is at, with [`Selection::Newest`].
    newest: Option<RunId>,
    /// When it last got something.
    sent_at: Duration,
    past_end: bool,
    done: bool,
}

/// What to do for a reader.
#[derive(Debug)]
pub(crate) enum Step {
    /// Write this, and poll again once there is room for more.
    Send(Block),
    /// Poll again when something was recorded, or at this time.
    Wait(Duration),
    /// Poll again at this time, whatever is recorded until then.
    Gather(Duration),
    /// It is over.
    End,
}

/// What goes out together.
#[derive(Debug)]
pub(crate) struct Block {
    /// May be empty: then it is a sign of life.
    pub(crate) frames: Vec<Frame>,
    /// Where a reader that has the whole block stands.
    pub(crate) cursor: Cursor,
    /// Whether that is further than it was told before.
    pub(crate) moved: bool,
}

/// One item of a stream.
#[derive(Clone, Debug)]
pub(crate) enum Frame {
    /// A line from the history.
    Event(Arc<Record>),
    /// How a run stood at a cursor.
    Snapshot { state: Arc<RunState>, cursor: Cursor },
    /// A line of the hub's own, to this reader alone.
    Control(Vec<u8>),
}

impl Subscription {
    /// Opens a stream. Snapshots and the position they belong to are taken in this one turn, so that
    /// nothing falls between them.
    pub(crate) fn new(core: &Core, selection: Selection, since: Since, now: Moment) -> Self {
        let mut subscription = Subscription {
            selection,
            position: core.history().last(),
            told: 0,
            stated: 0,
            opening: Vec::new(),
            newest: None,
            sent_at: Duration::ZERO,
            past_end: false,
            done: false,
        };
        match &subscription.selection {
            Selection::Filter(filter) => {
                let opening = Opening::new(core, filter, since, now);
                subscription.past_end = opening.is_past_end();
                subscription.position = opening.position;
                subscription.stated = opening.stated;
                subscription.done = opening.over;
                subscription.opening = opening.frames;
            }
            Selection::Newest => subscription.newest = core.runs().newest().map(|run| run.id().clone()),
        }
        subscription
    }

    /// Whether it came back behind the end of the run it follows, so that nothing is left to say.
    pub(crate) fn is_past_end(&self) -> bool {
        self.past_end
    }

    /// What to do now.
    pub(crate) fn poll(&mut self, core: &Core, now: Moment) -> Step {
        let history = core.history();
        if !self.opening.is_empty() {
            let opening = std::mem::take(&mut self.opening);
            return self.send(core, opening, now);
        }
        if self.done {
            return Step::End;
        }
        if self.position < history.floor() {
            if let Selection::Filter(filter) = &self.selection {
                let opening = Opening::overtaken(core, filter, self.position, now);
                self.position = opening.position;
                self.done = opening.over;
                return self.send(core, opening.frames, now);
            }
            self.position = history.floor();
        }
        if self.position < history.last() {
            let gathered = history.bytes_after(self.position) >= BLOCK_BYTES as u64;
            let until = self.sent_at + GATHER;
            if now.at < until && !gathered && !core.closing() {
                return Step::Gather(until);
            }
            let frames = self.collect(core);
            return if frames.is_empty() { Step::Gather(now.at) } else { self.send(core, frames, now) };
        }
        if core.closing() {
            self.done = true;
            let bye = HubBye { code: "shutdown".to_owned(), retry_ms: RETRY_MS };
            let bye = Frame::Control(control_line(kind::HUB_BYE, now.time, None, &bye));
            return self.send(core, vec![bye], now);
        }
        let until = self.sent_at + KEEP_ALIVE;
        if until <= now.at { self.send(core, Vec::new(), now) } else { Step::Wait(until) }
    }

    fn send(&mut self, core: &Core, frames: Vec<Frame>, now: Moment) -> Step {
        let moved = self.told < self.position;
        self.told = self.position;
        self.sent_at = now.at;
        Step::Send(Block { frames, cursor: core.cursor(self.position), moved })
    }

    /// The next block of what it wants, as far as a turn allows.
    fn collect(&mut self, core: &Core) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut bytes = 0;
        for record in core.history().after(self.position).take(SCAN) {
            if self.wants(core, record) {
                match &record.body {
                    Body::Line { json, .. } if bytes > 0 && bytes + json.len() > BLOCK_BYTES => break,
                    Body::Line { kind, json, .. } => {
                        bytes += json.len();
                        self.done = kind == kind::HUB_END && self.follows_one();
                        frames.push(Frame::Event(Arc::clone(record)));
                    }
                    Body::State(state) => {
                        let cursor = core.cursor(record.offset);
                        frames.push(Frame::Snapshot { state: Arc::clone(state), cursor });
                    }
                }
            }
            self.position = record.offset;
            if self.done {
                break;
            }
        }
        frames
    }

    fn wants(&mut self, core: &Core, record: &Record) -> bool {
        let Selection::Filter(filter) = &self.selection else { return self.is_of_newest(core, record) };
        let run = record.run.as_ref();
        match &record.body {
            Body::Line { kind, json, .. } if filter.needs_payload(kind) => {
                Line::parse(json, &Limits::default()).is_ok_and(|line| filter.admits_line(&line))
            }
            Body::Line { kind, unit, .. } if !kind.starts_with("hub.") => {
                filter.admits(kind, unit, run.map(RunId::as_str))
            }
            // What the hub itself says passes every filter but that on the run.
            _ if run.is_some_and(|run| !filter.admits_run(run.as_str())) => false,
            Body::State(_) => self.stated < record.offset,
            // The end of a run that went on after all would end a reader's stream for good.
            Body::Line { kind, .. } if kind == kind::HUB_END => {
                let run = run.and_then(|id| core.runs().get(id.as_str()));
                run.is_none_or(|run| run.end_offset() == Some(record.offset))
            }
            Body::Line { .. } => true,
        }
    }

    fn is_of_newest(&mut self, core: &Core, record: &Record) -> bool {
        let Body::Line { kind, .. } = &record.body else { return false };
        if kind.starts_with("hub.") || kind.starts_with("link.") {
            return false;
        }
        let run = record.run.as_ref();
        let rank = |id: Option<&RunId>| core.runs().get(id?.as_str()).map(Run::rank);
        if run != self.newest.as_ref() && rank(run) > rank(self.newest.as_ref()) {
            self.newest = run.cloned();
        }
        run == self.newest.as_ref()
    }

    fn follows_one(&self) -> bool {
        matches!(&self.selection, Selection::Filter(filter) if filter.run.is_some())
    }
}
