//! The primitives of [`Mailbox`](crate::mailbox::Mailbox), which a test replaces by a model checker's.

pub(crate) use std::hint::spin_loop as spin;
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use event_listener::{Event, EventListener};

/// How often the taker looks again at a lock that is held, before it waits for it. Who waits for a lock
/// makes its holder call the system, and the holder is an emitting thread.
pub(crate) const TRIES: u32 = 200;

/// Resolves when the taker is to look again.
pub(crate) type Listener = EventListener;

/// Wakes the one who listens.
#[derive(Debug, Default)]
pub(crate) struct Wake(Event);

impl Wake {
    pub(crate) fn new() -> Self {
        Wake(Event::new())
    }

    /// Begins to listen: what is notified from now on counts.
    pub(crate) fn listen(&self) -> Listener {
        self.0.listen()
    }

    pub(crate) fn notify(&self) {
        self.0.notify(1);
    }
}
