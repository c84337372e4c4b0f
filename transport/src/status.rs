//! What a pusher is at, and who waits for that to change.

use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::shared::Shared;
use crate::{Stats, clock};

/// What a pusher is at. More may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// There is no connection; the pusher tries to make one. Events wait in its buffer.
    Disconnected,
    /// Connected to a reader that has not said that it is a hub, and perhaps never will.
    Connected,
    /// Connected to a hub, which says what it has stored.
    Acking,
    /// The peer has not taken a byte for the write timeout.
    Stalled,
    /// The pusher is closed and has come to its end.
    Closed,
}

impl Status {
    pub(crate) fn of(stats: &Stats, finished: bool) -> Status {
        match stats {
            _ if finished => Status::Closed,
            Stats { connected: false, .. } => Status::Disconnected,
            Stats { stalled: true, .. } => Status::Stalled,
            Stats { acking: true, .. } => Status::Acking,
            _ => Status::Connected,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Status::Disconnected => "disconnected",
            Status::Connected => "connected",
            Status::Acking => "acking",
            Status::Stalled => "stalled",
            Status::Closed => "closed",
        })
    }
}

/// Sees a pusher's status change, from [`SocketPusher::watch`](crate::SocketPusher::watch). What comes and goes
/// between two looks is not seen.
pub struct StatusWatch {
    shared: Arc<Shared>,
    seen: Status,
}

impl StatusWatch {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let seen = shared.status();
        StatusWatch { shared, seen }
    }

    /// The status that was seen last; at first that of the moment when the watch was made.
    pub fn status(&self) -> Status {
        self.seen
    }

    /// Waits until the status is another than was seen last; `None` once the pusher was seen closed. On any
    /// executor; may be dropped and called again.
    pub async fn changed(&mut self) -> Option<Status> {
        loop {
            let listener = self.shared.listen();
            if let ControlFlow::Break(news) = self.look() {
                return news;
            }
            listener.await;
        }
    }

    /// The same on a thread, for up to `timeout`; also `None` when that is over.
    pub fn wait(&mut self, timeout: Duration) -> Option<Status> {
        use event_listener::Listener as _;
        let deadline = clock::after(timeout);
        loop {
            let listener = self.shared.listen();
            if let ControlFlow::Break(news) = self.look() {
                return news;
            }
            listener.wait_deadline(deadline)?;
        }
    }

    /// Whether the wait is over, and with what.
    fn look(&mut self) -> ControlFlow<Option<Status>> {
        let status = self.shared.status();
        match std::mem::replace(&mut self.seen, status) {
            Status::Closed => ControlFlow::Break(None),
            before if before != status => ControlFlow::Break(Some(status)),
            _ => ControlFlow::Continue(()),
        }
    }
}

impl fmt::Debug for StatusWatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StatusWatch").field("seen", &self.seen).finish_non_exhaustive()
    }
}
