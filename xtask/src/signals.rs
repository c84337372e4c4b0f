use std::io;
use std::process::Child;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Lets the programs we started end in their own way when we are told to.
///
/// Ctrl-C reaches them by itself, since the terminal sends it to the whole group. A SIGTERM reaches us only,
/// so it is passed on.
#[derive(Clone)]
pub(crate) struct Interrupt {
    seen: Arc<AtomicBool>,
    children: Arc<Mutex<Vec<Pid>>>,
}

impl Interrupt {
    pub(crate) fn listen() -> io::Result<Interrupt> {
        let interrupt = Interrupt { seen: Arc::default(), children: Arc::default() };
        let mut signals = Signals::new([SIGINT, SIGTERM])?;
        let other = interrupt.clone();
        thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                other.seen.store(true, Ordering::SeqCst);
                if signal == SIGTERM {
                    other.end_children();
                }
            }
        })?;
        Ok(interrupt)
    }

    pub(crate) fn seen(&self) -> bool {
        self.seen.load(Ordering::SeqCst)
    }

    /// Waits for a program that is to be told of our end.
    pub(crate) fn wait(&self, child: &mut Child) -> io::Result<std::process::ExitStatus> {
        let pid = Pid::from_child(child);
        self.children().push(pid);
        if self.seen() {
            // The signal may have come before the program was on the list.
            end(pid);
        }
        let status = child.wait();
        self.children().retain(|other| *other != pid);
        status
    }

    fn end_children(&self) {
        for pid in self.children().iter() {
            end(*pid);
        }
    }

    fn children(&self) -> std::sync::MutexGuard<'_, Vec<Pid>> {
        self.children.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks a program to end; one that has ended already does not mind.
pub(crate) fn end(pid: Pid) {
    let _gone = kill_process(pid, Signal::TERM);
}
