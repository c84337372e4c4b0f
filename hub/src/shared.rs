//! The core as the tasks of the hub share it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_io::Timer;
use event_listener::{Event, EventListener};
use futures_lite::future;

use crate::clock::Clock;
use crate::core::{Core, Fetch, Moment, Page, Storing};
use crate::fan::Bell;
use crate::history::Readers;
use crate::producers::News;

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
    /// Notified when there is something to store, if whoever does has been idle.
    unstored: Event,
    /// Told when something was stored, or somebody gave a command.
    news: Arc<News>,
    /// What reads the store, if there is one.
    readers: Option<Arc<Readers>>,
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
    pub(crate) fn new(
        core: Core,
        clock: Clock,
        max_clients: usize,
        bell: Arc<Bell>,
        news: Arc<News>,
        readers: Option<Arc<Readers>>,
    ) -> Self {
        Shared {
            turn: Mutex::new(Turn { core, armed: None }),
            clock,
            bell,
            closing: Event::new(),
            rearmed: Event::new(),
            unstored: Event::new(),
            news,
            readers,
            clients: AtomicUsize::new(0),
            max_clients,
        }
    }

    /// Lets the core act, and wakes whom that concerns.
    pub(crate) fn act<R>(&self, act: impl FnOnce(&mut Core, Moment) -> R) -> R {
        let mut turn = self.lock();
        let before = turn.core.history().last();
        let producers_before = turn.core.producers();
        let news_before = news(&turn.core);
        let result = act(&mut turn.core, self.clock.now());
        let last = turn.core.history().last();
        let roused = turn.core.rouse_storing();
        let news = news(&turn.core) != news_before;
        let stirred = turn.core.producers() != producers_before;
        let deadline = turn.core.deadline();
        let rearmed = std::mem::replace(&mut turn.armed, deadline) != deadline;
        drop(turn);
        if before != last {
            self.bell.handle_recorded(last);
        }
        if stirred {
            self.bell.stir();
        }
        if rearmed {
            self.rearmed.notify(1);
        }
        if roused {
            self.unstored.notify(1);
        }
        if news {
            self.news.tell();
        }
        result
    }

    /// Whoever records has more to record, and lets the readers' thread run before that where it is worth it.
    pub(crate) fn give_way(&self) {
        if self.bell.is_light() {
            std::thread::yield_now();
        }
    }

    /// What the clocks say.
    pub(crate) fn now(&self) -> Moment {
        self.clock.now()
    }

    /// When a timer has to fire for a time of the hub's clock.
    pub(crate) fn instant(&self, at: Duration) -> Instant {
        self.clock.instant(at)
    }

    /// For whoever stores: resolves when there is something to store after it was idle.
    pub(crate) fn unstored(&self) -> EventListener {
        self.unstored.listen()
    }

    /// Has whoever stores look at once.
    pub(crate) fn rouse_storing(&self) {
        self.unstored.notify(usize::MAX);
    }

    /// Reads what memory no longer has.
    pub(crate) fn read(&self, fetch: &Fetch) -> Page {
        match &self.readers {
            Some(readers) => readers.read(fetch),
            // Nobody asks a store that is not there.
            None => Page { pieces: Vec::new(), through: fetch.through },
        }
    }

    /// Looks at the core.
    pub(crate) fn look<R>(&self, look: impl FnOnce(&Core, Moment) -> R) -> R {
        look(&self.lock().core, self.clock.now())
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

/// Up to which offset everything is stored, and how many commands there were.
fn news(core: &Core) -> (Option<u64>, u64) {
    (core.storing().map(Storing::through), core.commands().asked())
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
