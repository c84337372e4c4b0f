//! The pusher as a program holds it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

use choo_protocol::{GraphPayload, RunId};

use crate::builder::Builder;
use crate::clock::{Anchor, Moment};
use crate::desk::Desk;
use crate::shared::Shared;
use crate::started::Graph;
use crate::{CloseReport, Commands, Stats, Status, StatusWatch, Subscription, clock};

/// How long [`SocketPusher::close`] usually gets, and what dropping a pusher leaves it in the
/// background.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

/// The writer ends by itself at the deadline; this is what it may take to be scheduled once more.
const CLOSE_SLACK: Duration = Duration::from_millis(250);

/// Sends every event of a bus, as lines in order, to the hub at a Unix socket.
///
/// Whether a hub is there, comes late, hangs or is restarted never shows in the program's own run: `emit`
/// only encodes into memory, and a thread of the pusher's own does the rest. Begin with
/// [`SocketPusher::builder`]; end with [`SocketPusher::close`], or the last events may stay behind.
pub struct SocketPusher {
    shared: Arc<Shared>,
    desk: Arc<Desk>,
    run: RunId,
    anchor: Anchor,
    subscription: Mutex<Option<Subscription>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    thread_id: ThreadId,
}

impl SocketPusher {
    /// A pusher with default settings, to be refined and started.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(
        shared: Arc<Shared>,
        desk: Arc<Desk>,
        run: RunId,
        anchor: Anchor,
        subscription: Subscription,
        thread: JoinHandle<()>,
    ) -> Self {
        SocketPusher {
            shared,
            desk,
            run,
            anchor,
            subscription: Mutex::new(Some(subscription)),
            thread_id: thread.thread().id(),
            thread: Mutex::new(Some(thread)),
        }
    }

    /// The run its events belong to.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Whether there is a connection at this moment.
    pub fn connected(&self) -> bool {
        self.shared.stats().connected
    }

    /// Waits up to `timeout` for a connection; answers whether there is one.
    pub fn wait_connected(&self, timeout: Duration) -> bool {
        self.shared.wait(true, clock::after(timeout))
    }

    /// Its numbers.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// What it is at.
    pub fn status(&self) -> Status {
        self.shared.status()
    }

    /// Sees that change, for a status line or a test.
    ///
    /// ```
    /// # use std::time::Duration;
    /// # use choo_transport::{EventBus, SocketPusher, Status};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// # let socket = dir.path().join("web.sock");
    /// let hub = std::os::unix::net::UnixListener::bind(&socket)?;
    /// let pusher = SocketPusher::builder().socket(socket).start(&EventBus::new())?;
    /// let mut watch = pusher.watch();
    /// while watch.status() == Status::Disconnected {
    ///     watch.wait(Duration::from_secs(5));
    /// }
    /// pusher.close(Duration::ZERO);
    /// while watch.status() != Status::Closed {
    ///     watch.wait(Duration::from_secs(5)); // or watch.changed().await
    /// }
    /// assert_eq!(watch.wait(Duration::MAX), None); // nothing more will come
    /// # Ok(()) }
    /// ```
    pub fn watch(&self) -> StatusWatch {
        StatusWatch::new(Arc::clone(&self.shared))
    }

    /// Tells the graph of the run and how many units may run at once, where that was not known to the
    /// [`Builder`]. It is put into the next `orch.started`; if that has been emitted already, it goes out
    /// as a `graph` event of its own.
    pub fn set_graph(&self, graph: GraphPayload, parallelism: u32) {
        let moment = Moment::new(&self.anchor);
        self.shared.staging.set_graph(Graph { graph, parallelism }, &moment);
    }

    /// The commands that people give on the hub's page: pause, cancel, retry and the like. Until this is
    /// called they are rejected at once as `disabled`, and again when what it gives is dropped. With
    /// [`Wire::Seed`](crate::Wire::Seed) there are none.
    ///
    /// Each command is handed out at most once, however often it is sent and over however many
    /// connections: a repeated id gets the answer that was given before. That holds until its `expires`,
    /// without one for an hour, and within the process. Up to 64 commands of 16 KiB wait, 4096 ids with
    /// their answers are remembered (5 MiB at most); beyond either, commands are rejected as `busy`.
    /// `expires` is compared with the wall clock, which on one machine is the hub's as well; no skew is
    /// allowed for.
    ///
    /// The answers are events of the run like any other, emitted on the bus. [`SocketPusher::close`]
    /// answers what is still open.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use choo_protocol::{Command, Event, Intervention, RejectReason};
    /// use choo_transport::{EventBus, SocketPusher};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let dir = tempfile::tempdir()?;
    /// let bus = EventBus::new();
    /// let pusher = SocketPusher::builder().socket(dir.path().join("web.sock")).start(&bus)?;
    /// let commands = pusher.commands(); // a Stream too: commands.next().await
    /// let on_bus = bus.clone();
    /// let thread = std::thread::Builder::new().name("commands".to_owned()).spawn(move || {
    ///     let mut status = "running";
    ///     while let Some(command) = commands.recv() {
    ///         let request = command.request();
    ///         match (request.check_status(status, None), &request.cmd) {
    ///             (Err(reason), _) => command.reject(reason), // its `if` does not hold
    ///             (Ok(()), Command::Pause) if request.args.unit.is_none() => {
    ///                 let running = command.accept();
    ///                 status = "paused";
    ///                 on_bus.emit(Event::orch_paused(Intervention::default()));
    ///                 running.done(Ok::<(), String>(()));
    ///             }
    ///             _ => command.reject(RejectReason::Unsupported),
    ///         }
    ///     }
    /// })?;
    /// pusher.close(Duration::from_secs(5)); // ends the loop
    /// # thread.join().map_err(|_| "panicked")?;
    /// # Ok(()) }
    /// ```
    pub fn commands(&self) -> Commands {
        Commands::new(Arc::clone(&self.desk))
    }

    /// Unsubscribes from the bus, sends what is left in order and then `link.bye`, and waits up to
    /// `timeout` for that; [`CLOSE_TIMEOUT`] is a good value. What is left then is not sent.
    ///
    /// With no hub there it makes one last attempt and does not wait. May be called again and from other
    /// threads: all calls wait for the same end, the earliest deadline holds, so that
    /// `close(Duration::ZERO)` cuts a running close short.
    pub fn close(&self, timeout: Duration) -> CloseReport {
        let deadline = clock::after(timeout);
        self.begin_close(deadline);
        // A warning's callback runs on the pusher's thread and would wait for itself.
        if std::thread::current().id() != self.thread_id {
            self.shared.wait(false, deadline + CLOSE_SLACK);
        }
        let finished = self.shared.is_finished();
        if finished && let Some(thread) = lock(&self.thread).take() {
            // It has said that it ends; what it may have panicked with shows in the report.
            let _ = thread.join();
        }
        self.shared.stats().close_report(finished)
    }

    fn begin_close(&self, deadline: std::time::Instant) {
        // While the answers still get through.
        self.desk.close();
        let subscription = lock(&self.subscription).take();
        drop(subscription);
        self.shared.staging.close(deadline);
    }
}

impl Drop for SocketPusher {
    /// Never waits. The thread goes on in the background for up to [`CLOSE_TIMEOUT`], if the program
    /// lives that long.
    fn drop(&mut self) {
        self.begin_close(clock::after(CLOSE_TIMEOUT));
    }
}

impl fmt::Debug for SocketPusher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketPusher").field("run", &self.run).finish_non_exhaustive()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
