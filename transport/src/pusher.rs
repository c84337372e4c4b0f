//! The pusher as a program holds it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{JoinHandle, ThreadId};
use std::time::Duration;

use choo_protocol::{GraphPayload, RunId};

use crate::builder::Builder;
use crate::clock::{Anchor, Moment};
use crate::shared::Shared;
use crate::started::Graph;
use crate::{CloseReport, Stats, Subscription, clock};

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
        run: RunId,
        anchor: Anchor,
        subscription: Subscription,
        thread: JoinHandle<()>,
    ) -> Self {
        SocketPusher {
            shared,
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

    /// Tells the graph of the run and how many units may run at once, where that was not known to the
    /// [`Builder`]. It is put into the next `orch.started`; if that has been emitted already, it goes out
    /// as a `graph` event of its own.
    pub fn set_graph(&self, graph: GraphPayload, parallelism: u32) {
        let moment = Moment::new(&self.anchor);
        self.shared.staging.set_graph(Graph { graph, parallelism }, &moment);
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
