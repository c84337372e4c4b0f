//! The signals that ask a program to end.

use std::fs;
use std::io;

use async_signal::{Signal, Signals};
use futures_lite::StreamExt as _;

/// SIGINT, SIGTERM and SIGHUP, from now on caught instead of deadly.
#[derive(Debug)]
pub(crate) struct Interrupts {
    ending: Signals,
    /// Caught so that a write beyond the limit of a file's size (`ulimit -f`) fails, as on a full disk, instead of
    /// ending the program.
    _too_large: Signals,
}

impl Interrupts {
    /// Starts to catch them, but for those that whoever started us wants ignored: `nohup` means it.
    pub(crate) fn new() -> io::Result<Self> {
        let ignored = ignored();
        let wanted = [Signal::Int, Signal::Term, Signal::Hup].into_iter();
        Ok(Interrupts {
            ending: Signals::new(wanted.filter(|signal| ignored & bit(*signal) == 0))?,
            _too_large: Signals::new([Signal::Xfsz])?,
        })
    }

    /// Waits for the next one and gives its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        match self.ending.next().await {
            Some(Ok(Signal::Int)) => "SIGINT",
            Some(Ok(Signal::Hup)) => "SIGHUP",
            // The stream does not end, and an error of its pipe leaves us no better way out.
            _ => "SIGTERM",
        }
    }
}

/// The mask of signals that were ignored when the program started, where the system tells it (Linux).
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

/// The signal's bit in such a mask.
fn bit(signal: Signal) -> u64 {
    match signal {
        Signal::Hup => 1,
        Signal::Int => 1 << 1,
        Signal::Term => 1 << 14,
        _ => 0,
    }
}
