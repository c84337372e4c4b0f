use std::io;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Lets the programs we started end in their own way when we are told to.
#[derive(Clone)]
pub(crate) struct Interrupt {
    seen: Arc<AtomicBool>,
    waiting: Arc<Mutex<Option<Waiting>>>,
}

#[derive(Clone, Copy)]
struct Waiting {
    pid: Pid,
    group: Group,
}

/// Which process group a program is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Group {
    /// Ours: the terminal sends Ctrl-C to it as well.
    Ours,
    /// Its own: it hears of Ctrl-C from us only.
    Its,
}

impl Interrupt {
    pub(crate) fn listen() -> io::Result<Interrupt> {
        let interrupt = Interrupt { seen: Arc::default(), waiting: Arc::default() };
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let other = interrupt.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                other.handle(signal);
            }
        })?;
        Ok(interrupt)
    }

    /// Whether we have been told to end.
    pub(crate) fn seen(&self) -> bool {
        self.seen.load(Ordering::SeqCst)
    }

    /// Waits for a program that is to end when we are told to.
    pub(crate) fn wait(&self, child: &mut Child, group: Group) -> io::Result<ExitStatus> {
        let pid = Pid::from_child(child);
        *self.waiting() = Some(Waiting { pid, group });
        if self.seen() {
            // The signal may have come before the program was known.
            end(pid);
        }
        let status = child.wait();
        *self.waiting() = None;
        status
    }

    fn handle(&self, signal: i32) {
        self.seen.store(true, Ordering::SeqCst);
        let waiting = *self.waiting();
        match waiting {
            Some(Waiting { group: Group::Ours, .. }) if signal == SIGINT => {}
            Some(Waiting { pid, .. }) => end(pid),
            None => {}
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Option<Waiting>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks a program to end; one that has ended already does not mind.
pub(crate) fn end(pid: Pid) {
    let _gone = kill_process(pid, Signal::TERM);
}
