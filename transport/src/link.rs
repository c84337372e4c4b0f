//! The pusher's end of the line to the hub, without the socket and without a clock.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use choo_protocol::RunId;

use crate::backoff::{Backoff, Delay};
use crate::block::Block;
use crate::clock::Anchor;
use crate::inbound::{Inbound, Said};
use crate::outbox::Outbox;
use crate::request::Request;
use crate::ring::Bounds;
use crate::session::Mode;
use crate::spool::{Extent, SpoolFailure};
use crate::staging::{Emitted, Staged};
use crate::timers::{Timer, Timers};
use crate::warning::Limiter;
use crate::wire::Wire;
use crate::{CloseReport, Failure, Redaction, Stats, Warning};

mod spooling;

/// A connection that lasted this long has proved healthy: only then are former failures forgotten, or
/// a peer that accepts and closes would be dialled at the shortest delay for ever.
const HEALTHY_AFTER: Duration = Duration::from_secs(5);

/// How long a closing link waits for a hub that was there and is gone, as one that is being restarted.
const CLOSE_GRACE: Duration = Duration::from_secs(1);

/// Default of [`Builder::welcome_wait`](crate::Builder::welcome_wait): 200 ms.
pub const WELCOME_WAIT: Duration = Duration::from_millis(200);

/// What a link is to be like.
#[derive(Clone, Debug)]
pub(crate) struct LinkConfig {
    pub(crate) path: PathBuf,
    pub(crate) run: RunId,
    pub(crate) wire: Wire,
    pub(crate) bounds: Bounds,
    pub(crate) write_timeout: Duration,
    pub(crate) stall_timeout: Duration,
    pub(crate) dial_timeout: Duration,
    pub(crate) welcome_wait: Duration,
    pub(crate) backoff: (Duration, Duration),
    pub(crate) seed: u64,
    pub(crate) anchor: Anchor,
    pub(crate) redaction: Redaction,
    /// How large a part of a snapshot is at most, in bytes.
    pub(crate) part_bytes: usize,
    /// How many bytes may be kept on disk, if any.
    pub(crate) spool: Option<u64>,
}

/// The state of the link and everything it decides.
///
/// A connection begins with `link.hello`. A hub answers with `link.welcome`, which says what it has; to a
/// peer that does not, a line counts as delivered once written whole, until it speaks after all.
///
/// A driver reports what happened by the `handle_*` methods. After each of them it asks
/// [`Link::poll_action`] and [`Link::poll_warning`] until there is nothing more; while connected, it
/// writes what [`Link::poll_transmit`] gives and reports by [`Link::handle_written`] or
/// [`Link::handle_blocked`]. It calls [`Link::handle_timeout`] when [`Link::poll_timeout`] is reached,
/// and ends when [`Link::is_closed`].
#[derive(Debug)]
pub(crate) struct Link {
    config: LinkConfig,
    outbox: Outbox,
    inbound: Inbound,
    state: State,
    timers: Timers,
    backoff: Backoff,
    actions: VecDeque<Action>,
    warnings: VecDeque<Warning>,
    commands: VecDeque<Request>,
    overflow_warnings: Limiter,
    oversized_warnings: Limiter,
    emitted: Emitted,
    /// When a closing link has to be done.
    closing: Option<Instant>,
    stalled: bool,
    connections: u64,
    dials: u64,
    retry: Option<Delay>,
    last_failure: Option<Failure>,
    /// Whether this outage has been warned of.
    outage_told: bool,
    /// Whether it has been warned of that the hub has another run of this name.
    foreign_told: bool,
    /// What was last told to be wrong with the spool.
    spool_told: Option<SpoolFailure>,
    /// Events of an earlier process.
    inherited: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between attempts, until [`Timer::Retry`].
    Waiting,
    Dialing,
    Up,
    Closed,
}

/// What the driver is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Begin to connect, then report by [`Link::handle_dialed`].
    Dial,
    /// Give up the connection or the attempt. Nothing is to be reported of it any more.
    HangUp,
}

impl Link {
    /// A link that dials at once.
    pub(crate) fn new(config: LinkConfig, now: Instant) -> Self {
        let outbox = Outbox::new(config.run.clone(), config.wire, config.bounds, &config.redaction)
            .with_part_bytes(config.part_bytes)
            .with_spool(config.spool);
        Link::with_outbox(config, outbox, 0, now)
    }

    /// A link that sends what an earlier process left in a spool.
    pub(crate) fn inherit(config: LinkConfig, now: Instant, extent: Extent) -> Self {
        let events = extent.events();
        let outbox = Outbox::inherit(config.run.clone(), config.bounds, extent);
        Link::with_outbox(config, outbox, events, now)
    }

    fn with_outbox(config: LinkConfig, outbox: Outbox, inherited: u64, now: Instant) -> Self {
        let mut link = Link {
            outbox,
            inbound: Inbound::new(),
            state: State::Waiting,
            timers: Timers::default(),
            backoff: Backoff::new(config.backoff.0, config.backoff.1, config.seed),
            actions: VecDeque::new(),
            warnings: VecDeque::new(),
            commands: VecDeque::new(),
            overflow_warnings: Limiter::default(),
            oversized_warnings: Limiter::default(),
            emitted: Emitted::default(),
            closing: None,
            stalled: false,
            connections: 0,
            dials: 0,
            retry: None,
            last_failure: None,
            outage_told: false,
            foreign_told: false,
            spool_told: None,
            inherited,
            config,
        };
        link.dial(now);
        link
    }

    /// Events were emitted, or the program asks to close.
    pub(crate) fn handle_staged(&mut self, now: Instant, staged: Staged) {
        self.emitted = staged.emitted;
        let close = staged.close;
        self.outbox.accept(staged);
        // Without a hub nobody misses anything yet, and its absence has been told.
        if self.connections > 0 {
            let counts = self.outbox.counts();
            let dropped = counts.evicted + counts.conflated + self.emitted.refused;
            let events = self.overflow_warnings.handle_count(now, dropped);
            self.warnings.extend(events.map(|events| Warning::Overflow { events }));
        }
        let events = self.oversized_warnings.handle_count(now, self.emitted.oversized);
        self.warnings.extend(events.map(|events| Warning::Oversized { events }));
        if close != self.closing
            && let Some(deadline) = close
        {
            self.handle_close(now, deadline);
        }
        self.arm_spool(now);
    }

    /// The program closes: what is left goes out until `deadline`, if there is anybody to take it.
    fn handle_close(&mut self, now: Instant, deadline: Instant) {
        let begins = self.closing.is_none();
        self.closing = Some(deadline);
        self.timers.set(Timer::Close, deadline);
        if !begins || self.state == State::Closed {
            return;
        }
        self.outbox.say_bye(self.emitted.events);
        self.arm_grace(now);
        if self.state == State::Waiting {
            // One last attempt, at once; that there was no hub a moment ago says little.
            self.backoff.reset();
            self.dial(now);
        }
        self.finish_if_done();
    }

    /// The attempt to connect ended.
    pub(crate) fn handle_dialed(&mut self, now: Instant, result: Result<(), Failure>) {
        if self.state != State::Dialing {
            return;
        }
        self.timers.clear(Timer::Dial);
        if let Err(failure) = result {
            self.lose(now, failure);
            return;
        }
        self.state = State::Up;
        self.connections += 1;
        (self.outage_told, self.retry) = (false, None);
        self.timers.clear(Timer::Grace);
        self.timers.set_after(Timer::Healthy, now, HEALTHY_AFTER);
        self.inbound = Inbound::new();
        self.outbox.open();
        if self.config.wire == Wire::Full {
            self.timers.set_after(Timer::Welcome, now, self.config.welcome_wait);
        }
    }

    /// The peer said something.
    pub(crate) fn handle_received(&mut self, bytes: &[u8]) {
        if self.state != State::Up || self.config.wire == Wire::Seed {
            return;
        }
        let Link { inbound, outbox, timers, config, commands, .. } = self;
        let mut foreign = false;
        inbound.feed(bytes, &config.run, |said| match said {
            Said::Welcome { have } => {
                timers.clear(Timer::Welcome);
                foreign |= !outbox.handle_welcome(have);
            }
            Said::Ack { seq } => outbox.handle_ack(seq),
            Said::Ping(pong) => outbox.handle_ping(pong),
            Said::Command(request) => commands.push_back(request),
        });
        if foreign && !std::mem::replace(&mut self.foreign_told, true) {
            self.warnings.push_back(Warning::RunTaken { run: self.config.run.clone() });
        }
        self.finish_if_done();
    }

    /// The connection ended without our doing.
    pub(crate) fn handle_hangup(&mut self, now: Instant, failure: Failure) {
        if self.state == State::Up {
            self.lose(now, failure);
        }
    }

    /// The peer's side took the first `n` bytes of what [`Link::poll_transmit`] gave.
    pub(crate) fn handle_written(&mut self, n: usize) {
        if n == 0 {
            return;
        }
        self.outbox.handle_written(n);
        self.stalled = false;
        self.timers.clear(Timer::Write);
        self.timers.clear(Timer::Stall);
        self.finish_if_done();
    }

    /// The peer's side takes nothing at present.
    pub(crate) fn handle_blocked(&mut self, now: Instant) {
        if self.state == State::Up && self.timers.get(Timer::Stall).is_none() {
            self.timers.set_after(Timer::Write, now, self.config.write_timeout);
            self.timers.set_after(Timer::Stall, now, self.config.stall_timeout);
        }
    }

    /// A socket has come to the path: no reason to wait any longer.
    pub(crate) fn handle_socket_appeared(&mut self, now: Instant) {
        if self.state == State::Waiting {
            self.dial(now);
        }
    }

    /// Time has passed. Does nothing for deadlines that `now` has not reached.
    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expired(now) {
            match timer {
                Timer::Retry => self.dial(now),
                Timer::Dial => {
                    self.actions.push_back(Action::HangUp);
                    self.lose(now, Failure::DialTimeout);
                }
                Timer::Welcome => self.outbox.begin_one_way(),
                Timer::Write => self.stalled = true,
                Timer::Stall => {
                    self.actions.push_back(Action::HangUp);
                    self.lose(now, Failure::Stalled);
                }
                Timer::Healthy if self.stalled => self.timers.set_after(Timer::Healthy, now, HEALTHY_AFTER),
                Timer::Healthy => self.backoff.reset(),
                Timer::Grace if self.state == State::Up => {}
                Timer::Grace | Timer::Close => self.finish(now),
                Timer::Spool => {
                    self.outbox.retry_spool();
                    if self.outbox.has_unspooled() {
                        self.gather(now);
                    }
                }
            }
        }
        self.arm_spool(now);
    }

    fn dial(&mut self, now: Instant) {
        self.state = State::Dialing;
        self.dials += 1;
        self.timers.clear(Timer::Retry);
        self.timers.set_after(Timer::Dial, now, self.config.dial_timeout);
        self.actions.push_back(Action::Dial);
    }

    /// There is no connection any more, or still none.
    fn lose(&mut self, now: Instant, failure: Failure) {
        let was_up = self.state == State::Up;
        self.state = State::Waiting;
        self.stalled = false;
        for timer in [Timer::Dial, Timer::Welcome, Timer::Write, Timer::Stall, Timer::Healthy] {
            self.timers.clear(timer);
        }
        self.last_failure = Some(failure.clone());
        if was_up {
            self.outbox.close();
            self.arm_grace(now);
        }
        if self.closing.is_some() && self.connections == 0 {
            self.finish(now);
            return;
        }
        if !std::mem::replace(&mut self.outage_told, true) {
            let path = self.config.path.clone();
            self.warnings.push_back(if was_up {
                Warning::Disconnected { path, failure }
            } else {
                Warning::NoHub { path, failure }
            });
        }
        if self.closing.is_some() {
            // There is a second at most: no time for long delays.
            self.backoff.reset();
        }
        let delay = self.backoff.advance();
        self.retry = Some(delay);
        self.timers.set_after(Timer::Retry, now, delay.jittered);
    }

    /// A closing link does not wait to its deadline for a hub that may never come back.
    fn arm_grace(&mut self, now: Instant) {
        if self.closing.is_some() && self.state != State::Up {
            self.timers.set_after(Timer::Grace, now, CLOSE_GRACE);
        }
    }

    fn finish_if_done(&mut self) {
        if self.closing.is_some() && self.outbox.is_finished() {
            self.end();
        }
    }

    /// The end, whatever is left.
    fn finish(&mut self, now: Instant) {
        if self.state != State::Closed {
            self.outbox.gather_rest(self.config.anchor.timestamp(now));
            self.note_spool_warning();
            self.end();
        }
    }

    fn end(&mut self) {
        self.outbox.end_spool();
        if self.state == State::Up {
            self.outbox.close();
        }
        self.state = State::Closed;
        (self.stalled, self.retry) = (false, None);
        self.timers = Timers::default();
        self.actions.push_back(Action::HangUp);
    }

    /// The next thing to do.
    pub(crate) fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next thing to tell a person.
    pub(crate) fn poll_warning(&mut self) -> Option<Warning> {
        self.warnings.pop_front()
    }

    /// The next command that was heard. To be asked after every [`Link::handle_received`], as nothing
    /// else bounds them.
    pub(crate) fn poll_command(&mut self) -> Option<Request> {
        self.commands.pop_front()
    }

    /// The next bytes to write, if there is a connection and something to say.
    pub(crate) fn poll_transmit(&mut self, now: Instant) -> Option<&[u8]> {
        if self.state != State::Up {
            return None;
        }
        self.outbox.poll_bytes(self.config.anchor.timestamp(now))
    }

    /// When to call [`Link::handle_timeout`].
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether it waits before the next attempt to connect.
    pub(crate) fn is_waiting(&self) -> bool {
        self.state == State::Waiting
    }

    /// Whether this is the end.
    pub(crate) fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// The close request it knows of.
    pub(crate) fn closing(&self) -> Option<Instant> {
        self.closing
    }

    /// Empty blocks for the emitter.
    pub(crate) fn take_spare(&mut self) -> Vec<Block> {
        self.outbox.take_spare()
    }

    /// The numbers, as of the last call of [`Link::handle_staged`].
    pub(crate) fn stats(&self) -> Stats {
        let counts = self.outbox.counts();
        let (queued, queued_bytes) = self.outbox.queued();
        let (delivered, reached) = self.outbox.delivered();
        let (spooled, spool_bytes) = self.outbox.spooled();
        Stats {
            connected: self.state == State::Up,
            acking: self.outbox.mode() == Some(Mode::Acking),
            stalled: self.stalled,
            emitted: self.inherited + self.emitted.events,
            sent: counts.sent,
            queued,
            queued_bytes,
            acked: delivered,
            unacked: reached - delivered,
            evicted: counts.evicted,
            conflated: counts.conflated,
            refused: self.emitted.refused,
            oversized: self.emitted.oversized,
            announced: counts.announced,
            spooled,
            spool_bytes,
            spool_failure: self.outbox.spool_failure(),
            connections: self.connections,
            dials: self.dials,
            retry: self.retry,
            last_failure: self.last_failure.clone(),
        }
    }
}

impl Stats {
    /// What these numbers mean once the pusher is closed.
    pub(crate) fn close_report(&self, finished: bool) -> CloseReport {
        CloseReport {
            sent: self.sent,
            unsent: self.queued,
            unacked: self.unacked,
            lost: self.lost(),
            spooled: self.spooled,
            finished,
        }
    }
}

#[cfg(any(test, feature = "sim"))]
impl Link {
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}
