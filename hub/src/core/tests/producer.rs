//! A producer as simulations play it, to the hub under test and to one that forgets nothing.

use std::collections::VecDeque;

use choo_protocol::{Limits, Line, RunState};

use super::super::Ingest;
use super::snapshot_lines;

#[derive(Debug)]
pub(crate) struct Producer {
    pub(crate) run: String,
    /// Its connection to the hub under test, and to the true one.
    pub(crate) ingests: Option<[Ingest; 2]>,
    /// The fold of all that it has emitted, lost or not.
    pub(crate) state: RunState,
    sent: Vec<String>,
    seq: u64,
    /// The parts of its snapshot that it has yet to send.
    parts: VecDeque<String>,
}

impl Producer {
    pub(crate) fn new(run: String) -> Self {
        let state = RunState::new(run.parse().unwrap());
        Producer { run, ingests: None, sent: Vec::new(), seq: 0, state, parts: VecDeque::new() }
    }

    /// Emits the line that is made of its run and the next `seq`; what is to be sent of it.
    pub(crate) fn emit(&mut self, lost: bool, make: impl FnOnce(&str, u64) -> String) -> Option<String> {
        self.seq += 1;
        let line = make(&self.run, self.seq);
        self.state.apply(&Line::parse(line.as_bytes(), &Limits::default()).unwrap());
        (!lost).then(|| {
            self.sent.push(line.clone());
            line
        })
    }

    /// The last lines that it has sent.
    pub(crate) fn latest(&self, lines: usize) -> Vec<String> {
        self.sent[self.sent.len().saturating_sub(lines)..].to_vec()
    }

    /// Begins a snapshot of all that it has emitted, in place of one that it has not sent to the end.
    pub(crate) fn summarise(&mut self) {
        if self.seq > 0 {
            self.parts = snapshot_lines(&self.state, self.seq).into();
        }
    }

    /// The next parts of it, behind those that are skipped.
    pub(crate) fn take_parts(&mut self, skipped: usize, parts: usize) -> Vec<String> {
        self.parts.drain(..skipped.min(self.parts.len()));
        self.parts.drain(..parts.min(self.parts.len())).collect()
    }

    /// Forgets the rest of it.
    pub(crate) fn forget_parts(&mut self) {
        self.parts.clear();
    }

    pub(crate) fn bye(&self) -> String {
        format!(r#"{{"type":"link.bye","run":"{}"}}"#, self.run)
    }
}
