//! A link, a socket of bytes, a reader and a clock of their own, in one thread.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use choo_protocol::{
    Event, Frame, GraphPayload, Limits, Line, LineDecoder, LinkBye, LinkLost, LogStream, OrchSnapshot, RunId,
    RunState, kind,
};

use crate::bus::Sink as _;
use crate::clock::{self, Anchor, Moment};
use crate::link::{Action, Link, LinkConfig};
use crate::ring::{Bounds, FLOOR_EVENTS, FLOOR_LINE};
use crate::staging::Staging;
use crate::started::Graph;
use crate::{Failure, Stats, Warning, Wire};

pub(crate) const fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

/// What is at the socket's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nobody.
    Empty,
    /// Somebody who answers at once.
    Serving,
    /// Somebody who never answers.
    Hanging,
}

/// Drives a link as the shell does, but over a socket that takes exactly the bytes it is told to.
pub(crate) struct World {
    pub(crate) link: Link,
    pub(crate) now: Instant,
    start: Instant,
    bound: usize,
    staging: Staging,
    anchor: Anchor,
    pub(crate) place: Place,
    /// Whether the link has a socket or an attempt at one.
    dialing: bool,
    connected: bool,
    /// How many more bytes the socket takes.
    pub(crate) room: usize,
    pub(crate) reader: Reader,
    /// Whether the reader leaves what was written where it is.
    pub(crate) deaf: bool,
    /// What lies between link and reader.
    in_flight: VecDeque<u8>,
    pub(crate) warnings: Vec<Warning>,
    /// When each attempt to connect began.
    pub(crate) dials: Vec<Duration>,
    /// The fold of everything emitted.
    pub(crate) truth: RunState,
}

/// Reads lines as a hub does and folds them.
pub(crate) struct Reader {
    decoder: LineDecoder,
    pub(crate) state: RunState,
    /// Type and `seq` of every line, connection by connection.
    pub(crate) lines: Vec<Vec<(String, Option<u64>)>>,
    pub(crate) lost: Vec<LinkLost>,
    pub(crate) bye: Option<LinkBye>,
    /// The highest `seq` up to which it knows of everything what became of it.
    known: u64,
    /// Whether lines vanished on their way to it, of which nobody can tell.
    bereft: bool,
    /// Whether the `orch.started` it was greeted with waits for the snapshot of what lies before it.
    greeted: bool,
    /// Bytes of the line in which a connection ended, one for each that did not end with a line.
    pub(crate) torn: Vec<u64>,
}

impl Reader {
    pub(crate) fn new() -> Self {
        Reader {
            decoder: LineDecoder::new(Limits::default()),
            state: RunState::new(run()),
            lines: Vec::new(),
            lost: Vec::new(),
            bye: None,
            known: 0,
            bereft: false,
            greeted: false,
            torn: Vec::new(),
        }
    }

    fn open(&mut self) {
        self.lines.push(Vec::new());
    }

    fn read(&mut self, bytes: &[u8]) {
        let Reader { decoder, state, lines, lost, bye, known, bereft, greeted, .. } = self;
        decoder.feed(bytes, |frame| {
            let Frame::Line(bytes) = frame else { panic!("a line longer than any reader takes") };
            let line = Line::parse(bytes, &Limits::default()).expect("every whole line is a line");
            assert_eq!(line.run.as_deref(), Some("r"));
            match &*line.kind {
                kind::LINK_HELLO => {
                    assert!(lines.last().unwrap().is_empty(), "said first, and once");
                    return;
                }
                kind::LINK_LOST => lost.push(line.payload().unwrap().unwrap()),
                kind::LINK_BYE => *bye = Some(line.payload().unwrap().unwrap()),
                kind::ORCH_SNAPSHOT => {
                    let snapshot: OrchSnapshot = line.payload().unwrap().unwrap();
                    (*known, *greeted) = (snapshot.through.max(*known), false);
                }
                _ => {}
            }
            if let Some(seq) = line.seq.filter(|seq| seq > known && !*bereft) {
                let told = |n: &u64| lost.iter().any(|lost| lost.from <= *n && *n <= lost.to);
                let silent = (*known + 1..seq).find(|n| !told(n));
                let greeting = line.kind == kind::ORCH_STARTED;
                assert!(silent.is_none() || greeting, "nobody told of {silent:?} before {seq}");
                assert!(!*greeted, "nobody told of what lies before orch.started");
                (*known, *greeted) = (seq, silent.is_some());
            }
            state.apply(&line);
            lines.last_mut().unwrap().push((line.kind.to_string(), line.seq));
        });
    }

    fn end(&mut self) {
        self.torn.extend(self.decoder.finish());
    }

    /// The types of the last connection's lines.
    pub(crate) fn kinds(&self) -> Vec<&str> {
        self.lines.last().unwrap().iter().map(|(kind, _)| kind.as_str()).collect()
    }

    /// The `seq` of the last connection's events.
    pub(crate) fn seqs(&self) -> Vec<u64> {
        self.lines.last().unwrap().iter().filter_map(|(_, seq)| *seq).collect()
    }
}

pub(crate) fn run() -> RunId {
    "r".parse().unwrap()
}

pub(crate) fn config() -> LinkConfig {
    LinkConfig {
        path: "/run/choo/web.sock".into(),
        run: run(),
        wire: Wire::Full,
        bounds: Bounds { bytes: 8 << 20, events: usize::MAX },
        write_timeout: millis(100),
        stall_timeout: millis(5000),
        dial_timeout: millis(5000),
        // Nobody answers here, so nothing is gained by waiting.
        welcome_wait: millis(0),
        backoff: (millis(100), millis(5000)),
        seed: 1,
        anchor: Anchor::new(clock::now(), millis(1_737_196_200_000)),
        redaction: crate::Redaction::new(),
        part_bytes: RunState::PART_BYTES,
        spool: None,
    }
}

impl World {
    /// A world with a reader that takes everything.
    pub(crate) fn new() -> Self {
        World::with(config(), Place::Serving)
    }

    pub(crate) fn with(config: LinkConfig, place: Place) -> Self {
        let now = clock::now();
        let (anchor, wire) = (config.anchor, config.wire);
        let mut world = World {
            bound: config.bounds.bytes,
            link: Link::new(config, now),
            now,
            start: now,
            staging: Staging::new(&run(), wire, Limits::default()),
            anchor,
            place,
            dialing: false,
            connected: false,
            room: usize::MAX,
            reader: Reader::new(),
            deaf: false,
            in_flight: VecDeque::new(),
            warnings: Vec::new(),
            dials: Vec::new(),
            truth: RunState::new(run()),
        };
        world.settle();
        world
    }

    pub(crate) fn stats(&self) -> Stats {
        self.link.stats()
    }

    /// Emits without the writer getting its turn.
    pub(crate) fn stage(&mut self, event: &Event) {
        let time = event.time.unwrap_or(self.anchor.timestamp(self.now));
        self.staging.push(event, &Moment::at(&self.anchor, self.now));
        let mut line = Vec::new();
        event.encode(Some(&run()), Some(self.staging.emitted().events), time, &mut line);
        if let Ok(line) = Line::parse(line.trim_ascii_end(), &Limits::default()) {
            self.truth.apply(&line);
        }
    }

    pub(crate) fn emit(&mut self, event: &Event) {
        self.stage(event);
        self.settle();
    }

    /// Emits `n` log lines of about `bytes` each.
    pub(crate) fn emit_logs(&mut self, n: usize, bytes: usize) {
        let content = "x".repeat(bytes);
        for i in 0..n {
            self.emit(&Event::log("app", Some(1), LogStream::Stdout, content.as_str(), i as u64 + 1));
        }
    }

    pub(crate) fn set_graph(&mut self, graph: GraphPayload, parallelism: u32) {
        let moment = Moment::at(&self.anchor, self.now);
        self.staging.set_graph(Graph { graph, parallelism }, &moment);
    }

    /// Closes with so much time.
    pub(crate) fn close(&mut self, timeout: Duration) {
        self.staging.close(self.now + timeout);
        self.settle();
    }

    /// What the shell does until it would wait.
    pub(crate) fn settle(&mut self) {
        loop {
            let mut spare = self.link.take_spare();
            let staged = self.staging.take(&mut spare);
            self.link.handle_staged(self.now, staged);
            self.link.handle_timeout(self.now);
            self.write();
            self.check_account();
            while let Some(warning) = self.link.poll_warning() {
                self.warnings.push(warning);
            }
            let mut acted = false;
            while let Some(action) = self.link.poll_action() {
                acted = true;
                self.hang_up();
                self.dialing = action == Action::Dial;
                if self.dialing {
                    self.dials.push(self.now - self.start);
                }
            }
            if self.dialing && self.place != Place::Hanging {
                acted = true;
                self.dialing = false;
                let answer = if self.place == Place::Serving { Ok(()) } else { Err(Failure::NoSocket) };
                if answer.is_ok() {
                    self.connected = true;
                    self.reader.open();
                }
                self.link.handle_dialed(self.now, answer);
            }
            if !acted {
                return;
            }
        }
    }

    fn write(&mut self) {
        while self.connected {
            let Some(bytes) = self.link.poll_transmit(self.now) else { return };
            let n = bytes.len().min(self.room);
            self.in_flight.extend(&bytes[..n]);
            if n == 0 {
                self.link.handle_blocked(self.now);
                return;
            }
            self.room = self.room.saturating_sub(n);
            if self.room == 0 || n < 100 {
                // Now and then the account is looked at in the middle of a line.
                self.check_account();
            }
            self.link.handle_written(n);
            if !self.deaf {
                self.deliver();
            }
        }
    }

    fn deliver(&mut self) {
        let (front, back) = self.in_flight.as_slices();
        self.reader.read(front);
        self.reader.read(back);
        self.in_flight.clear();
    }

    /// The socket is closed; what was written can still be read.
    fn hang_up(&mut self) {
        if std::mem::take(&mut self.connected) {
            self.deliver();
            self.reader.end();
        }
        self.dialing = false;
    }

    /// Everything emitted has been sent, is told to be lost, or is still held.
    fn check_account(&self) {
        let stats = self.stats();
        let outbox = self.link.outbox();
        assert_eq!(stats.emitted, stats.sent + stats.queued + stats.lost(), "{stats:?}");
        assert_eq!(stats.lost(), stats.announced + outbox.untold(), "{stats:?}");
        // A hundred events are kept whatever the bound, and the newest, and one that is being written.
        let bound = self.bound.max(FLOOR_EVENTS * FLOOR_LINE) + 2 * Limits::LINE;
        assert!(outbox.kept_bytes() <= bound, "{} bytes", outbox.kept_bytes());
    }

    /// Lets the socket take `bytes` more.
    pub(crate) fn take(&mut self, bytes: usize) {
        self.room = self.room.saturating_add(bytes);
        self.settle();
    }

    /// The peer closes the connection, with what it has not read. The reader stays the same.
    pub(crate) fn disconnect(&mut self) {
        if self.connected {
            self.reader.bereft |= !self.in_flight.is_empty();
            self.in_flight.clear();
            self.hang_up();
            self.link.handle_hangup(self.now, Failure::Closed);
            self.settle();
        }
    }

    /// Lets time pass, from deadline to deadline.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        while let Some(at) = self.link.poll_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.settle();
        }
        self.now = end;
        self.settle();
    }

    /// Opens every door and lets time pass until the reader is connected and has everything.
    pub(crate) fn catch_up(&mut self) {
        (self.place, self.room, self.deaf) = (Place::Serving, usize::MAX, false);
        self.deliver();
        self.settle();
        if !self.connected && !self.link.is_closed() {
            self.pass(millis(15_000));
        }
        assert!(self.connected, "connected again within three longest delays");
        assert_eq!(self.stats().queued, 0);
    }

    /// The reader's picture is that of everything emitted, what is missing aside.
    pub(crate) fn assert_picture(&self) {
        assert_eq!(picture(&self.reader.state), picture(&self.truth));
    }

    pub(crate) fn connected(&self) -> bool {
        self.connected
    }
}

/// A state without what differs by the way it came: a loss at the very end may be in `seq` or not, and
/// what bulk events told of files may be lost.
fn picture(state: &RunState) -> RunState {
    RunState {
        seq: 0,
        loss: choo_protocol::Loss::default(),
        summaries: Vec::new(),
        diffs: choo_protocol::IdMap::new(),
        diffs_omitted: 0,
        ..state.clone()
    }
}
