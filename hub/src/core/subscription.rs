//! One reader on its way to the newest event: a position in the shared history and what it wants of it.

use std::sync::Arc;

use choo_protocol::{Filter, Limits, Line, RunId, kind};

use super::cold::{Cold, WayOn};
use super::cursor::{Cursor, Epoch, Since};
use super::frame::{Block, Frame};
use super::history::{Body, Record};
use super::hub::Core;
use super::moment::Moment;
use super::opening::Opening;
use super::process::{Course, Part, Process, gap_line};
use super::run::Run;
use super::saved::{Fetch, Hole, Only, Page};

/// About the largest block, in bytes.
pub(crate) const BLOCK_BYTES: usize = 64 << 10;

/// How many records are looked at in one turn.
const SCAN: usize = 4096;

/// Which events a reader wants.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Selection {
    /// What the filter admits, with all control lines.
    Filter(Filter),
    /// Those of the most recently started run, without control lines (SPEC §9).
    Newest,
    /// How the state of a run changes, or of all.
    Patches(Option<RunId>),
    /// What a task writes, or changes.
    Process(Process),
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
    /// What it got from the store, ahead of its position.
    cold: Cold,
    /// What it would come back with.
    told: Since,
    /// It has been told how runs stood at this offset, so that older states are of no use to it.
    stated: u64,
    /// What it gets first.
    opening: Vec<Frame>,
    /// The run it is at, with [`Selection::Newest`].
    newest: Option<RunId>,
    /// The end it comes to, with [`Selection::Process`].
    course: Course,
    past_end: bool,
    done: bool,
}

/// What to do for a reader.
#[derive(Debug)]
pub(crate) enum Step {
    /// Write this, and poll again once there is room for more.
    Send(Block),
    /// Poll again: a turn is over, and there was nothing for it so far.
    Again,
    /// Ask the store this, hand the answer to [`Subscription::handle_page`], and poll again.
    Fetch(Fetch),
    /// It has all there is up to where it was to read.
    Idle,
    /// It is over.
    End,
}

impl Subscription {
    /// Opens a stream. Snapshots and the position they belong to are taken in this one turn, so that
    /// nothing falls between them.
    pub(crate) fn new(core: &Core, selection: Selection, since: Since, now: Moment) -> Self {
        let mut subscription = Subscription {
            selection,
            position: core.history().last(),
            cold: Cold::default(),
            told: since,
            stated: 0,
            opening: Vec::new(),
            newest: None,
            course: Course::default(),
            past_end: false,
            done: false,
        };
        let opening = match &subscription.selection {
            Selection::Filter(filter) => Opening::new(core, filter, since, now),
            Selection::Patches(run) => Opening::of_patches(core, run.as_ref(), since, now),
            Selection::Process(process) => {
                subscription.course = Course::new(core, process);
                let mut opening = Opening::of_process(core, process, since, now);
                if subscription.only_logs().is_some() && matches!(since, Since::Snapshot) {
                    opening.tell_lost(core, process, now);
                }
                opening
            }
            Selection::Newest => {
                subscription.newest = core.runs().newest().map(|run| run.id().clone());
                return subscription;
            }
        };
        subscription.past_end = opening.is_past_end();
        subscription.opening = subscription.go_to(opening);
        subscription
    }

    /// Takes the place that an opening ends at, and gives what it says.
    fn go_to(&mut self, opening: Opening) -> Vec<Frame> {
        self.position = opening.position;
        self.stated = opening.stated;
        self.done = opening.over;
        opening.frames
    }

    /// Goes on with a stream behind a cursor that has been sent.
    pub(crate) fn resume(selection: Selection, told: Cursor) -> Self {
        Subscription {
            selection,
            position: told.offset,
            cold: Cold::default(),
            told: Since::Cursor(told),
            stated: 0,
            opening: Vec::new(),
            newest: None,
            course: Course::default(),
            past_end: false,
            done: false,
        }
    }

    /// It wants something else from here on.
    pub(crate) fn reselect(&mut self, selection: &Selection) {
        if self.selection != *selection {
            self.selection = selection.clone();
        }
    }

    /// Whether it came back behind the end of the run it follows, so that nothing is left to say.
    pub(crate) fn is_past_end(&self) -> bool {
        self.past_end
    }

    /// Whether there is something to send it before it reads on.
    pub(crate) fn is_opening(&self) -> bool {
        !self.opening.is_empty() || self.done || self.course.outcome().is_some()
    }

    /// Whether it is over once the last block is sent.
    pub(crate) fn is_over(&self) -> bool {
        self.done && self.opening.is_empty()
    }

    /// The offset behind which it reads on.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// How far the reader was told that it is, which may be less: what says nothing to it is passed over.
    pub(crate) fn told(&self) -> u64 {
        match self.told {
            Since::Cursor(told) => told.offset,
            Since::Snapshot | Since::Earliest | Since::Now => 0,
        }
    }

    /// What the store answered.
    pub(crate) fn handle_page(&mut self, page: Page) {
        self.cold.handle_page(page);
    }

    /// What to do now, if it reads on as far as the offset `until`.
    pub(crate) fn poll(&mut self, core: &Core, until: u64, now: Moment) -> Step {
        let history = core.history();
        if !self.opening.is_empty() {
            let opening = std::mem::take(&mut self.opening);
            return self.send(core, opening);
        }
        if self.done {
            return Step::End;
        }
        if let Some(through) = self.cold.take_end() {
            self.position = self.position.max(through);
        }
        if let Some(hole) = self.cold.take_hole() {
            return self.tell_hole(core, hole, now);
        }
        if let Selection::Patches(run) = &self.selection
            && self.position < history.floor()
        {
            let opening = Opening::patches_overtaken(core, run.as_ref(), self.position, now);
            let frames = self.go_to(opening);
            return if frames.is_empty() { Step::Again } else { self.send(core, frames) };
        }
        if self.cold.is_empty() && self.position < history.floor() {
            match Cold::way_on(core, self.position, self.selection.only_run()) {
                WayOn::Fetch(fetch) => return Step::Fetch(Fetch { only: self.only_logs(), ..fetch }),
                WayOn::Hole(hole) => return self.tell_hole(core, hole, now),
                WayOn::Overtaken if matches!(self.selection, Selection::Process(_)) => {
                    return self.tell_hole(core, Cold::evicted(core, self.position), now);
                }
                WayOn::Overtaken => {}
            }
            if let Selection::Filter(filter) = &self.selection {
                let opening = Opening::overtaken(core, filter, self.position, now);
                let frames = self.go_to(opening);
                return self.send(core, frames);
            }
            self.position = history.floor();
        }
        let until = until.max(self.course.until());
        if self.position >= until.min(history.last()) {
            return self.tell_end(core, now);
        }
        if self.newest.is_none() && self.selection == Selection::Newest {
            self.newest = core.runs().newest().map(|run| run.id().clone());
        }
        let frames = self.collect(core, until);
        if frames.is_empty() { Step::Again } else { self.send(core, frames) }
    }

    /// The store does not have what comes next.
    fn tell_hole(&mut self, core: &Core, hole: Hole, now: Moment) -> Step {
        let from = self.position;
        self.position = hole.to.max(from);
        let filter = match &self.selection {
            Selection::Filter(filter) => filter,
            Selection::Process(process) => {
                // It may have ended there.
                self.course = Course::new(core, process);
                return self.send(core, vec![Frame::Control(gap_line(core, from, hole, now.time))]);
            }
            _ => return Step::Again,
        };
        let opening = Opening::behind_hole(core, filter, from, hole, now);
        self.stated = opening.stated;
        self.done = opening.over;
        self.send(core, opening.frames)
    }

    /// It has everything; the stream of a process that has ended is over.
    fn tell_end(&mut self, core: &Core, now: Moment) -> Step {
        match (&self.selection, self.course.outcome()) {
            (Selection::Process(process), Some(outcome)) => {
                self.done = true;
                let end = process.end_line(outcome, now.time);
                self.course = Course::default();
                self.send(core, vec![Frame::Control(end)])
            }
            _ => Step::Idle,
        }
    }

    /// Only output is asked for, where nothing else would be told.
    fn only_logs(&self) -> Option<Only> {
        match &self.selection {
            Selection::Process(process) if process.part == Part::Logs && self.course.is_finite() => {
                Some(Only::Logs(process.logs()))
            }
            _ => None,
        }
    }

    fn send(&mut self, core: &Core, frames: Vec<Frame>) -> Step {
        let cursor = core.cursor(self.position);
        let before = std::mem::replace(&mut self.told, Since::Cursor(cursor));
        Step::Send(Block { frames, cursor, before, moved: before != self.told })
    }

    /// The next block of what it wants, as far as a turn allows.
    fn collect(&mut self, core: &Core, until: u64) -> Vec<Frame> {
        let mut block = Collected { frames: Vec::new(), bytes: 0, until };
        if self.cold.is_empty() {
            for record in core.history().after(self.position).take(SCAN) {
                if !self.take(core, record, &mut block) {
                    break;
                }
            }
            return block.frames;
        }
        for _ in 0..SCAN {
            let Some(record) = self.cold.front().cloned() else { break };
            // A question may be answered with more than was asked for.
            if record.offset > self.position && !self.take(core, &record, &mut block) {
                break;
            }
            self.cold.pop();
        }
        block.frames
    }

    /// Takes a record into the block if it is wanted; `false` if it is left for the next block, or
    /// nothing comes behind it.
    fn take(&mut self, core: &Core, record: &Arc<Record>, block: &mut Collected) -> bool {
        if record.offset > block.until {
            // What the store was asked for may leave out the others' records before this one.
            self.position = self.position.max(block.until);
            return false;
        }
        if let Selection::Process(process) = &self.selection {
            self.course.handle(process, record);
        }
        let item = Item::new(core, record, &mut self.newest);
        let outdated = match &record.body {
            Body::State(_) => record.offset <= self.stated,
            // Told at the beginning, since the store may pass over it.
            Body::Line { kind, .. } => kind == kind::LINK_LOST && self.only_logs().is_some(),
        };
        if self.selection.admits(&item) && !outdated {
            let bytes = self.selection.bytes(record);
            if block.bytes > 0 && block.bytes + bytes > BLOCK_BYTES {
                return false;
            }
            block.bytes += bytes;
            self.done = item.over && self.selection.is_one_run();
            block.frames.push(self.selection.frame(&item, core.epoch()));
        }
        self.position = record.offset;
        !self.done
    }
}

/// A block that is being put together.
struct Collected {
    frames: Vec<Frame>,
    bytes: usize,
    /// The offset up to which it goes.
    until: u64,
}

impl Selection {
    /// Whether it has one run only, whose end is its own.
    pub(crate) fn is_one_run(&self) -> bool {
        self.only_run().is_some()
    }

    fn only_run(&self) -> Option<&RunId> {
        match self {
            Selection::Filter(filter) => filter.run.as_ref(),
            Selection::Patches(run) => run.as_ref(),
            Selection::Process(process) => Some(&process.run),
            Selection::Newest => None,
        }
    }

    /// A record as it stands in a block.
    pub(crate) fn frame(&self, item: &Item, epoch: Epoch) -> Frame {
        let record = &item.record;
        match &record.body {
            Body::State(state) if !matches!(self, Selection::Patches(_)) => {
                Frame::Snapshot { state: Arc::clone(state), cursor: epoch.cursor(record.offset) }
            }
            Body::State(_) | Body::Line { .. } => Frame::Event(Arc::clone(record)),
        }
    }

    /// How much a record adds to a block, in bytes.
    pub(crate) fn bytes(&self, record: &Record) -> usize {
        match self {
            Selection::Patches(_) => record.patch.as_ref().map_or(0, |patch| patch.bytes()),
            _ => record.bytes(),
        }
    }

    /// Whether a reader of this wants a record.
    pub(crate) fn admits(&self, item: &Item) -> bool {
        let record = &item.record;
        let run = record.run.as_ref();
        let filter = match self {
            Selection::Filter(filter) => filter,
            Selection::Newest => return item.is_of_newest(),
            Selection::Patches(wanted) => {
                return (record.patch.is_some() || item.over)
                    && wanted.as_ref().is_none_or(|wanted| run == Some(wanted));
            }
            Selection::Process(process) => return process.admits(record),
        };
        match &record.body {
            Body::Line { kind, json, .. } if filter.needs_payload(kind) => {
                Line::parse(json, &Limits::default()).is_ok_and(|line| filter.admits_line(&line))
            }
            Body::Line { kind, unit, .. } if !kind.starts_with("hub.") => {
                filter.admits(kind, unit, run.map(RunId::as_str))
            }
            // What the hub itself says passes every filter but that on the run.
            _ if run.is_some_and(|run| !filter.admits_run(run.as_str())) => false,
            // The end of a run that went on after all would end a reader's stream for good.
            Body::Line { kind, .. } if kind == kind::HUB_END => item.over,
            Body::Line { .. } | Body::State(_) => true,
        }
    }
}

/// A record, with what has to be known of it beyond what it says itself.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) record: Arc<Record>,
    /// It is the end of its run, which has not gone on since.
    pub(crate) over: bool,
    /// It belongs to the run that was the most recently started one when it came.
    newest: bool,
}

impl Item {
    /// Looks at a record. `newest` is the run that was the most recently started one before it, and
    /// afterwards is the one that is so with it.
    pub(crate) fn new(core: &Core, record: &Arc<Record>, newest: &mut Option<RunId>) -> Self {
        let run = record.run.as_ref();
        if run.is_some() && run != newest.as_ref() && !record.is_own() {
            let rank = |id: Option<&RunId>| core.runs().get(id?.as_str()).map(Run::rank);
            if rank(run) > rank(newest.as_ref()) {
                *newest = run.cloned();
            }
        }
        let ended = |run: &RunId| core.runs().get(run.as_str()).map(Run::end_offset);
        let over =
            record.is_end() && run.and_then(ended).is_none_or(|end: Option<u64>| end == Some(record.offset));
        Item { record: Arc::clone(record), over, newest: run == newest.as_ref() }
    }

    /// Whether a reader of the original daemon's stream gets it (SPEC §9).
    fn is_of_newest(&self) -> bool {
        self.newest && !self.record.is_own()
    }
}

impl Record {
    /// Whether it says something that orchestrators do not.
    fn is_own(&self) -> bool {
        match &self.body {
            Body::Line { kind, .. } => kind.starts_with("hub.") || kind.starts_with("link."),
            Body::State(_) => true,
        }
    }

    fn is_end(&self) -> bool {
        matches!(&self.body, Body::Line { kind, .. } if kind == kind::HUB_END)
    }

    /// How long its line is, in bytes.
    fn bytes(&self) -> usize {
        match &self.body {
            Body::Line { json, .. } => json.len(),
            Body::State(_) => 0,
        }
    }
}
