//! The core in virtual time.

mod commands;
mod diffs;
mod greeting;
mod ingest;
mod lives;
mod parts;
mod producer;
mod reading;
mod runs;
mod simulation;

use std::time::Duration;

use choo_protocol::{
    Filter, Limits, Line, RunState, RunStore, Timestamp, kind, orch_snapshot_line, snapshot_line,
};
use serde_json::Value;

pub(crate) use producer::Producer;

use super::{Block, Body, Core, Frame, Ingest, Moment, Reply, Selection, Since, Step, Subscription};

/// What happens in a run that is drawn by chance.
pub(crate) const KINDS: [&str; 9] = [
    "orch.started",
    "unit.queued",
    "unit.started",
    "task.started",
    "task.completed",
    "unit.failed",
    "log.stdout",
    "unit.completed",
    "orch.completed",
];

/// A hub with a clock that moves when told.
struct World {
    core: Core,
    now: Moment,
}

impl World {
    fn new() -> Self {
        World::with_history(64 << 20)
    }

    fn with_history(bytes: usize) -> Self {
        let start = "2025-01-18T10:30:00Z".parse().unwrap();
        let now = Moment { at: Duration::from_secs(100), time: start };
        World { core: Core::new(bytes, 7, now), now }
    }

    fn pass(&mut self, duration: Duration) {
        self.now.pass(duration);
        self.core.handle_tick(self.now);
    }

    fn send(&mut self, producer: &mut Ingest, lines: &[&str]) {
        for line in lines {
            producer.handle_bytes(&mut self.core, format!("{line}\n").as_bytes(), self.now);
        }
    }

    fn end(&mut self, mut producer: Ingest) {
        producer.handle_end(&mut self.core, self.now);
    }

    /// One process that connects, sends, and leaves.
    fn visit(&mut self, pid: u32, lines: &[&str]) {
        let mut producer = self.core.connect(Some(pid));
        self.send(&mut producer, lines);
        self.end(producer);
    }

    /// The whole history as `type`s with seq where there is one.
    fn kinds(&self) -> Vec<String> {
        let all = self.core.history().after(0);
        all.map(|record| match &record.body {
            Body::Line { kind, json, .. } => match json_of(json).get("seq") {
                Some(seq) => format!("{kind}#{seq}"),
                None => kind.to_string(),
            },
            Body::State(state) => format!("state:{:?}", state.status),
        })
        .collect()
    }

    fn lines(&self) -> Vec<Value> {
        let all = self.core.history().after(0);
        all.filter_map(|record| match &record.body {
            Body::Line { json, .. } => Some(json_of(json)),
            Body::State(_) => None,
        })
        .collect()
    }

    fn run(&self, id: &str) -> &RunState {
        self.core.runs().get(id).unwrap().state()
    }

    fn only_run(&self) -> &RunState {
        assert_eq!(self.core.runs().len(), 1);
        self.core.runs().newest().unwrap().state()
    }

    fn read(&self, filter: Filter, since: Since) -> Subscription {
        Subscription::new(&self.core, Selection::Filter(filter), since, self.now)
    }

    /// Everything a reader gets until it has all there is.
    fn drain(&self, subscription: &mut Subscription) -> Vec<Block> {
        let mut blocks = Vec::new();
        loop {
            match self.poll(subscription) {
                Step::Send(block) => blocks.push(block),
                Step::Again => {}
                Step::Idle | Step::End => return blocks,
                Step::Fetch(fetch) => panic!("nothing is stored: {fetch:?}"),
            }
        }
    }

    fn poll(&self, subscription: &mut Subscription) -> Step {
        subscription.poll(&self.core, u64::MAX, self.now)
    }

    /// The same as types, with seq where there is one.
    fn drain_kinds(&self, subscription: &mut Subscription) -> Vec<String> {
        let blocks = self.drain(subscription);
        blocks.iter().flat_map(|block| &block.frames).map(describe).collect()
    }
}

fn json_of(bytes: &[u8]) -> Value {
    serde_json::from_slice(bytes).unwrap()
}

fn describe(frame: &Frame) -> String {
    match frame {
        Frame::Event(record) => match &record.body {
            Body::Line { kind, json, .. } => match json_of(json).get("seq") {
                Some(seq) => format!("{kind}#{seq}"),
                None => kind.to_string(),
            },
            Body::State(_) => panic!("a state is told as a snapshot"),
        },
        Frame::Snapshot { state, .. } => format!("snapshot:{}:{:?}", state.run, state.status),
        Frame::Document { .. } => panic!("no reader asked for patches"),
        Frame::Control(json) => json_of(json)["type"].as_str().unwrap().to_owned(),
    }
}

fn filter_of(run: &str) -> Filter {
    let mut filter = Filter::all();
    filter.run = Some(run.parse().unwrap());
    filter
}

/// Hands a page's store what a reader got, as it goes over the wire, states in small parts.
fn show(store: &mut RunStore, frame: &Frame, time: Timestamp) {
    let mut push = |line: &[u8]| {
        store.push(line);
        store.push(b"\n");
    };
    match frame {
        Frame::Snapshot { state, cursor } => {
            let parts = state.parts(300);
            for (n, part) in parts.iter().enumerate() {
                push(&snapshot_line(&state.run, &cursor.to_string(), n + 1, parts.len(), part, time));
            }
        }
        Frame::Event(record) => {
            if let Body::Line { json, .. } = &record.body {
                push(json);
            }
        }
        Frame::Document { .. } => panic!("no reader asked for patches"),
        Frame::Control(json) => push(json),
    }
}

const STARTED: &str = r#"{"type":"orch.started","payload":{"unit_count":2,"parallelism":1,"graph":{"nodes":[{"id":"a","level":0},{"id":"b","level":1}],"edges":[{"from":"a","to":"b"}],"levels":[["a"],["b"]]}}}"#;

fn event(kind: &str, run: &str, seq: u64) -> String {
    format!(r#"{{"type":"{kind}","time":"2025-01-18T10:30:15Z","unit":"a","run":"{run}","seq":{seq}}}"#)
}

/// A snapshot of a state through a number, in parts of a unit or less.
pub(crate) fn snapshot_lines(state: &RunState, through: u64) -> Vec<String> {
    let parts = state.parts(1);
    let time = "2025-01-18T10:30:15Z".parse().unwrap();
    let line = |(n, part): (usize, &String)| {
        let line = orch_snapshot_line(&state.run, through, n + 1, parts.len(), part, time);
        String::from_utf8(line).unwrap()
    };
    parts.iter().enumerate().map(line).collect()
}

#[test]
fn the_helper_speaks_the_wire() {
    let line = event(kind::UNIT_STARTED, "r", 1);
    assert!(Line::parse(line.as_bytes(), &Limits::default()).is_ok());
    assert!(Line::parse(STARTED.as_bytes(), &Limits::default()).is_ok());
}
