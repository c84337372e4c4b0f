//! What the handle of a pusher and its thread have in common.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use choo_protocol::Event;
use event_listener::{EventListener, Listener as _};

use crate::bus::Sink;
use crate::clock::Moment;
use crate::staging::Staging;
use crate::{Stats, Status};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) path: PathBuf,
    pub(crate) staging: Staging,
    status: Mutex<State>,
    changed: event_listener::Event,
}

#[derive(Debug, Default)]
struct State {
    stats: Stats,
    /// Whether the thread has ended.
    finished: bool,
}

impl Sink for Shared {
    fn push(&self, event: &Event, moment: &Moment<'_>) {
        self.staging.push(event, moment);
    }
}

impl Shared {
    pub(crate) fn new(path: PathBuf, staging: Staging) -> Self {
        Shared { path, staging, status: Mutex::default(), changed: event_listener::Event::new() }
    }

    fn with_status<T>(&self, use_it: impl FnOnce(&mut State) -> T) -> T {
        use_it(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The thread tells its numbers.
    pub(crate) fn publish(&self, stats: Stats) {
        let now = Status::of(&stats, false);
        let before = self.with_status(|state| std::mem::replace(&mut state.stats, stats));
        if Status::of(&before, false) != now {
            self.changed.notify(usize::MAX);
        }
    }

    /// What the pusher is at.
    pub(crate) fn status(&self) -> Status {
        self.with_status(|state| Status::of(&state.stats, state.finished))
    }

    /// Begins to listen for changes of the status.
    pub(crate) fn listen(&self) -> EventListener {
        self.changed.listen()
    }

    /// The thread ends, in whatever way.
    pub(crate) fn finish(&self) {
        self.with_status(|status| {
            status.finished = true;
            status.stats.connected = false;
        });
        self.changed.notify(usize::MAX);
        self.staging.release();
    }

    /// The thread's numbers, as it told them last.
    pub(crate) fn published(&self) -> Stats {
        self.with_status(|status| status.stats.clone())
    }

    /// The thread's numbers brought up to now by what was emitted meanwhile.
    pub(crate) fn stats(&self) -> Stats {
        // Read first, so that it can only lag behind the emitter's.
        let mut stats = self.with_status(|status| status.stats.clone());
        let emitted = self.staging.emitted();
        let lost = |stats: &Stats| stats.refused + stats.oversized;
        let (emitted_before, lost_before) = (stats.emitted, lost(&stats));
        (stats.emitted, stats.refused, stats.oversized) =
            (emitted.events, emitted.refused, emitted.oversized);
        stats.queued += (stats.emitted - emitted_before) - (lost(&stats) - lost_before);
        stats
    }

    /// Whether the thread has ended.
    pub(crate) fn is_finished(&self) -> bool {
        self.with_status(|status| status.finished)
    }

    /// Waits until the thread has ended or, if `connected` is asked for, has a connection; answers
    /// whether it has within `deadline`.
    pub(crate) fn wait(&self, connected: bool, deadline: Instant) -> bool {
        loop {
            let listener = self.changed.listen();
            let (is_connected, finished) =
                self.with_status(|status| (status.stats.connected, status.finished));
            if finished || (connected && is_connected) {
                return !connected || is_connected;
            }
            if listener.wait_deadline(deadline).is_none() {
                return false;
            }
        }
    }
}
