//! The primitives of [`Mailbox`](crate::mailbox::Mailbox), which a test replaces by a model checker's.

pub(crate) use std::hint::spin_loop as spin;
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use event_listener::{Event, EventListener};

/// How often the taker looks at a lock that is held before it waits for it.
pub(crate) const LOOKS: u32 = 60;

/// After how many of these looks it naps before the next: an emit takes less than these last, unless its
/// thread has been interrupted.
pub(crate) const SPINS: u32 = 30;

/// Lets the holder of a lock go on, who may need this very processor.
#[expect(clippy::disallowed_methods, reason = "nobody can tell it when the lock is free")]
pub(crate) fn nap() {
    std::thread::sleep(Duration::from_micros(20));
}

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
