//! How the fan-out learns of new records.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use mio::Waker;

/// Rings once something that the fan-out waits for is there. To wake a thread costs more than to write an
/// event, so nobody rings while it is awake, or when it waits for more to gather.
#[derive(Debug)]
pub(crate) struct Bell {
    waker: Waker,
    /// The offset of the newest record.
    last: AtomicU64,
    /// From which offset on to ring.
    ring_at: AtomicU64,
    /// Somebody came or went.
    stirred: AtomicBool,
    /// A round costs little.
    light: AtomicBool,
    closing: AtomicBool,
    stopping: AtomicBool,
}

impl Bell {
    pub(crate) fn new(waker: Waker, last: u64) -> Self {
        Bell {
            waker,
            last: AtomicU64::new(last),
            ring_at: AtomicU64::new(u64::MAX),
            stirred: AtomicBool::new(false),
            light: AtomicBool::new(true),
            closing: AtomicBool::new(false),
            stopping: AtomicBool::new(false),
        }
    }

    /// There are records up to this offset.
    ///
    /// Both sides write before they read what the other writes, in one order for all (`SeqCst`): either
    /// this call sees for what the fan-out waits, or the fan-out sees the records before it sleeps.
    pub(crate) fn handle_recorded(&self, last: u64) {
        self.last.store(last, Ordering::SeqCst);
        if last >= self.ring_at.load(Ordering::SeqCst)
            && self.ring_at.swap(u64::MAX, Ordering::SeqCst) != u64::MAX
        {
            self.ring();
        }
    }

    /// Wakes the fan-out, whatever it waits for.
    pub(crate) fn ring(&self) {
        if let Err(error) = self.waker.wake() {
            tracing::error!(%error, "cannot wake the fan-out");
        }
    }

    /// Something changed about the hub that no record says.
    pub(crate) fn stir(&self) {
        if !self.stirred.swap(true, Ordering::SeqCst) {
            self.ring();
        }
    }

    /// Whether something did since this was last asked.
    pub(crate) fn take_stirred(&self) -> bool {
        self.stirred.swap(false, Ordering::SeqCst)
    }

    /// The offset of the newest record.
    pub(crate) fn last(&self) -> u64 {
        self.last.load(Ordering::SeqCst)
    }

    /// Rings from this offset on; `false` if it is there already.
    pub(crate) fn arm(&self, offset: u64) -> bool {
        self.ring_at.store(offset, Ordering::SeqCst);
        self.last() < offset
    }

    /// The fan-out is awake.
    pub(crate) fn disarm(&self) {
        self.ring_at.store(u64::MAX, Ordering::SeqCst);
    }

    /// Whether rounds cost little, so that it is worth it to have one more of them and readers have something
    /// to do meanwhile.
    pub(crate) fn is_light(&self) -> bool {
        self.light.load(Ordering::Relaxed)
    }

    pub(super) fn set_light(&self, light: bool) {
        if self.is_light() != light {
            self.light.store(light, Ordering::Relaxed);
        }
    }

    /// The hub shuts down; no more records will come.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        self.ring();
    }

    pub(crate) fn closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// The time for goodbyes is over.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
        self.ring();
    }

    pub(crate) fn stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }
}

/// Where a bell is heard.
pub(crate) fn bell(poll: &mio::Poll, token: mio::Token, last: u64) -> io::Result<Bell> {
    Ok(Bell::new(Waker::new(poll.registry(), token)?, last))
}
