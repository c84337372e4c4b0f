//! The signals that ask a program to end.

use std::io;

use async_signal::{Signal, Signals};
use futures_lite::StreamExt as _;

/// SIGINT, SIGTERM and SIGHUP, from now on caught instead of deadly.
#[derive(Debug)]
pub(crate) struct Interrupts(Signals);

impl Interrupts {
    /// Starts to catch them.
    pub(crate) fn new() -> io::Result<Self> {
        Signals::new([Signal::Int, Signal::Term, Signal::Hup]).map(Self)
    }

    /// Waits for the next one and gives its name.
    pub(crate) async fn next(&mut self) -> &'static str {
        match self.0.next().await {
            Some(Ok(Signal::Int)) => "SIGINT",
            Some(Ok(Signal::Hup)) => "SIGHUP",
            // The stream does not end, and an error of its pipe leaves us no better way out.
            _ => "SIGTERM",
        }
    }
}
