//! The event bus of an orchestrator.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use arc_swap::ArcSwap;
use choo_protocol::Event;

use crate::clock::{Anchor, Moment};

/// Hands each event to every subscriber, on the thread that emits it.
///
/// Clones are the same bus. Handlers must be quick; those of a [`SocketPusher`](crate::SocketPusher)
/// are.
///
/// ```
/// use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
/// use std::sync::Arc;
/// use choo_protocol::Event;
/// use choo_transport::EventBus;
/// let bus = EventBus::new();
/// let failures = Arc::new(AtomicUsize::new(0));
/// let counter = failures.clone();
/// let subscription = bus.subscribe(move |event| {
///     counter.fetch_add(usize::from(event.kind.ends_with(".failed")), Relaxed);
/// });
/// bus.emit(Event::unit_failed("app", "exit status 1"));
/// drop(subscription);
/// bus.emit(Event::unit_failed("app", "nobody hears this"));
/// assert_eq!(failures.load(Relaxed), 1);
/// ```
#[derive(Clone)]
pub struct EventBus {
    shared: Arc<Shared>,
}

struct Shared {
    anchor: Anchor,
    /// The first sink there was, which stays until the bus goes. Where it is all there is, `emit` need not
    /// write to memory to read the list: after a pause that is a fifth of what it costs.
    first: OnceLock<Arc<dyn Sink>>,
    /// Whether the first sink is the only subscriber.
    alone: AtomicBool,
    /// Replaced as a whole, so that a handler may subscribe and unsubscribe, and read without a lock, so
    /// that emitting threads do not meet here.
    subscribers: ArcSwap<Vec<Subscriber>>,
    /// Held while they are replaced.
    replacing: Mutex<()>,
    next_id: AtomicU64,
    panics: AtomicU64,
}

#[derive(Clone)]
struct Subscriber {
    id: u64,
    handler: Handler,
}

#[derive(Clone)]
enum Handler {
    /// The program's; every event it is handed has a time.
    Program(Arc<dyn Fn(&Event) + Send + Sync>),
    /// Ours.
    Sink(Arc<dyn Sink>),
}

/// Takes events as a handler does, and the moment of the emit, of which it need not ask the time.
pub(crate) trait Sink: Send + Sync {
    fn push(&self, event: &Event, moment: &Moment<'_>);
}

/// Keeps a handler subscribed; dropping it unsubscribes. A call that has begun on another thread may
/// still end after that.
#[must_use = "dropping it unsubscribes"]
pub struct Subscription {
    bus: Weak<Shared>,
    id: u64,
}

impl EventBus {
    /// A bus without subscribers.
    pub fn new() -> Self {
        EventBus {
            shared: Arc::new(Shared {
                anchor: Anchor::read(),
                first: OnceLock::new(),
                alone: AtomicBool::new(false),
                subscribers: ArcSwap::default(),
                replacing: Mutex::new(()),
                next_id: AtomicU64::new(0),
                panics: AtomicU64::new(0),
            }),
        }
    }

    /// Gives the event the present time, unless it has one, and hands it to every subscriber in the
    /// order they subscribed. Never waits. A handler that panics is cut off from this event only.
    pub fn emit(&self, event: Event) {
        let shared = &*self.shared;
        let moment = Moment::new(&shared.anchor);
        match shared.first.get() {
            Some(sink) if shared.alone.load(Ordering::Acquire) => shared.call(|| sink.push(&event, &moment)),
            _ => shared.emit_to_all(event, &moment),
        }
    }

    /// Calls `handler` for each event emitted from now on, by any thread and by several at once.
    pub fn subscribe(&self, handler: impl Fn(&Event) + Send + Sync + 'static) -> Subscription {
        self.add(Handler::Program(Arc::new(handler)))
    }

    /// Hands `sink` each event emitted from now on.
    pub(crate) fn attach(&self, sink: Arc<dyn Sink>) -> Subscription {
        // If there is one already, this one is found in the list.
        let _ = self.shared.first.set(Arc::clone(&sink));
        self.add(Handler::Sink(sink))
    }

    fn add(&self, handler: Handler) -> Subscription {
        let id = self.shared.next_id.fetch_add(1, Ordering::Relaxed);
        let subscriber = Subscriber { id, handler };
        self.shared.replace(|subscribers| subscribers.push(subscriber));
        Subscription { bus: Arc::downgrade(&self.shared), id }
    }

    /// How many calls of handlers ended in a panic.
    pub fn handler_panics(&self) -> u64 {
        self.shared.panics.load(Ordering::Relaxed)
    }

    /// The anchor of the times it gives.
    pub(crate) fn anchor(&self) -> Anchor {
        self.shared.anchor
    }
}

impl Shared {
    #[inline(never)]
    fn emit_to_all(&self, mut event: Event, moment: &Moment<'_>) {
        let subscribers = self.subscribers.load();
        for subscriber in subscribers.iter() {
            if matches!(subscriber.handler, Handler::Program(_)) {
                event.stamp(|| moment.timestamp());
            }
            self.call(|| match &subscriber.handler {
                Handler::Program(handler) => handler(&event),
                Handler::Sink(sink) => sink.push(&event, moment),
            });
        }
    }

    /// A handler owns what it may leave half done; the bus has nothing in its hands.
    #[inline]
    fn call(&self, handler: impl FnOnce()) {
        if catch_unwind(AssertUnwindSafe(handler)).is_err() {
            self.panics.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn replace(&self, change: impl FnOnce(&mut Vec<Subscriber>)) {
        let replacing = self.replacing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut changed = Vec::clone(&self.subscribers.load());
        change(&mut changed);
        let first = |handler: &Handler| match (handler, self.first.get()) {
            (Handler::Sink(sink), Some(first)) => Arc::ptr_eq(sink, first),
            _ => false,
        };
        let alone = matches!(&changed[..], [only] if first(&only.handler));
        let former = self.subscribers.swap(Arc::new(changed));
        self.alone.store(alone, Ordering::Release);
        // What a handler owns is dropped outside the lock, as its drop may use the bus.
        drop(replacing);
        drop(former);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        if let Some(bus) = self.bus.upgrade() {
            bus.replace(|subscribers| subscribers.retain(|subscriber| subscriber.id != self.id));
        }
    }
}

impl Default for EventBus {
    fn default() -> Self {
        EventBus::new()
    }
}

impl fmt::Debug for EventBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let handlers = self.shared.subscribers.load().len();
        f.debug_struct("EventBus").field("handlers", &handlers).finish_non_exhaustive()
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription").field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn recorder(bus: &EventBus) -> (Arc<Mutex<Vec<Event>>>, Subscription) {
        let events = Arc::new(Mutex::new(Vec::new()));
        let sink = Arc::clone(&events);
        let subscription = bus.subscribe(move |event| sink.lock().unwrap().push(event.clone()));
        (events, subscription)
    }

    #[test]
    fn a_time_given_is_kept_and_others_rise() {
        let bus = EventBus::new();
        let (events, _subscription) = recorder(&bus);
        let given = "2025-01-18T10:30:00Z".parse().unwrap();
        bus.emit(Event::unit_started("a").at(given));
        bus.emit(Event::unit_started("b"));
        bus.emit(Event::unit_started("c"));
        let times: Vec<_> = events.lock().unwrap().iter().map(|event| event.time.unwrap()).collect();
        assert_eq!(times[0], given);
        assert!(given < times[1] && times[1] <= times[2]);
    }

    #[test]
    fn a_panic_harms_neither_the_emitter_nor_other_handlers() {
        let bus = EventBus::new();
        let _bad = bus.subscribe(|event| assert_ne!(event.unit, "bad"));
        let (events, _subscription) = recorder(&bus);
        for unit in ["a", "bad", "c"] {
            bus.emit(Event::unit_started(unit));
        }
        assert_eq!(events.lock().unwrap().len(), 3);
        assert_eq!(bus.handler_panics(), 1);
    }

    #[test]
    fn handlers_may_subscribe_and_unsubscribe_others() {
        let bus = EventBus::new();
        let slot = Arc::new(Mutex::new(None));
        let (inner, in_bus) = (Arc::clone(&slot), bus.clone());
        let _outer = bus.subscribe(move |event| {
            let subscription = (event.unit == "on").then(|| in_bus.subscribe(|_| ()));
            let former = std::mem::replace(&mut *inner.lock().unwrap(), subscription);
            drop(former);
        });
        bus.emit(Event::unit_started("on"));
        assert_eq!(bus.shared.subscribers.load().len(), 2);
        bus.emit(Event::unit_started("off"));
        assert_eq!(bus.shared.subscribers.load().len(), 1);
    }

    #[test]
    fn a_sink_gets_every_event_once_whoever_else_listens() {
        #[derive(Default)]
        struct Units(Mutex<Vec<String>>);
        impl Sink for Units {
            fn push(&self, event: &Event, _moment: &Moment<'_>) {
                self.0.lock().unwrap().push(event.unit.clone());
            }
        }
        let (bus, first, second) = (EventBus::new(), Arc::<Units>::default(), Arc::<Units>::default());
        let attach = |sink: &Arc<Units>| bus.attach(Arc::<Units>::clone(sink));
        let emit = |unit: &str| bus.emit(Event::unit_started(unit));
        let one = attach(&first);
        emit("a");
        let (events, handler) = recorder(&bus);
        emit("b");
        drop(handler);
        let two = attach(&second);
        emit("c");
        drop(one);
        emit("d");
        drop(two);
        emit("e");
        let _again = attach(&first);
        emit("f");
        let units = |sink: &Units| sink.0.lock().unwrap().concat();
        assert_eq!(
            (units(&first), units(&second), events.lock().unwrap().len()),
            ("abcf".into(), "cd".into(), 1)
        );
    }

    #[test]
    fn a_subscription_may_outlive_its_bus() {
        let bus = EventBus::default();
        let (_, subscription) = recorder(&bus);
        drop(bus);
        drop(subscription);
    }
}
