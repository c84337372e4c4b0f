//! The settings of a pusher.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use choo_protocol::{GraphPayload, Limits, RunId, RunState};

use crate::bus::Sink;
use crate::clock::{Anchor, Moment};
use crate::desk::Desk;
use crate::driver::{Driver, OnWarning};
use crate::link::{Link, LinkConfig, WELCOME_WAIT};
use crate::ring::Bounds;
use crate::shared::Shared;
use crate::spool::file::SpoolFile;
use crate::spool::orphan;
use crate::staging::Staging;
use crate::started::Graph;
use crate::wire::Wire;
use crate::{
    EventBus, Redaction, SPOOL_BYTES, SocketPathError, SocketPusher, Warning, check_socket_path, clock,
    default_socket_path, default_spool_dir, socket,
};

/// Default of [`Builder::buffer_bytes`]: 8 MiB.
pub const BUFFER_BYTES: usize = 8 << 20;
/// Default of [`Builder::write_timeout`]: 100 ms.
pub const WRITE_TIMEOUT: Duration = Duration::from_millis(100);
/// Default of [`Builder::stall_timeout`]: 5 s.
pub const STALL_TIMEOUT: Duration = Duration::from_secs(5);
/// Default of [`Builder::dial_timeout`]: 5 s.
pub const DIAL_TIMEOUT: Duration = Duration::from_secs(5);
/// Default first delay of [`Builder::backoff`]: 100 ms.
pub const BACKOFF_INITIAL: Duration = Duration::from_millis(100);
/// Default longest delay of [`Builder::backoff`]: 5 s.
pub const BACKOFF_MAX: Duration = Duration::from_secs(5);

/// Settings of a [`SocketPusher`]. All have defaults that fit most programs; durations of zero mean the
/// default.
///
/// | setting | default | unit | memory at worst |
/// | --- | --- | --- | --- |
/// | [`socket`](Builder::socket) | [`default_socket_path`] | path of at most 103 bytes | |
/// | [`run`](Builder::run) | a new ULID | 1 to 64 characters | |
/// | [`graph`](Builder::graph) | none | units and their edges | itself, and its line of at most 16 MiB |
/// | [`wire`](Builder::wire) | [`Wire::Full`] | | |
/// | [`buffer_bytes`](Builder::buffer_bytes) | 8 MiB | bytes of lines | twice the larger of it and 6.25 MiB |
/// | [`buffer_events`](Builder::buffer_events) | none | events, at least 100 | only lessens that |
/// | [`write_timeout`](Builder::write_timeout) | 100 ms | time without progress | |
/// | [`stall_timeout`](Builder::stall_timeout) | 5 s | time without progress | |
/// | [`dial_timeout`](Builder::dial_timeout) | 5 s | time of an attempt | |
/// | [`welcome_wait`](Builder::welcome_wait) | 200 ms | time of a connection | |
/// | [`backoff`](Builder::backoff) | 100 ms to 5 s | time between attempts | |
/// | [`seed`](Builder::seed) | random | | |
/// | [`redact`](Builder::redact) | nothing | secrets and patterns | their compiled form |
/// | [`on_warning`](Builder::on_warning) | nothing | | what it captures |
///
/// Whatever the settings, a pusher takes up to 6 MiB for a burst that its thread has not seen yet, its thread's
/// stack, and the run's state.
#[must_use = "nothing happens before `start`"]
pub struct Builder {
    socket: Option<PathBuf>,
    run: Option<RunId>,
    graph: Option<Graph>,
    wire: Wire,
    bounds: Bounds,
    write_timeout: Duration,
    stall_timeout: Duration,
    dial_timeout: Duration,
    welcome_wait: Duration,
    backoff: (Duration, Duration),
    seed: Option<u64>,
    redaction: Redaction,
    /// The directory; empty for the default.
    spool: Option<PathBuf>,
    spool_bytes: u64,
    on_warning: OnWarning,
}

/// Why a pusher could not be started: the program asked for something impossible, or the system has no
/// thread or file left. That no hub is there is never a reason.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The path cannot name a socket, or there is no default one.
    #[error(transparent)]
    Path(#[from] SocketPathError),
    /// There is no default directory for the spool.
    #[error("no place for the spool: set XDG_STATE_HOME or HOME to an absolute path, or name a directory")]
    NoSpoolDir,
    /// The system refused to start the pusher's thread.
    #[error("cannot start the pusher's thread: {0}")]
    Thread(#[source] io::Error),
    /// The program has too many files open: there is none left to wait for the socket with.
    #[error("cannot wait for sockets: {0}")]
    Descriptors(#[source] io::Error),
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            socket: None,
            run: None,
            graph: None,
            wire: Wire::Full,
            bounds: Bounds { bytes: BUFFER_BYTES, events: usize::MAX },
            write_timeout: WRITE_TIMEOUT,
            stall_timeout: STALL_TIMEOUT,
            dial_timeout: DIAL_TIMEOUT,
            welcome_wait: WELCOME_WAIT,
            backoff: (BACKOFF_INITIAL, BACKOFF_MAX),
            seed: None,
            redaction: Redaction::new(),
            spool: None,
            spool_bytes: SPOOL_BYTES,
            on_warning: Box::new(|_| ()),
        }
    }
}

impl Builder {
    /// Where the hub is. Default: [`default_socket_path`]; an empty path means the default too.
    pub fn socket(self, path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Builder { socket: Some(path).filter(|path| !path.as_os_str().is_empty()), ..self }
    }

    /// The run that the events belong to. Default: a new ULID.
    pub fn run(self, run: RunId) -> Self {
        Builder { run: Some(run), ..self }
    }

    /// The dependency graph and how many units may run at once, put into `orch.started` where the program
    /// has not done so itself. Default: none; see also [`SocketPusher::set_graph`].
    pub fn graph(self, graph: GraphPayload, parallelism: u32) -> Self {
        Builder { graph: Some(Graph { graph, parallelism }), ..self }
    }

    /// Which lines go out. Default: [`Wire::Full`]. [`Wire::Seed`] is for the original tool's daemon.
    pub fn wire(self, wire: Wire) -> Self {
        Builder { wire, ..self }
    }

    /// How many bytes of encoded lines are kept: those that wait for a hub that is absent or slow, and as
    /// many of those sent as there is room for, so that a hub that lost them can have them again. Default:
    /// [`BUFFER_BYTES`].
    ///
    /// When it is full, lines that were sent go first. Of those that wait only the latest progress of each
    /// task is kept, then the oldest output (`log.*`, `diff.*`) goes, then the oldest of the rest, an eighth
    /// at a time; the hub is told what is missing, and the state that it led to.
    ///
    /// The last hundred events of up to 64 KiB are kept whatever this says, as is the newest line. Memory
    /// is at most twice the larger of this and 6.25 MiB, plus 6 MiB for bursts and the run's state. Raise
    /// it for runs that log much and whose hub may be away for long.
    pub fn buffer_bytes(mut self, bytes: usize) -> Self {
        self.bounds.bytes = bytes;
        self
    }

    /// A further bound on the events that wait, at least 100. Default: none. For programs that want the
    /// memory of many small events bounded more tightly.
    pub fn buffer_events(mut self, events: usize) -> Self {
        self.bounds.events = events;
        self
    }

    /// How long the hub may take nothing before the link counts as stalled in [`Stats`](crate::Stats).
    /// Default: [`WRITE_TIMEOUT`].
    pub fn write_timeout(self, timeout: Duration) -> Self {
        Builder { write_timeout: or_default(timeout, WRITE_TIMEOUT), ..self }
    }

    /// How long the hub may take nothing before the connection is closed and made anew. Default:
    /// [`STALL_TIMEOUT`]. Equal to the write timeout it gives the strict behaviour of a single deadline.
    pub fn stall_timeout(self, timeout: Duration) -> Self {
        Builder { stall_timeout: or_default(timeout, STALL_TIMEOUT), ..self }
    }

    /// How long one attempt to connect may take. Default: [`DIAL_TIMEOUT`].
    pub fn dial_timeout(self, timeout: Duration) -> Self {
        Builder { dial_timeout: or_default(timeout, DIAL_TIMEOUT), ..self }
    }

    /// How long a new connection waits for a hub to say what it has. After that it counts as a reader that
    /// says nothing, and a late answer is still heard. Default: [`WELCOME_WAIT`]; less is for readers that
    /// are known to say nothing.
    pub fn welcome_wait(self, time: Duration) -> Self {
        Builder { welcome_wait: or_default(time, WELCOME_WAIT), ..self }
    }

    /// The first and the longest delay between attempts to connect; each is drawn evenly between zero and
    /// a value that doubles. Defaults: [`BACKOFF_INITIAL`], [`BACKOFF_MAX`].
    pub fn backoff(self, initial: Duration, max: Duration) -> Self {
        let backoff = (or_default(initial, BACKOFF_INITIAL), or_default(max, BACKOFF_MAX));
        Builder { backoff, ..self }
    }

    /// The seed of the delays' jitter, for tests. Default: random.
    pub fn seed(self, seed: u64) -> Self {
        Builder { seed: Some(seed), ..self }
    }

    /// Secrets that never leave the process. Default: none, at no cost.
    ///
    /// The pusher's thread replaces them by `***` before an event can reach buffer, spool or socket, in
    /// everything the program says: units, errors and payloads, the graph among them. A secret in a number
    /// makes it `null`. Only type, time, run and the numbers outside the payload are left as they are. `emit`
    /// does nothing of it and costs what it did, and other handlers of the bus see events as they are.
    ///
    /// A secret that is cut in two by the border of two `log.*` events of one unit, task and stream is found
    /// as well. As the first of them has left by then, its end is replaced as soon as four bytes of it may be
    /// the beginning of a secret (half of one below eight bytes); of a secret cut at its third byte those
    /// three are seen. Patterns look back by 256 bytes and see what came before them as it was; what they
    /// match across a border is replaced in the second event only.
    ///
    /// Costs, on that thread: a pass over each line, for `log.*` and lines with escapes two more, and for
    /// each pattern one or two over each text. Memory: an automaton that grows with the bytes of all secrets,
    /// and for each of up to 256 streams of output as many bytes as the longest secret has.
    ///
    /// ```
    /// use choo_transport::{EventBus, Redaction, SocketPusher};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let token = "0123-secret";
    /// # let dir = tempfile::tempdir()?;
    /// let redaction = Redaction::new().secret(token)?.pattern(r"ghp_[A-Za-z0-9]{36}")?;
    /// let pusher = SocketPusher::builder().redact(redaction)
    /// #   .socket(dir.path().join("web.sock"))
    ///     .start(&EventBus::new())?;
    /// # pusher.close(std::time::Duration::ZERO);
    /// # Ok(()) }
    /// ```
    pub fn redact(self, redaction: Redaction) -> Self {
        Builder { redaction, ..self }
    }

    /// Keeps on disk what no hub takes, so that nothing is lost however long it is away, and only the last
    /// 10 ms when this process is killed. `dir` is for all runs; an empty path means
    /// [`default_spool_dir`](crate::default_spool_dir). Default: no spool.
    ///
    /// While no hub is connected that says what it stores, or it takes nothing, every event that it has not
    /// stored goes to `<run>.ndjson` in that directory (0600 in 0700) at least every 10 ms, and so does what
    /// would have to leave a full buffer. A hub that comes gets it from there, and once it has stored
    /// everything the file is removed. What is left when the program ends is sent by the next run with the
    /// same directory, as soon as that has a hub, or by [`spooled_runs`](crate::spooled_runs) and
    /// `choo push --spool`.
    ///
    /// A disk that is full or fails costs no event more than having no spool: see
    /// [`Warning::Spool`] and [`Stats::spool_failure`](crate::Stats::spool_failure). Written data is not
    /// forced to the disk, so a power cut may cost more than a kill. With [`Wire::Seed`] there is no spool.
    pub fn spool(self, dir: impl Into<PathBuf>) -> Self {
        Builder { spool: Some(dir.into()), ..self }
    }

    /// How large the file of the spool may become, in bytes; then the buffer's rules hold for what comes
    /// after. Default: [`SPOOL_BYTES`], also for 0.
    pub fn spool_bytes(self, bytes: u64) -> Self {
        Builder { spool_bytes: if bytes == 0 { SPOOL_BYTES } else { bytes }, ..self }
    }

    /// What to do with a [`Warning`], called on the pusher's own thread. Default: nothing.
    pub fn on_warning(self, on_warning: impl FnMut(&Warning) + Send + 'static) -> Self {
        Builder { on_warning: Box::new(on_warning), ..self }
    }

    /// Subscribes to the bus and starts to connect, on a thread of the pusher's own. Every event emitted
    /// from here on is sent.
    pub fn start(mut self, bus: &EventBus) -> Result<SocketPusher, StartError> {
        let path = match self.socket.take() {
            Some(path) => path,
            None => default_socket_path()?,
        };
        check_socket_path(&path)?;
        socket::prepare().map_err(StartError::Descriptors)?;
        let anchor = bus.anchor();
        let now = clock::now();
        let run = self.run.take().unwrap_or_else(|| {
            let millis = u64::try_from(anchor.timestamp(now).unix_millis()).unwrap_or(0);
            RunId::ulid(millis, fastrand::u128(..))
        });
        let staging = Staging::new(&run, self.wire, Limits::default());
        if let Some(graph) = self.graph.take() {
            staging.set_graph(graph, &Moment::new(&anchor));
        }
        let shared = Arc::new(Shared::new(path.clone(), staging));
        let spool_dir = match &self.spool {
            Some(dir) if self.wire == Wire::Full => {
                let named = Some(dir.clone()).filter(|dir| !dir.as_os_str().is_empty());
                Some(named.or_else(default_spool_dir).ok_or(StartError::NoSpoolDir)?)
            }
            _ => None,
        };
        let config = self.link_config(path, run.clone(), anchor);
        let desk = Arc::new(Desk::new(bus.clone()));
        let link = Link::new(config, now);
        let driver = Driver::new(link, Arc::clone(&shared), Arc::clone(&desk), anchor, self.on_warning);
        let spool = spool_dir.as_deref().map(|dir| SpoolFile::of_run(dir, &run));
        let driver = driver.with_spool(spool);
        let ends = Ends(Arc::clone(&shared));
        let thread = std::thread::Builder::new()
            .name("choo-pusher".to_owned())
            .spawn(move || {
                // Also if the driver panics: a close must not wait for a thread that is gone.
                let _ends = ends;
                socket::nap_exactly();
                async_io::block_on(driver.run());
            })
            .map_err(StartError::Thread)?;
        let sink: Arc<dyn Sink> = shared.clone();
        let subscription = bus.attach(sink);
        if let Some(dir) = spool_dir {
            orphan::send_in_background(dir, &shared).map_err(StartError::Thread)?;
        }
        Ok(SocketPusher::new(shared, desk, run, anchor, subscription, thread))
    }

    pub(crate) fn link_config(&mut self, path: PathBuf, run: RunId, anchor: Anchor) -> LinkConfig {
        LinkConfig {
            path,
            run,
            wire: self.wire,
            bounds: self.bounds,
            write_timeout: self.write_timeout,
            stall_timeout: self.stall_timeout,
            dial_timeout: self.dial_timeout,
            welcome_wait: self.welcome_wait,
            backoff: self.backoff,
            seed: self.seed.unwrap_or_else(|| fastrand::u64(..)),
            anchor,
            redaction: std::mem::take(&mut self.redaction),
            part_bytes: RunState::PART_BYTES,
            spool: self.spool.as_ref().map(|_| self.spool_bytes),
        }
    }
}

/// Says that the thread has ended.
struct Ends(Arc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.finish();
    }
}

fn or_default(given: Duration, default: Duration) -> Duration {
    if given.is_zero() { default } else { given }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("socket", &self.socket)
            .field("run", &self.run)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s1_17_s0_b21_zero_means_the_default() {
        let zero = Duration::ZERO;
        let builder = SocketPusher::builder().write_timeout(zero).stall_timeout(zero).dial_timeout(zero);
        let builder = builder.backoff(zero, zero).welcome_wait(zero).socket("");
        assert_eq!(builder.write_timeout, Duration::from_millis(100));
        assert_eq!((builder.stall_timeout, builder.dial_timeout), (STALL_TIMEOUT, DIAL_TIMEOUT));
        assert_eq!(builder.backoff, (Duration::from_millis(100), Duration::from_secs(5)));
        assert_eq!(builder.welcome_wait, WELCOME_WAIT);
        assert_eq!((builder.socket, builder.bounds.bytes), (None, 8 << 20));
    }
}
