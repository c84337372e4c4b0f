//! The stores, and the core in front of them, in virtual time.

mod conformance;
mod damage;
mod diffs;
mod gathered;
mod gone;
mod lives;
mod trouble;

use std::time::Duration;

use choo_protocol::{Filter, RunState, Timestamp};

use super::recovery::recover;
use super::store::Store;
use crate::core::{
    Body, Core, Fetch, Frame, Ingest, Keep, Moment, Page, Piece, Record, Selection, Since, Step, Subscription,
};

const KEEP: Keep = Keep { runs: 256, age: None, bytes: None };

/// A hub, its store, and a clock that moves when told.
struct Desk<S> {
    core: Core,
    store: S,
    now: Moment,
}

impl<S: Store> Desk<S> {
    /// A hub that goes on with what the store has, holding about `hot` bytes in memory.
    fn open(mut store: S, hot: usize, now: Moment) -> Self {
        let (restored, aside) = recover(&mut store).unwrap();
        assert_eq!(aside, None);
        let core = Core::new(hot, 7, now).restore(restored, KEEP, now);
        store.begin(core.epochs().now()).unwrap();
        Desk { core, store, now }
    }

    fn pass(&mut self, duration: Duration) {
        self.now = later(self.now, duration);
        self.core.handle_tick(self.now);
    }

    fn send(&mut self, producer: &mut Ingest, line: &str) {
        producer.handle_bytes(&mut self.core, format!("{line}\n").as_bytes(), self.now);
    }

    /// Everything recorded so far is stored, as far as the store takes it.
    fn store(&mut self) -> bool {
        let Some(batch) = self.core.take_unstored(false, self.now) else { return false };
        match self.store.append(&batch) {
            Ok(stored) => self.core.handle_stored(&batch, stored, self.now),
            Err(error) => self.core.handle_unstored(batch, &error.to_string(), self.now),
        }
        true
    }

    /// What the store has gathered goes where it stays, as far as it takes it.
    fn settle(&mut self) {
        if let Err(error) = self.store.settle() {
            self.core.handle_trouble(&error.to_string(), self.now);
        }
    }

    /// The hub ends in good order.
    fn close(mut self) -> (S, Moment) {
        while let Some(batch) = self.core.take_unstored(true, self.now) {
            let stored = self.store.append(&batch).unwrap();
            self.core.handle_stored(&batch, stored, self.now);
        }
        self.store.end().unwrap();
        (self.store, self.now)
    }

    fn fetch(&self, fetch: &Fetch) -> Page {
        self.store.reader().page(fetch).unwrap()
    }

    /// All of the store behind an offset that a question's other parts ask for.
    fn read(&self, fetch: Fetch) -> Vec<Piece> {
        let mut items = Vec::new();
        let mut fetch = fetch;
        while fetch.after < fetch.through {
            let page = self.fetch(&fetch);
            assert!(page.through > fetch.after, "a page leads on: {page:?}");
            items.extend(page.pieces);
            fetch.after = page.through;
        }
        items
    }

    fn read_all(&self) -> Vec<Piece> {
        self.read(Fetch { after: 0, through: self.core.history().last(), run: None, only: None })
    }

    fn state(&self, run: &str) -> RunState {
        (**self.core.runs().get(run).unwrap().state()).clone()
    }

    /// What a reader gets until it has to wait, as types with numbers, or what a gap says.
    fn drain(&self, reader: &mut Subscription) -> Vec<String> {
        let mut told = Vec::new();
        let last = self.core.history().last();
        loop {
            match reader.poll(&self.core, last, self.now) {
                Step::Send(block) => told.extend(block.frames.iter().map(describe)),
                Step::Again => {}
                Step::Fetch(fetch) => reader.handle_page(self.fetch(&fetch)),
                Step::Idle | Step::End => return told,
            }
        }
    }

    fn reader(&self, since: Since) -> Subscription {
        Subscription::new(&self.core, Selection::Filter(Filter::all()), since, self.now)
    }
}

fn start() -> Moment {
    Moment { at: Duration::from_secs(100), time: "2025-01-18T10:30:00Z".parse().unwrap() }
}

fn later(now: Moment, duration: Duration) -> Moment {
    let nanos = now.time.unix_nanos() + i128::try_from(duration.as_nanos()).unwrap();
    Moment { at: now.at + duration, time: Timestamp::from_unix_nanos(nanos) }
}

/// Text that does not get shorter by being compressed.
fn noise(bytes: usize) -> String {
    let mut random = fastrand::Rng::with_seed(7);
    std::iter::repeat_with(|| random.alphanumeric()).take(bytes).collect()
}

fn event(kind: &str, run: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"{kind}","time":"2025-01-18T10:30:15Z","unit":"u{}","task":1,"run":"{run}","seq":{seq}}}"#,
        seq % 3
    )
}

fn describe(frame: &Frame) -> String {
    match frame {
        Frame::Event(record) => describe_record(record),
        Frame::Snapshot { state, .. } => format!("snapshot:{}", state.run),
        Frame::Document { .. } => panic!("no reader asked for patches"),
        Frame::Control(json) => {
            let line: serde_json::Value = serde_json::from_slice(json).unwrap();
            let kind = line["type"].as_str().unwrap();
            match line["payload"]["why"].as_str() {
                Some(why) => format!("{kind}:{why}:{}", line["payload"]["count"]),
                None => kind.to_owned(),
            }
        }
    }
}

fn describe_record(record: &Record) -> String {
    match &record.body {
        Body::Line { kind, json, .. } => {
            let line: serde_json::Value = serde_json::from_slice(json).unwrap();
            match line.get("seq") {
                Some(seq) => format!("{kind}#{seq}"),
                None => kind.to_string(),
            }
        }
        Body::State(state) => format!("state:{:?}", state.status),
    }
}
