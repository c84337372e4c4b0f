//! A followed event stream.

use std::process::Command;

use serde_json::Value;

use crate::Program;

/// An NDJSON stream and everything it has said so far.
#[derive(Debug)]
pub struct Stream {
    program: Program,
    seen: Vec<Value>,
}

impl Stream {
    /// Follows what a command prints; each line must be JSON.
    pub fn start(command: &mut Command) -> Self {
        Stream { program: Program::start(command), seen: Vec::new() }
    }

    /// The next line; `None` at the end.
    pub fn line(&mut self) -> Option<Value> {
        let line = self.program.line()?;
        let value: Value = serde_json::from_str(&line).unwrap_or_else(|e| panic!("{e}: {line:?}"));
        self.seen.push(value.clone());
        Some(value)
    }

    /// Reads on until a line fits.
    pub fn wait(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        while let Some(line) = self.line() {
            if fits(&line) {
                return line;
            }
        }
        panic!("the stream ended before {what}; it said {:#?}", self.seen)
    }

    /// Reads on until an event of a type comes.
    pub fn wait_type(&mut self, kind: &str) -> Value {
        self.wait(kind, |line| line["type"] == kind)
    }

    /// Reads on to the next `hub.cursor` and gives the cursor.
    pub fn cursor(&mut self) -> String {
        self.wait_type("hub.cursor")["payload"]["cursor"].as_str().unwrap().to_owned()
    }

    /// Every line so far.
    pub fn seen(&self) -> &[Value] {
        &self.seen
    }
}

/// The `seq` of each event of a run, control lines left out, in the order they came.
pub fn numbers(lines: &[Value], run: &str) -> Vec<u64> {
    lines.iter().filter(|line| line["run"] == run).filter_map(|line| line["seq"].as_u64()).collect()
}
