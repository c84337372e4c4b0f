//! A link, a socket, a peer and a clock.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use choo_protocol::{Event, Limits, Line, RunState};

use super::book::{Book, Truth};
use super::disk::Disk;
use super::hub::{Manners, Peer, Place};
use super::mark::{Mark, Marks};
use super::orders::Orders;
use crate::bus::Sink as _;
use crate::clock::{self, Anchor, Moment};
use crate::command_log::Present;
use crate::link::{Action, Link, LinkConfig};
use crate::ring::{FLOOR_EVENTS, FLOOR_LINE};
use crate::session::Mode;
use crate::staging::Staging;
use crate::wire::Wire;
use crate::{Failure, SpoolFailure, Stats, Warning};

/// How often each end gets its turn before something else happens in the world.
const TURNS: usize = 3000;

/// Drives a link as the shell does.
pub(crate) struct World {
    pub(crate) link: Link,
    pub(crate) now: Instant,
    pub(crate) random: fastrand::Rng,
    pub(crate) marks: Marks,
    pub(crate) truth: Truth,
    /// What the hub at the path has stored.
    pub(crate) book: Book,
    pub(crate) place: Place,
    pub(crate) manners: Manners,
    /// How many bytes lie between the two ends at most.
    pub(crate) capacity: usize,
    /// Whether the peer is stopped: it neither reads nor answers.
    pub(crate) stopped: bool,
    /// Whether what the peer says stays on its way.
    pub(crate) delayed: bool,
    /// How many more bytes the peer reads.
    pub(crate) appetite: usize,
    /// Commands, where there are any.
    pub(crate) orders: Option<Orders>,
    /// What a spool lies on, where there is one.
    pub(crate) disk: Option<Disk>,
    /// When each event was emitted.
    emitted_at: Vec<Instant>,
    /// Since when no hub takes the events.
    alone_since: Option<Instant>,
    staging: Staging,
    anchor: Anchor,
    bound: usize,
    wire: Wire,
    dialing: bool,
    close_at: Option<Instant>,
    connection: Option<Connection>,
}

struct Connection {
    peer: Peer,
    /// From the pusher, not yet read.
    up: VecDeque<u8>,
    /// To the pusher, not yet read.
    down: VecDeque<u8>,
}

impl World {
    pub(crate) fn new(mut config: LinkConfig, random: fastrand::Rng, place: Place) -> Self {
        let now = clock::now();
        let run = config.run.clone();
        // Times on the wire must not depend on when this is played.
        config.anchor = Anchor::new(now, Duration::from_mins(28_953_270));
        let mut world = World {
            now,
            random,
            marks: Marks::default(),
            truth: Truth {
                state: RunState::new(run.clone()),
                lines: Vec::new(),
                seed_lines: HashMap::new(),
                bytes: 0,
                run: run.clone(),
            },
            book: Book::new(&run),
            place,
            manners: Manners { welcome_after: Duration::ZERO, have_at_hello: true },
            capacity: 200 << 10,
            stopped: false,
            delayed: false,
            appetite: usize::MAX,
            orders: None,
            disk: config.spool.filter(|_| config.wire == Wire::Full).map(|_| Disk::new()),
            emitted_at: Vec::new(),
            alone_since: Some(now),
            staging: Staging::new(&run, config.wire, Limits::default()),
            anchor: config.anchor,
            bound: config.bounds.bytes,
            wire: config.wire,
            dialing: false,
            close_at: None,
            connection: None,
            link: Link::new(config, now),
        };
        world.settle();
        world
    }

    pub(crate) fn stats(&self) -> Stats {
        self.link.stats()
    }

    /// Emits without the writer getting its turn.
    pub(crate) fn stage(&mut self, event: &Event) {
        let time = self.anchor.timestamp(self.now);
        self.staging.push(event, &Moment::at(&self.anchor, self.now));
        let seq = self.staging.emitted().events;
        self.emitted_at.push(self.now);
        assert_eq!(seq, self.truth.last() + 1);
        let mut line = Vec::new();
        event.encode(Some(&self.truth.run), Some(seq), time, &mut line);
        self.truth.bytes += line.len();
        line.pop();
        if let Ok(line) = Line::parse(&line, &Limits::default()) {
            self.truth.state.apply(&line);
        }
        self.truth.lines.push(line);
        if self.wire == Wire::Seed {
            let mut line = Vec::new();
            event.encode_seed(time, &mut line);
            line.pop();
            self.truth.seed_lines.insert(line, seq);
        }
    }

    pub(crate) fn close(&mut self, timeout: Duration) {
        if let Some(orders) = &mut self.orders {
            orders.close();
        }
        self.answer();
        self.staging.close(self.now + timeout);
        self.close_at = Some(self.now + timeout);
        self.settle();
    }

    /// What both ends do until they would wait, or for a good while.
    pub(crate) fn settle(&mut self) {
        for _ in 0..TURNS {
            let mut spare = self.link.take_spare();
            let staged = self.staging.take(&mut spare);
            self.link.handle_staged(self.now, staged);
            self.link.handle_timeout(self.now);
            let mut moved = self.serve_disk();
            if self.is_killed() {
                return;
            }
            moved |= self.write();
            moved |= self.act();
            moved |= self.peer_turn();
            moved |= self.receive();
            self.check();
            if !moved {
                return;
            }
        }
    }

    fn serve_disk(&mut self) -> bool {
        let World { disk, link, marks, now, .. } = self;
        disk.as_mut().is_some_and(|disk| disk.serve(link, *now, marks))
    }

    /// Whether the orchestrator is gone.
    pub(crate) fn is_killed(&self) -> bool {
        self.disk.as_ref().is_some_and(|disk| disk.killed)
    }

    /// The process is gone; the next one finds what is on the disk. Answers up to which event that is.
    pub(crate) fn kill(&mut self) -> u64 {
        let spooled = self.link.outbox().spooled_through();
        self.hang_up(usize::MAX);
        spooled
    }

    /// Another process sends what is on the disk, if there is anything.
    pub(crate) fn inherit(&mut self, config: LinkConfig) -> bool {
        let World { disk, marks, .. } = self;
        let Some(extent) = disk.as_mut().and_then(|disk| disk.adopt(marks)) else { return false };
        self.staging = Staging::new(&config.run, config.wire, Limits::default());
        self.orders = None;
        self.link = Link::inherit(LinkConfig { anchor: self.anchor, ..config }, self.now, extent);
        self.staging.close(self.now + Duration::from_hours(1));
        self.settle();
        true
    }

    fn write(&mut self) -> bool {
        let mut moved = false;
        while let Some(Connection { up, .. }) = &mut self.connection {
            let Some(bytes) = self.link.poll_transmit(self.now) else { return moved };
            let room = self.capacity.saturating_sub(up.len());
            let mut n = bytes.len().min(room);
            if n > 1 && self.random.u8(..) < 30 {
                n = self.random.usize(1..n);
            }
            if n == 0 {
                self.link.handle_blocked(self.now);
                return moved;
            }
            up.extend(&bytes[..n]);
            self.link.handle_written(n);
            moved = true;
            if self.random.u8(..) < 30 {
                self.check();
            }
        }
        moved
    }

    fn act(&mut self) -> bool {
        let mut moved = false;
        while let Some(warning) = self.link.poll_warning() {
            assert!(!matches!(warning, Warning::RunTaken { .. }), "the run is its own");
            let full = matches!(warning, Warning::Spool { failure: SpoolFailure::Full });
            self.marks.hit_if(full, Mark::SpoolFull);
        }
        while let Some(action) = self.link.poll_action() {
            moved = true;
            self.hang_up(usize::MAX);
            self.dialing = action == Action::Dial;
        }
        if self.dialing && self.place != Place::Hanging {
            moved = true;
            self.dialing = false;
            if self.place == Place::Empty {
                self.marks.hit(Mark::DialRefused);
                self.link.handle_dialed(self.now, Err(Failure::NoSocket));
            } else {
                let peer = Peer::new(self.place, self.manners);
                let (up, down) = (VecDeque::new(), VecDeque::new());
                self.connection = Some(Connection { peer, up, down });
                self.link.handle_dialed(self.now, Ok(()));
            }
        }
        moved
    }

    /// The other end reads and answers.
    fn peer_turn(&mut self) -> bool {
        let Some(Connection { peer, up, down }) = &mut self.connection else { return false };
        if self.stopped || peer.place == Place::HalfOpen {
            return false;
        }
        let mut n = up.len().min(self.appetite);
        if n > 1 && self.random.u8(..) < 60 {
            n = self.random.usize(1..n);
        }
        self.appetite = self.appetite.saturating_sub(n);
        let bytes: Vec<u8> = up.drain(..n).collect();
        peer.read(&bytes, &mut self.book, &self.truth, &mut self.marks, self.now);
        let said = peer.say(&self.book, &self.truth.run, self.now);
        let moved = n > 0 || said.is_some();
        down.extend(said.unwrap_or_default());
        moved
    }

    fn receive(&mut self) -> bool {
        let Some(Connection { down, .. }) = &mut self.connection else { return false };
        let mut n = if self.delayed { 0 } else { down.len() };
        if n > 1 && self.random.u8(..) < 60 {
            n = self.random.usize(1..n);
        }
        let bytes: Vec<u8> = down.drain(..n).collect();
        if n > 0 {
            let before = self.link.outbox().mode();
            let late = before == Some(Mode::OneWay);
            self.hear(&bytes);
            self.note_welcome(late);
        }
        n > 0
    }

    fn hear(&mut self, bytes: &[u8]) {
        self.link.handle_received(bytes);
        let present = self.present();
        while let Some(request) = self.link.poll_command() {
            let orders = self.orders.as_mut().expect("somebody gave it");
            orders.handle_request(request, present, &mut self.marks);
        }
        self.answer();
    }

    fn present(&self) -> Present {
        Present { now: self.now, wall: self.anchor.timestamp(self.now) }
    }

    /// What there is to say to commands becomes events.
    fn answer(&mut self) {
        while let Some(orders) = &mut self.orders
            && let Some(answer) = orders.poll_answer(self.truth.last() + 1, &mut self.marks)
        {
            // Nothing is emitted any more by a pusher that closes.
            if self.close_at.is_none() {
                self.stage(&answer);
            }
        }
    }

    /// Somebody at the hub wants something, and the orchestrator does some of what is wanted of it.
    pub(crate) fn order(&mut self) {
        let present = self.present();
        let Some(orders) = &mut self.orders else { return };
        if orders.due() {
            let line = orders.give(present.wall);
            self.say(&line);
        }
        self.obey();
    }

    fn obey(&mut self) {
        let present = self.present();
        if let Some(orders) = &mut self.orders {
            orders.turn(present, &mut self.marks);
        }
        self.answer();
        self.settle();
    }

    /// The hub sends again what it knows no end of; answers whether there was something.
    pub(crate) fn order_again(&mut self) -> bool {
        let Some(orders) = &self.orders else { return false };
        let open = orders.open(|seq| self.book.has_stored(seq));
        for line in &open {
            self.say(line);
            self.obey();
        }
        !open.is_empty()
    }

    /// The hub says a line, if there is one.
    fn say(&mut self, line: &[u8]) {
        if let Some(Connection { peer, down, .. }) = &mut self.connection
            && peer.place == Place::Hub
        {
            down.extend(line);
            self.settle();
        }
    }

    fn note_welcome(&mut self, late: bool) {
        let Some(have) = self.link.outbox().welcomed() else { return };
        self.marks.hit(if late { Mark::LateWelcome } else { Mark::Welcome });
        self.marks.hit_if(have > 0 && have < self.truth.last(), Mark::Resumed);
    }

    /// The connection is gone; the peer still gets the first `read` bytes of what was written.
    fn hang_up(&mut self, read: usize) {
        self.dialing = false;
        let Some(Connection { mut peer, mut up, down }) = self.connection.take() else { return };
        let n = read.min(up.len());
        let bytes: Vec<u8> = up.drain(..n).collect();
        if peer.place != Place::HalfOpen {
            peer.read(&bytes, &mut self.book, &self.truth, &mut self.marks, self.now);
        }
        self.marks.hit_if(!down.is_empty(), Mark::ReplyLost);
        self.marks.hit_if(peer.end(), Mark::TornLine);
        self.book.end(&mut self.marks);
    }

    /// The connection breaks: the peer has read some of what lay between, and so has the pusher.
    pub(crate) fn disconnect(&mut self) {
        let Some(Connection { up, down, .. }) = &mut self.connection else { return };
        let read = if self.stopped { 0 } else { self.random.usize(0..=up.len()) };
        let heard = self.random.usize(0..=down.len());
        let bytes: Vec<u8> = down.drain(..heard).collect();
        self.hear(&bytes);
        self.hang_up(read);
        self.link.handle_hangup(self.now, Failure::Closed);
        self.settle();
    }

    /// Ends a connection to anybody but a hub.
    pub(crate) fn disconnect_others(&mut self, place: Place) {
        if self.connection.as_ref().is_some_and(|open| open.peer.place != place) {
            self.disconnect();
        }
    }

    pub(crate) fn ping(&mut self) {
        if let Some(Connection { peer, .. }) = &mut self.connection
            && peer.place == Place::Hub
        {
            let ping = peer.ping();
            self.say(&ping);
        }
    }

    /// What must hold at any moment.
    fn check(&mut self) {
        let stats = self.stats();
        self.check_spool(&stats);
        let outbox = self.link.outbox();
        assert_eq!(stats.emitted, stats.sent + stats.queued + stats.lost(), "{stats:?}");
        if self.wire == Wire::Full {
            assert_eq!(stats.lost(), stats.announced + outbox.untold(), "{stats:?}");
        }
        // A hundred events are kept whatever the bound, and the newest, and one that is being written.
        let bound = self.bound.max(FLOOR_EVENTS * FLOOR_LINE) + 2 * Limits::LINE;
        assert!(outbox.kept_bytes() <= bound, "{} bytes", outbox.kept_bytes());
        if stats.acking {
            assert!(stats.acked <= self.book.have(), "{} is called stored: {stats:?}", stats.acked);
        }
        self.marks.hit_if(outbox.mode() == Some(Mode::OneWay), Mark::OneWay);
        self.marks.hit_if(stats.stalled, Mark::Stalled);
        self.marks.hit_if(stats.last_failure == Some(Failure::Stalled), Mark::StallTimeout);
        self.marks.hit_if(stats.last_failure == Some(Failure::DialTimeout), Mark::DialTimeout);
        self.marks.hit_if(stats.conflated > 0, Mark::Conflated);
        self.marks.hit_if(stats.evicted > 0, Mark::Evicted);
        self.marks.hit_if(stats.refused > 0, Mark::Refused);
        self.marks.hit_if(stats.oversized > 0, Mark::Oversized);
        self.marks.hit_if(outbox.holds(), Mark::Held);
        self.marks.hit_if(outbox.has_forgotten(), Mark::Forgotten);
    }

    /// What no hub takes is on the disk within 10 ms.
    fn check_spool(&mut self, stats: &Stats) {
        let alone = !stats.acking || stats.stalled;
        self.alone_since = if alone { self.alone_since.or(Some(self.now)) } else { None };
        let Some(disk) = &self.disk else { return };
        let full = stats.spool_failure == Some(SpoolFailure::Full);
        self.marks.hit_if(full, Mark::SpoolFull);
        let soon = Duration::from_millis(10);
        let waited = self.alone_since.is_some_and(|since| since + soon <= self.now);
        if !waited || disk.failed || full || self.link.is_closed() || self.link.outbox().is_inherited() {
            return;
        }
        let due = self.emitted_at.partition_point(|at| *at + soon <= self.now) as u64;
        let safe = self.link.outbox().safe();
        assert!(due <= safe, "{due} should be safe, {safe} is: {stats:?}");
    }

    /// Lets time pass, from wake-up to wake-up.
    pub(crate) fn pass(&mut self, time: Duration) {
        let end = self.now + time;
        loop {
            let peer = self.connection.as_ref().filter(|_| !self.stopped).and_then(|open| open.peer.wake());
            let next = self.link.poll_timeout().into_iter().chain(peer).min();
            let Some(at) = next.filter(|at| *at <= end && !self.is_killed()) else { break };
            self.now = self.now.max(at);
            self.settle();
        }
        self.now = end;
        self.settle();
    }
}
