//! How producers are told that something happened which they may want to know.

use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;

/// Wakes the producers' thread, unless it is awake anyway or does not want to know.
#[derive(Debug)]
pub(crate) struct News {
    waker: Waker,
    wanted: AtomicBool,
}

impl News {
    pub(super) fn new(waker: Waker) -> Self {
        News { waker, wanted: AtomicBool::new(false) }
    }

    /// Something was stored, or somebody gave a command.
    pub(crate) fn tell(&self) {
        if self.wanted.swap(false, Ordering::SeqCst) {
            self.ring();
        }
    }

    /// From here on the thread is told, once. Whether there may have been news since it was last called.
    pub(super) fn want(&self) -> bool {
        !self.wanted.swap(true, Ordering::SeqCst)
    }

    /// Wakes the thread in any case.
    pub(super) fn ring(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "cannot wake the thread of the producers");
        }
    }
}
