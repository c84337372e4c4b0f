//! What comes in by one connection: bytes to lines to runs.

use std::collections::BTreeSet;

use choo_protocol::{
    Frame, Limits, Line, LineDecoder, LinkBye, LinkHello, OrchSnapshot, RunId, is_control, kind,
};

use super::gathering::{Gathering, MAX_GATHERED};
use super::hub::{Core, MAX_RUNS};
use super::moment::Moment;
use super::rejects::Reject;
use super::replies::{Replies, Reply};
use super::run::{ConnectionId, Outcome, Run};
use super::runs::Runs;

/// One producer's connection.
///
/// Its driver hands in bytes as they come by `handle_bytes`, asks `poll_reply` what to say to the producer
/// when there are no more for the moment, and calls `handle_end` once.
#[derive(Debug)]
pub(crate) struct Ingest {
    decoder: LineDecoder,
    source: Source,
}

#[derive(Debug)]
struct Source {
    id: ConnectionId,
    /// The sending process, where the system says so.
    pid: Option<u32>,
    limits: Limits,
    /// The run of the last line.
    current: Option<RunId>,
    /// The current run is known, open, and among those that are attached.
    settled: bool,
    /// The runs it has sent lines of and not said goodbye to.
    attached: BTreeSet<RunId>,
    replies: Replies,
    /// What it has sent of a snapshot.
    gathering: Option<Gathering>,
    /// Lines that came, bad ones among them.
    lines: u64,
    bytes: u64,
}

/// What came in by a connection so far.
#[derive(Debug)]
pub(crate) struct IntakeStatus {
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Whether it is told what is stored.
    pub(crate) listens: bool,
    /// The runs that it sends.
    pub(crate) runs: Vec<RunId>,
}

impl Ingest {
    pub(crate) fn new(id: ConnectionId, pid: Option<u32>) -> Self {
        let limits = Limits::default();
        let attached = BTreeSet::new();
        let source = Source {
            id,
            pid,
            limits,
            current: None,
            settled: false,
            attached,
            replies: Replies::default(),
            gathering: None,
            lines: 0,
            bytes: 0,
        };
        Ingest { decoder: LineDecoder::new(limits), source }
    }

    /// The next bytes of the connection, in any cut. No bytes end it.
    pub(crate) fn handle_bytes(&mut self, core: &mut Core, bytes: &[u8], now: Moment) {
        let Ingest { decoder, source } = self;
        source.bytes += bytes.len() as u64;
        decoder.feed(bytes, |frame| source.handle_frame(core, frame, now));
    }

    /// What came in so far.
    pub(crate) fn status(&self) -> IntakeStatus {
        let Source { lines, bytes, ref attached, .. } = self.source;
        IntakeStatus { lines, bytes, listens: self.is_greeted(), runs: attached.iter().cloned().collect() }
    }

    /// Whether the producer listens.
    pub(crate) fn is_greeted(&self) -> bool {
        self.source.replies.is_greeted()
    }

    /// What to say to the producer.
    pub(crate) fn poll_reply(&mut self, core: &Core, now: Moment) -> Reply {
        self.source.replies.poll(core, self.source.id, now)
    }

    /// The line of the command that [`Reply::Command`] speaks of, if it is still to be told. From here on it
    /// counts as told.
    pub(crate) fn take_command(&mut self, core: &mut Core) -> Option<Vec<u8>> {
        self.source.replies.take_command(core, self.source.id)
    }

    /// The producer does not listen any more, and may go on sending.
    pub(crate) fn handle_deaf(&mut self, core: &mut Core) {
        core.commands.handle_gone(self.source.id);
    }

    /// The connection is closed, by whomever and for whatever reason.
    pub(crate) fn handle_end(&mut self, core: &mut Core, now: Moment) {
        if let Some(bytes) = self.decoder.finish() {
            self.source.reject(core, Reject::torn(bytes, now.time), now);
        }
        core.handle_disconnected();
        core.commands.handle_gone(self.source.id);
        self.source.forget_parts(core);
        for run in std::mem::take(&mut self.source.attached) {
            self.source.tell_end(core, &run, now);
            core.with_run(&run, |run, history| run.handle_detached(self.source.id, now, history));
        }
    }
}

impl Source {
    fn handle_frame(&mut self, core: &mut Core, frame: Frame<'_>, now: Moment) {
        self.lines += 1;
        match frame {
            Frame::Oversized { bytes } => {
                self.reject(core, Reject::oversized(bytes, self.limits.graph_line, now.time), now);
            }
            // Not moved out of its place: a line's fields take as many bytes as its text.
            Frame::Line(bytes) => match &mut Line::parse(bytes, &self.limits) {
                Ok(line) => self.handle_line(core, line, now),
                Err(error) => self.reject(core, Reject::bad_line(error, bytes, now.time), now),
            },
        }
    }

    fn handle_line(&mut self, core: &mut Core, line: &mut Line<'_>, now: Moment) {
        if line.kind.starts_with("hub.") {
            return self.reject(core, Reject::reserved(&line.kind, line.bytes(), now.time), now);
        }
        if is_control(&line.kind) {
            match &*line.kind {
                kind::LINK_HELLO => self.handle_hello(core, line, now),
                kind::LINK_BYE => self.handle_bye(core, line, now),
                kind::LINK_PING => {
                    self.replies.handle_ping(line.payload().and_then(Result::ok).unwrap_or_default());
                }
                _ => {}
            }
            return;
        }
        let bytes = line.bytes();
        let plain = !line.kind.starts_with("cmd.") && line.kind != kind::ORCH_SNAPSHOT;
        let settled = if plain { self.settled(&mut core.runs, line) } else { None };
        let outcome = match settled {
            Some(run) => Some(run.handle_line(line, now, &mut core.history)),
            None => self.handle_unsettled(core, line, now),
        };
        if outcome == Some(Outcome::OutOfNumbers) {
            self.reject(core, Reject::out_of_numbers(bytes, now.time), now);
        }
    }

    /// The run that this line goes to if nothing is new about that.
    fn settled<'r>(&self, runs: &'r mut Runs, line: &Line<'_>) -> Option<&'r mut Run> {
        let current = self.current.as_ref().filter(|_| self.settled)?;
        match line.run.as_deref() {
            Some(named) if named == current.as_str() => runs.get_mut(named),
            None if line.kind != kind::ORCH_STARTED && runs.is_open(self.pid?, current) => {
                runs.get_mut(current.as_str()).filter(|run| run.is_live())
            }
            _ => None,
        }
    }

    fn handle_unsettled(&mut self, core: &mut Core, line: &mut Line<'_>, now: Moment) -> Option<Outcome> {
        let run = self.attribute(core, line, now)?;
        self.attach(core, &run, now);
        if line.kind.starts_with("cmd.") {
            core.handle_cmd(&run, line);
        }
        if line.kind == kind::ORCH_SNAPSHOT
            && let Some(Ok(snapshot)) = line.payload::<OrchSnapshot>()
            && snapshot.place() != (1, 1)
        {
            self.handle_part(core, &run, line.bytes(), &snapshot, now);
            return None;
        }
        core.with_run(&run, |run, history| run.handle_line(line, now, history))
    }

    /// A part of a snapshot. All of them are recorded in one turn once the last has come, so that no reader
    /// begins between them, and no hub finds only some of them when it starts.
    fn handle_part(
        &mut self,
        core: &mut Core,
        run: &RunId,
        bytes: &[u8],
        snapshot: &OrchSnapshot,
        now: Moment,
    ) {
        let before = self.forget_parts(core);
        if core.runs().get(run.as_str()).is_some_and(|run| run.has_seen(snapshot.through)) {
            return;
        }
        let begins = snapshot.place().0 == 1;
        let Some(mut gathering) = (match before {
            _ if begins => Some(Gathering::new(run.clone(), snapshot)),
            before => before.filter(|before| before.awaits(run, snapshot)),
        }) else {
            let (part, parts) = snapshot.place();
            let message = format!(
                "part {part} of {parts} of the snapshot through {} does not follow the part before it; \
                 what came of it is left out",
                snapshot.through
            );
            return self.reject(core, Reject::torn_snapshot(message, bytes, now.time), now);
        };
        if core.gathered + gathering.bytes() + bytes.len() > MAX_GATHERED {
            return self.reject(core, Reject::large_snapshot(MAX_GATHERED, bytes, now.time), now);
        }
        gathering.push(bytes);
        if !gathering.is_whole() {
            core.gathered += gathering.bytes();
            self.gathering = Some(gathering);
            return;
        }
        let take = |run: &mut Run, history: &mut _| {
            run.handle_snapshot(snapshot.through, gathering.lines(), now, history)
        };
        if core.with_run(run, take) == Some(Outcome::OutOfNumbers) {
            self.reject(core, Reject::out_of_numbers(bytes, now.time), now);
        }
    }

    /// Takes what there is of a snapshot out of the account.
    fn forget_parts(&mut self, core: &mut Core) -> Option<Gathering> {
        let gathering = self.gathering.take()?;
        core.gathered -= gathering.bytes();
        Some(gathering)
    }

    /// The run a line belongs to. One that names none belongs to the open run of its process;
    /// `orch.started` begins a new one, unless only the separate `graph` has come so far.
    fn attribute(&mut self, core: &mut Core, line: &Line<'_>, now: Moment) -> Option<RunId> {
        if let Some(named) = line.run.as_deref() {
            return match &self.current {
                Some(current) if current.as_str() == named => self.current.clone(),
                _ => named.parse().ok(),
            };
        }
        let open = match (self.pid, &self.current) {
            (Some(pid), _) => core.runs().open_of(pid),
            (None, Some(current)) => {
                core.runs().get(current.as_str()).filter(|run| run.end_offset().is_none())
            }
            (None, None) => None,
        };
        match open.map(|run| (run.id().clone(), run.begun())) {
            Some((open, begun)) if line.kind == kind::ORCH_STARTED && begun => {
                self.detach(core, &open, now);
                Some(core.new_run_id(now))
            }
            Some((open, _)) => Some(open),
            None => Some(core.new_run_id(now)),
        }
    }

    fn attach(&mut self, core: &mut Core, run: &RunId, now: Moment) {
        let mut turned = false;
        if self.current.as_ref() != Some(run) {
            self.current = Some(run.clone());
            turned = true;
        }
        let met = core.meet_run(run, now);
        if let Some(pid) = self.pid.filter(|_| turned || met) {
            core.set_open(pid, run);
        }
        if met || !self.attached.contains(run) {
            self.attached.insert(run.clone());
            if self.attached.len() > MAX_RUNS {
                self.attached.retain(|run| core.runs().get(run.as_str()).is_some());
            }
            core.with_run(run, |run, history| run.handle_attached(self.id, now, history));
        }
        self.settled = true;
    }

    fn detach(&mut self, core: &mut Core, run: &RunId, now: Moment) {
        self.settled = false;
        self.attached.remove(run);
        self.tell_end(core, run, now);
        core.with_run(run, |run, history| run.handle_detached(self.id, now, history));
    }

    /// Before a run that has come to its end loses its last connection.
    fn tell_end(&self, core: &mut Core, run: &RunId, now: Moment) {
        if core.runs().get(run.as_str()).is_some_and(|run| run.ends_with(self.id)) {
            core.tell_ended_commands(run, false, now);
        }
    }

    /// A pusher is there. Where its run is known, it is live again.
    fn handle_hello(&mut self, core: &mut Core, line: &Line<'_>, now: Moment) {
        let Some(Ok(LinkHello { run, .. })) = line.payload() else { return };
        if core.with_run(&run, |run, history| run.handle_attached(self.id, now, history)).is_some() {
            self.attached.insert(run.clone());
        }
        core.commands.handle_hello(&run, self.id, self.pid);
        self.replies.handle_hello(run);
    }

    fn handle_bye(&mut self, core: &mut Core, line: &Line<'_>, now: Moment) {
        let run = match line.run.as_deref() {
            Some(named) => named.parse().ok(),
            None => self.current.clone(),
        };
        let Some(run) = run else { return };
        let last = line.payload().and_then(Result::ok).map_or(0, |LinkBye { last }| last);
        self.settled = false;
        self.attached.remove(&run);
        self.replies.handle_bye();
        core.commands.handle_bye(&run, self.id);
        core.tell_ended_commands(&run, true, now);
        core.with_run(&run, |run, history| run.handle_bye(self.id, last, now, history));
    }

    fn reject(&self, core: &mut Core, reject: Reject, now: Moment) {
        core.handle_reject(reject.from(self.pid, self.current.clone()), now);
    }
}
