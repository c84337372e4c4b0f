//! What many threads fill and one empties, without waking it more often than it sleeps.

use crate::sync::{LOOKS, Listener, Mutex, MutexGuard, PoisonError, SPINS, TryLockError, Wake, nap, spin};

/// A value under a lock, and who is to be told when it changes.
///
/// Any thread may [`put`](Mailbox::put); one thread takes. Between two looks the taker may do as it
/// likes, nap for instance, and nobody pays for it. Only when it has asked by
/// [`listen`](Mailbox::listen) does the next put wake it, once.
///
/// `tests/model.rs` tries every interleaving of this file.
#[derive(Debug)]
pub(crate) struct Mailbox<T> {
    contents: Mutex<Contents<T>>,
    wake: Wake,
}

#[derive(Debug)]
struct Contents<T> {
    value: T,
    /// Whether the taker waits to be woken.
    waiting: bool,
}

impl<T> Mailbox<T> {
    pub(crate) fn new(value: T) -> Self {
        Mailbox { contents: Mutex::new(Contents { value, waiting: false }), wake: Wake::new() }
    }

    #[inline]
    fn lock(&self) -> MutexGuard<'_, Contents<T>> {
        // Those who change the value leave it whole at each point where they could panic.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the value and wakes the taker if it waits.
    #[inline]
    pub(crate) fn put<R>(&self, put: impl FnOnce(&mut T) -> R) -> R {
        let mut contents = self.lock();
        let result = put(&mut contents.value);
        let waiting = std::mem::take(&mut contents.waiting);
        drop(contents);
        if waiting {
            self.wake.notify();
        }
        result
    }

    /// Looks at the value.
    pub(crate) fn peek<R>(&self, peek: impl FnOnce(&T) -> R) -> R {
        peek(&self.lock().value)
    }

    /// Lets the taker take what it wants of the value. It does not wait any more.
    pub(crate) fn take<R>(&self, take: impl FnOnce(&mut T) -> R) -> R {
        let mut contents = self.lock_patiently();
        contents.waiting = false;
        take(&mut contents.value)
    }

    /// Who waits for a lock makes its holder call the system, and the holder is an emitting thread. So the
    /// taker looks away and comes back; it waits only if that was in vain too often.
    fn lock_patiently(&self) -> MutexGuard<'_, Contents<T>> {
        for look in 1..=LOOKS {
            match self.contents.try_lock() {
                Ok(contents) => return contents,
                Err(TryLockError::Poisoned(poisoned)) => return poisoned.into_inner(),
                Err(TryLockError::WouldBlock) if look <= SPINS => spin(),
                Err(TryLockError::WouldBlock) => nap(),
            }
        }
        self.lock()
    }

    /// Prepares the taker to wait for the next put; `None` if there is news already.
    pub(crate) fn listen(&self, is_news: impl FnOnce(&T) -> bool) -> Option<Listener> {
        let mut contents = self.lock_patiently();
        if is_news(&contents.value) {
            return None;
        }
        contents.waiting = true;
        Some(self.wake.listen())
    }
}
