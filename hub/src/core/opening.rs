//! How a reader's stream begins, and how it goes on behind a gap.

use std::sync::Arc;

use choo_protocol::{Filter, HubGap, HubHello, PROTO, RunId, control_line, kind};

use super::cursor::Since;
use super::epochs::Place;
use super::frame::Frame;
use super::hub::Core;
use super::moment::Moment;
use super::process::Process;
use super::run::Run;
use super::saved::Hole;

/// What a reader gets first, and where it reads on.
#[derive(Debug)]
pub(super) struct Opening {
    pub(super) frames: Vec<Frame>,
    /// The offset behind which the events go on.
    pub(super) position: u64,
    /// The offset at which the told snapshots stand; 0 if there are none.
    pub(super) stated: u64,
    /// Whether the cursor it came with could be resumed exactly.
    recovered: bool,
    /// Whether the one run it follows is over, with nothing left to say.
    pub(super) over: bool,
}

impl Opening {
    /// Whether it came back with a cursor behind the end of its run.
    pub(super) fn is_past_end(&self) -> bool {
        self.recovered && self.over
    }

    /// The start of a stream: `hub.hello`, then as `since` asks.
    ///
    /// A reader that comes back after its events have left the history, or from another epoch, is told
    /// so, and how everything stands now; then it gets all events there still are. They may be older
    /// than the snapshots, which does no harm (folds ignore what they have seen) and keeps what
    /// snapshots do not hold: logs.
    pub(super) fn new(core: &Core, filter: &Filter, since: Since, now: Moment) -> Self {
        let (hot, last) = (core.history().floor(), core.history().last());
        // The offset behind which everything is still there, in memory or in the store.
        let floor = core.storing().map_or(hot, |storing| storing.floor().min(hot));
        let missed = |from: String, known, count, why| Some(Missed { from, known, count, why });
        let (position, missing) = match since {
            Since::Now | Since::Snapshot => (last, None),
            Since::Earliest if floor == 0 => (0, None),
            Since::Earliest => {
                (floor, missed(String::new(), 0, Some(core.epochs().count(0, floor)), "evicted"))
            }
            Since::Cursor(cursor) => match core.epochs().locate(cursor, last) {
                Place::Foreign => (hot, missed(cursor.to_string(), 0, None, "epoch")),
                Place::Future => (hot, missed(cursor.to_string(), 0, None, "future")),
                Place::Crashed { end } => (end.max(floor), missed(cursor.to_string(), end, None, "crash")),
                Place::At(offset) if offset < floor => {
                    let count = core.epochs().count(offset, floor);
                    (floor, missed(cursor.to_string(), offset, Some(count), "evicted"))
                }
                Place::At(offset) => (offset, None),
            },
        };
        let recovered = matches!(since, Since::Cursor(_)) && missing.is_none();
        let mut opening = Opening {
            frames: vec![hello(core, recovered, now)],
            position,
            stated: 0,
            recovered,
            over: false,
        };
        match missing {
            Some(missed) => opening.tell_loss(core, filter, &missed, now),
            None if since == Since::Snapshot => {
                opening
                    .tell_runs(core, filter, now, |run| filter.run.is_some() || run.end_offset().is_none());
            }
            None => {}
        }
        opening.tell_end(core, filter, now);
        opening
    }

    /// A reader at `position` was overtaken by the history: it goes on from now.
    pub(super) fn overtaken(core: &Core, filter: &Filter, position: u64, now: Moment) -> Self {
        let last = core.history().last();
        let mut opening =
            Opening { frames: Vec::new(), position: last, stated: 0, recovered: false, over: false };
        let from = core.cursor(position).to_string();
        let count = Some(core.epochs().count(position, last));
        let missed = Missed { from, known: position, count, why: "evicted" };
        opening.tell_loss(core, filter, &missed, now);
        opening.tell_end(core, filter, now);
        opening
    }

    /// A reader at `position` comes to a hole in the store: it goes on behind that.
    pub(super) fn behind_hole(core: &Core, filter: &Filter, position: u64, hole: Hole, now: Moment) -> Self {
        let (frames, goes_on) = (Vec::new(), hole.to.max(position));
        let mut opening = Opening { frames, position: goes_on, stated: 0, recovered: false, over: false };
        let count = Some(core.epochs().count(hole.from - 1, hole.to));
        let from = core.cursor(position).to_string();
        opening.tell_loss(
            core,
            filter,
            &Missed { from, known: position, count, why: hole.why.as_str() },
            now,
        );
        opening.tell_end(core, filter, now);
        opening
    }

    /// The start of a stream of patches, of one run or of all: `hub.hello`, and the states that the reader
    /// does not have. One that comes back needs none if all patches behind its cursor are still here.
    pub(super) fn of_patches(core: &Core, run: Option<&RunId>, since: Since, now: Moment) -> Self {
        let last = core.history().last();
        let known = match since {
            // Versions of another life of the hub are those of its last records.
            Since::Cursor(cursor) if cursor.epoch == core.epoch() && cursor.offset <= last => {
                Some(cursor.offset)
            }
            Since::Cursor(_) => Some(0),
            _ => None,
        };
        let patched = known.is_some_and(|known| core.history().has_patches_behind(known));
        let recovered = known.is_some_and(|known| known > 0);
        let position = known.filter(|_| patched).unwrap_or(last);
        let frames = vec![hello(core, recovered, now)];
        let mut opening = Opening { frames, position, stated: 0, recovered, over: false };
        if !patched {
            opening.tell_documents(core, run, known, now);
        }
        opening.tell_end(core, &of_run(run), now);
        opening
    }

    /// The start of the stream of a process: at its run's first event, or behind what the reader has.
    pub(super) fn of_process(core: &Core, process: &Process, since: Since, now: Moment) -> Self {
        let beginning = process.beginning(core);
        let mut opening =
            Opening { frames: Vec::new(), position: beginning, stated: 0, recovered: true, over: false };
        if let Since::Cursor(cursor) = since {
            let (known, why) = match core.epochs().locate(cursor, core.history().last()) {
                Place::At(offset) => (offset, None),
                Place::Crashed { end } => (end, Some("crash")),
                Place::Future => (beginning, Some("future")),
                Place::Foreign => (beginning, Some("epoch")),
            };
            opening.position = known.max(beginning);
            if let Some(why) = why {
                let to = core.cursor(opening.position).to_string();
                let gap = HubGap { from: cursor.to_string(), to, count: None, why: why.to_owned() };
                opening.frames.push(Frame::Control(control_line(kind::HUB_GAP, now.time, None, &gap)));
            }
        }
        opening
    }

    /// What is known to be lost of a process's run.
    pub(super) fn tell_lost(&mut self, core: &Core, process: &Process, now: Moment) {
        let Some(run) = core.runs().get(process.run.as_str()) else { return };
        for range in &run.state().loss.ranges {
            let line = control_line(kind::LINK_LOST, now.time, Some(&process.run), range);
            self.frames.push(Frame::Control(line));
        }
    }

    /// A reader of patches at `position` was overtaken by the history: it goes on from now.
    pub(super) fn patches_overtaken(core: &Core, run: Option<&RunId>, position: u64, now: Moment) -> Self {
        let (last, frames) = (core.history().last(), Vec::new());
        let mut opening = Opening { frames, position: last, stated: 0, recovered: false, over: false };
        opening.tell_documents(core, run, Some(position), now);
        opening.tell_end(core, &of_run(run), now);
        opening
    }

    /// The states that changed behind what a reader knows; of those runs that go on if it knows nothing.
    fn tell_documents(&mut self, core: &Core, run: Option<&RunId>, known: Option<u64>, now: Moment) {
        for it in core.runs().newest_first().into_iter().rev() {
            let end = it.end_offset();
            let wanted = match (run, known) {
                (Some(run), None) => run == it.id(),
                (Some(run), Some(known)) => run == it.id() && it.version() > known,
                (None, None) => end.is_none(),
                (None, Some(known)) => it.version() > known,
            };
            if wanted {
                let (state, version) = (Arc::clone(it.state()), it.version());
                self.frames.push(Frame::Document { state, version });
            }
            if run.is_none() && end.is_some_and(|end| known.is_some_and(|known| end > known)) {
                self.frames.push(Frame::Control(it.end_line(now.time)));
            }
        }
    }

    fn tell_loss(&mut self, core: &Core, filter: &Filter, missed: &Missed, now: Moment) {
        let gap = HubGap {
            from: missed.from.clone(),
            to: core.cursor(self.position).to_string(),
            count: missed.count,
            why: missed.why.to_owned(),
        };
        self.frames.push(Frame::Control(control_line(kind::HUB_GAP, now.time, None, &gap)));
        // Runs that ended in the gap are told as well, or the reader would take them for running.
        let known = missed.known;
        self.tell_runs(core, filter, now, |run| run.end_offset().is_none_or(|end| end > known));
    }

    /// Snapshots of those runs the reader follows and `wanted` picks, oldest first.
    fn tell_runs(&mut self, core: &Core, filter: &Filter, now: Moment, wanted: impl Fn(&Run) -> bool) {
        self.stated = core.history().last();
        let cursor = core.cursor(self.stated);
        let follows = |run: &Run| filter.admits_run(run.id().as_str());
        for run in core.runs().newest_first().into_iter().rev() {
            if !follows(run) || !wanted(run) {
                continue;
            }
            self.frames.push(Frame::Snapshot { state: Arc::clone(run.state()), cursor });
            // The end of a run that is followed alone ends the stream and comes last.
            if filter.run.is_none() && self.is_behind_end(run) {
                self.frames.push(Frame::Control(run.end_line(now.time)));
            }
        }
    }

    /// `hub.end` if the one run that is followed is over and its events are all told.
    fn tell_end(&mut self, core: &Core, filter: &Filter, now: Moment) {
        if let Some(run) = filter.run.as_ref().and_then(|id| core.runs().get(id.as_str()))
            && self.is_behind_end(run)
        {
            self.frames.push(Frame::Control(run.end_line(now.time)));
            self.over = true;
        }
    }

    fn is_behind_end(&self, run: &Run) -> bool {
        run.end_offset().is_some_and(|end| end <= self.position)
    }
}

/// What a reader missed.
struct Missed {
    /// The cursor it came with.
    from: String,
    /// The offset in this epoch up to which it knows everything.
    known: u64,
    count: Option<u64>,
    why: &'static str,
}

fn of_run(run: Option<&RunId>) -> Filter {
    let mut filter = Filter::all();
    filter.run = run.cloned();
    filter
}

fn hello(core: &Core, recovered: bool, now: Moment) -> Frame {
    let hello = HubHello { proto: PROTO, epoch: core.epoch().to_string(), recovered };
    Frame::Control(control_line(kind::HUB_HELLO, now.time, None, &hello))
}
