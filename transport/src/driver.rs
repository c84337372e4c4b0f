//! The thread that moves bytes between staging, link and socket. It decides nothing.

use std::future::{Future, pending};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_io::Timer;
use futures_lite::future;

use crate::block::Block;
use crate::clock::Anchor;
use crate::desk::Desk;
use crate::link::{Action, Link};
use crate::pace::{Pace, Rest};
use crate::shared::Shared;
use crate::socket::{Ready, Socket};
use crate::spool::file::SpoolFile;
use crate::staging::READY_BLOCKS;
use crate::watch::Watch;
use crate::{Failure, Warning, clock, socket};

/// Writes made before new events are taken in, each of up to a block.
const WRITES: usize = 16;

/// What the program does with warnings.
pub(crate) type OnWarning = Box<dyn FnMut(&Warning) + Send>;

type Dialing = Pin<Box<dyn Future<Output = Result<Socket, Failure>> + Send>>;

pub(crate) struct Driver {
    link: Link,
    shared: Arc<Shared>,
    desk: Arc<Desk>,
    anchor: Anchor,
    on_warning: OnWarning,
    dialing: Option<Dialing>,
    socket: Option<Socket>,
    spool: Option<SpoolFile>,
    /// Whether the socket took nothing the last time.
    blocked: bool,
    watch: Watch,
    pace: Pace,
    /// Empty blocks for the emitter.
    spare: Vec<Block>,
}

/// What a wait ended with.
enum Woken {
    Dialed(Result<Socket, Failure>),
    Readable,
    Writable,
    /// Something new is at the socket's path.
    Appeared,
    /// A deadline or new events: both are looked at in every round.
    Otherwise,
}

impl Driver {
    pub(crate) fn new(
        link: Link,
        shared: Arc<Shared>,
        desk: Arc<Desk>,
        anchor: Anchor,
        on_warning: OnWarning,
    ) -> Self {
        let path = shared.path.clone();
        Driver {
            link,
            shared,
            desk,
            anchor,
            on_warning,
            dialing: None,
            socket: None,
            spool: None,
            blocked: false,
            watch: Watch::new(path),
            pace: Pace::new(),
            spare: Vec::new(),
        }
    }

    /// With a file for what no hub takes.
    pub(crate) fn with_spool(self, spool: Option<SpoolFile>) -> Self {
        Driver { spool, ..self }
    }

    /// Runs until the link is closed.
    pub(crate) async fn run(mut self) {
        loop {
            self.take();
            self.link.handle_timeout(clock::now());
            let mut more = self.write();
            // First, so that a hub sees the end only of a file that is gone.
            more |= self.serve_spool();
            while let Some(action) = self.link.poll_action() {
                self.act(action);
            }
            self.report();
            if self.link.is_closed() {
                return;
            }
            if !more {
                let woken = self.rest().await;
                self.handle(woken);
            }
        }
    }

    /// Moves what was emitted to the link, and empty blocks to the emitter.
    fn take(&mut self) {
        self.spare.append(&mut self.link.take_spare());
        self.spare.resize_with(READY_BLOCKS, Block::ready);
        let staged = self.shared.staging.take(&mut self.spare);
        self.pace.handle_look(staged.arrivals);
        self.link.handle_staged(clock::now(), staged);
    }

    /// Writes until there is nothing more, the socket is full, or it is time to take new events in;
    /// answers whether it was the last.
    fn write(&mut self) -> bool {
        let Some(socket) = self.socket.as_ref().filter(|_| !self.blocked) else { return false };
        for _ in 0..WRITES {
            let now = clock::now();
            let Some(bytes) = self.link.poll_transmit(now) else { return false };
            match socket.write(bytes) {
                Ok(Some(n)) => self.link.handle_written(n),
                Ok(None) => {
                    self.blocked = true;
                    self.link.handle_blocked(now);
                    return false;
                }
                Err(failure) => {
                    self.socket = None;
                    self.link.handle_hangup(now, failure);
                    return false;
                }
            }
        }
        true
    }

    /// Moves lines to the disk and back; answers whether there were any.
    fn serve_spool(&mut self) -> bool {
        let now = clock::now();
        self.spool.as_mut().is_some_and(|spool| spool.serve(&mut self.link, now))
    }

    fn act(&mut self, action: Action) {
        (self.socket, self.dialing, self.blocked) = (None, None, false);
        if action == Action::Dial {
            self.watch.note();
            self.dialing = Some(Box::pin(Socket::connect(self.shared.path.clone())));
        }
    }

    fn report(&mut self) {
        while let Some(warning) = self.link.poll_warning() {
            // The program's code: what it does wrong must not end the stream.
            let call = std::panic::AssertUnwindSafe(|| (self.on_warning)(&warning));
            let _ = std::panic::catch_unwind(call);
        }
        self.shared.publish(self.link.stats());
    }

    async fn rest(&mut self) -> Woken {
        let now = clock::now();
        let urgent = self.socket.is_some() && !self.blocked;
        match self.pace.poll_rest(self.anchor.elapsed(now), urgent) {
            // An attempt to connect needs the reactor to go on.
            Rest::Nap(time) if self.dialing.is_none() => self.nap(now, time),
            _ => self.wait().await,
        }
    }

    /// Rests without the reactor, whose timers cost several system calls each.
    fn nap(&mut self, now: Instant, time: Duration) -> Woken {
        let due = self.link.poll_timeout().map(|at| at.saturating_duration_since(now));
        let time = due.map_or(time, |due| time.min(due));
        // While events keep coming there is a nap after a nap, and the hub may come in any of them.
        let waiting = self.link.is_waiting();
        if waiting && self.watch.descriptor().is_none() && self.watch.has_appeared() {
            return Woken::Appeared;
        }
        let directory = self.watch.descriptor().filter(|_| waiting);
        match socket::nap(self.socket.as_ref(), self.blocked, directory, time) {
            Ready::Read => Woken::Readable,
            Ready::Write => Woken::Writable,
            Ready::Other if self.watch.has_appeared() => Woken::Appeared,
            Ready::Other => Woken::Otherwise,
            Ready::Nothing => {
                self.pace.handle_nap(time, clock::now().saturating_duration_since(now));
                Woken::Otherwise
            }
        }
    }

    async fn wait(&mut self) -> Woken {
        let Driver { link, shared, dialing, socket, blocked, watch, .. } = self;
        let socket = socket.as_ref();
        let appeared = async {
            if !link.is_waiting() {
                pending::<()>().await;
            }
            watch.appeared().await;
            Woken::Appeared
        };
        let dialed = async {
            match dialing {
                Some(dialing) => Woken::Dialed(dialing.await),
                None => pending().await,
            }
        };
        let readable = async {
            match socket {
                Some(socket) => socket.readable().await,
                None => pending().await,
            }
            Woken::Readable
        };
        let writable = async {
            match socket {
                Some(socket) if *blocked => socket.writable().await,
                _ => pending().await,
            }
            Woken::Writable
        };
        let due = async {
            match link.poll_timeout() {
                Some(at) => Timer::at(at).await,
                None => pending().await,
            };
            Woken::Otherwise
        };
        let emitted = async {
            if let Some(listener) = shared.staging.listen(link.closing()) {
                listener.await;
            }
            Woken::Otherwise
        };
        let rest = future::or(appeared, emitted);
        future::or(dialed, future::or(readable, future::or(writable, future::or(due, rest)))).await
    }

    fn handle(&mut self, woken: Woken) {
        let now = clock::now();
        match woken {
            Woken::Dialed(result) => {
                self.dialing = None;
                let result = result.map(|socket| self.socket = Some(socket));
                self.link.handle_dialed(now, result);
            }
            Woken::Readable => {
                let Driver { socket, link, desk, .. } = self;
                let receive = |bytes: &[u8]| {
                    link.handle_received(bytes);
                    while let Some(request) = link.poll_command() {
                        desk.handle_request(request);
                    }
                };
                let result = socket.as_mut().map(|socket| socket.read(receive));
                if let Some(Err(failure)) = result {
                    (self.socket, self.blocked) = (None, false);
                    self.link.handle_hangup(now, failure);
                }
            }
            Woken::Writable => self.blocked = false,
            Woken::Appeared => self.link.handle_socket_appeared(now),
            Woken::Otherwise => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use choo_protocol::Limits;

    use super::*;
    use crate::link::LinkConfig;
    use crate::staging::Staging;
    use crate::tests::config;
    use crate::{EventBus, Wire};

    /// It did not, so that a hub that was restarted while events kept coming waited for the next attempt, up
    /// to 5 s; by then 4 MiB of room are full at 5,000 events a second.
    #[test]
    fn a_writer_that_naps_between_events_notices_the_hubs_socket() {
        let dir = tempfile::tempdir().unwrap();
        let config = LinkConfig { path: dir.path().join("web.sock"), ..config() };
        let staging = Staging::new(&config.run, Wire::Full, Limits::default());
        let shared = Arc::new(Shared::new(config.path.clone(), staging));
        let (anchor, path) = (config.anchor, config.path.clone());
        let link = Link::new(config, clock::now());
        let desk = Arc::new(Desk::new(EventBus::new()));
        let mut driver = Driver::new(link, shared, desk, anchor, Box::new(|_| ()));
        while let Some(action) = driver.link.poll_action() {
            driver.act(action);
        }
        driver.dialing = None;
        let nap = |driver: &mut Driver| driver.nap(clock::now(), Duration::from_micros(100));
        assert!(matches!(nap(&mut driver), Woken::Otherwise), "it dials");
        driver.link.handle_dialed(clock::now(), Err(Failure::NoSocket));
        assert!(driver.link.is_waiting());
        for _ in 0..3 {
            assert!(matches!(nap(&mut driver), Woken::Otherwise));
        }
        std::fs::write(dir.path().join("other"), "").unwrap();
        assert!(matches!(nap(&mut driver), Woken::Otherwise), "nothing of ours");
        let _hub = UnixListener::bind(&path).unwrap();
        assert!(matches!(nap(&mut driver), Woken::Appeared));
    }
}
