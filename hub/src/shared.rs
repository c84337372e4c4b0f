//! The core as the tasks of the hub share it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_io::Timer;
use event_listener::Event;
use futures_lite::future;

use crate::clock::Clock;
use crate::core::{Core, Moment};
use crate::fan::Bell;

/// The core behind a lock that is held for one turn at a time, and who is to be woken after it.
#[derive(Debug)]
pub(crate) struct Shared {
    turn: Mutex<Turn>,
    clock: Clock,
    /// Rings when something was recorded, or the hub closes.
    bell: Arc<Bell>,
    /// Notified when the hub closes.
    closing: Event,
    /// Notified when the core's deadline has moved.
    rearmed: Event,
    clients: AtomicUsize,
    max_clients: usize,
}

#[derive(Debug)]
struct Turn {
    core: Core,
    /// The deadline that the ticker waits for.
    armed: Option<Duration>,
}

impl Shared {
    pub(crate) fn new(core: Core, clock: Clock, max_clients: usize, bell: Arc<Bell>) -> Self {
        Shared {
            turn: Mutex::new(Turn { core, armed: None }),
            clock,
            bell,
            closing: Event::new(),
            rearmed: Event::new(),
            clients: AtomicUsize::new(0),
            max_clients,
        }
    }

    /// Lets the core act, and wakes whom that concerns.
    pub(crate) fn act<R>(&self, act: impl FnOnce(&mut Core, Moment) -> R) -> R {
        let mut turn = self.lock();
        let before = turn.core.history().last();
        let result = act(&mut turn.core, self.clock.now());
        let last = turn.core.history().last();
        let deadline = turn.core.deadline();
        let rearmed = std::mem::replace(&mut turn.armed, deadline) != deadline;
        drop(turn);
        if before != last {
            self.bell.handle_recorded(last);
        }
        if rearmed {
            self.rearmed.notify(1);
        }
        result
    }

    /// Looks at the core.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Core, Moment) -> R) -> R {
        look(&self.lock().core, self.clock.now())
    }

    /// What the clocks say.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// Resolves at a time of the hub's clock.
    pub(crate) async fn sleep_until(&self, at: Duration) {
        Timer::at(self.clock.instant(at)).await;
    }

    /// Resolves when the hub closes.
    pub(crate) async fn closed(&self) {
        loop {
            let closing = self.closing.listen();
            if self.look(|core, _| core.closing()) {
                return;
            }
            closing.await;
        }
    }

    /// The hub closes: readers get what is there and are sent away.
    pub(crate) fn close(&self) {
        self.act(|core, _| core.close());
        self.closing.notify(usize::MAX);
        self.bell.close();
    }

    /// Calls the core when its deadlines come, for ever.
    pub(crate) async fn tick(&self) {
        loop {
            let rearmed = self.rearmed.listen();
            let armed = self.lock().armed;
            match armed {
                Some(deadline) => {
                    future::or(rearmed, self.sleep_until(deadline)).await;
                    self.act(Core::handle_tick);
                }
                None => rearmed.await,
            }
        }
    }

    /// A place for one more stream, if there is one.
    pub(crate) fn enter(self: &Arc<Self>) -> Option<Place> {
        let before = self.clients.fetch_add(1, Ordering::Relaxed);
        let place = Place(Arc::clone(self));
        if before >= self.max_clients {
            tracing::warn!(clients = before, "a reader was turned away");
            return None;
        }
        tracing::debug!(clients = before + 1, "reader connected");
        Some(place)
    }

    /// How many streams are being read.
    pub(crate) fn clients(&self) -> usize {
        self.clients.load(Ordering::Relaxed)
    }

    /// A panic elsewhere leaves a state that is no worse for having been seen: every turn appends whole
    /// records.
    fn lock(&self) -> MutexGuard<'_, Turn> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One of the places for streams; free again when dropped.
#[derive(Debug)]
pub(crate) struct Place(Arc<Shared>);

impl Drop for Place {
    fn drop(&mut self) {
        let before = self.0.clients.fetch_sub(1, Ordering::Relaxed);
        tracing::debug!(clients = before - 1, "reader gone");
    }
}
