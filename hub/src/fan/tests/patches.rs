//! Readers of patches, of every speed, against states folded from lines alone.

use std::collections::BTreeMap;
use std::time::Duration;

use choo_protocol::{Limits, Line, RunState, StatePatch};
use json_patch::Patch;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::form::{Form, ServerEvent, ServerEvents};
use super::world::{Socket, World};
use crate::core::{Body, Core, Ingest, Moment, Selection, Since};
use crate::encoding::{Encoding, Framing};

const PATCHES: Form = Form(Encoding::Patches, Framing::Plain);

const RUNS: [&str; 3] = ["a", "b", "c"];

/// A hub whose every state is known at every version.
struct Truth {
    core: Core,
    states: BTreeMap<String, RunState>,
    /// The states' JSON, by run and by the offset of the record behind which it was so.
    versions: BTreeMap<(String, u64), Value>,
    through: u64,
}

impl Truth {
    fn new(now: Moment) -> Self {
        let core = Core::new(1 << 30, 7, now);
        Truth { core, states: BTreeMap::new(), versions: BTreeMap::new(), through: 0 }
    }

    /// Folds what was recorded.
    fn fold(&mut self) {
        for record in self.core.history().after(self.through) {
            self.through = record.offset;
            let Some(run) = &record.run else { continue };
            let state = self.states.entry(run.to_string()).or_insert_with(|| RunState::new(run.clone()));
            match &record.body {
                Body::Line { json, .. } => {
                    state.apply(&Line::parse(json, &Limits::default()).unwrap());
                }
                Body::State(told) => *state = RunState::clone(told),
            }
            let quiet = matches!(&record.body, Body::Line { kind, .. } if kind.starts_with("log."));
            if !quiet {
                self.versions.insert((run.to_string(), record.offset), json!(state));
            }
        }
    }
}

/// A client of the stream.
struct Follower {
    /// None once its connection is gone.
    reader: Option<usize>,
    run: Option<&'static str>,
    last_event_id: Option<String>,
    /// Documents and their versions.
    runs: BTreeMap<String, (u64, Value)>,
    ended: Vec<String>,
    events: ServerEvents,
    /// How many patches came that were a whole state, and how many that were none.
    wholes: usize,
    steps: usize,
}

impl Follower {
    fn join(world: &mut World, sockets: &mut Vec<Socket>, run: Option<&'static str>) -> Self {
        let mut follower = Follower {
            reader: None,
            run,
            last_event_id: None,
            runs: BTreeMap::new(),
            ended: Vec::new(),
            events: ServerEvents::default(),
            wholes: 0,
            steps: 0,
        };
        follower.connect(world, sockets);
        follower
    }

    fn connect(&mut self, world: &mut World, sockets: &mut Vec<Socket>) {
        world.core.begin_patches();
        let run = self.run.map(|run| run.parse().unwrap());
        let since =
            self.last_event_id.as_ref().map_or(Since::Snapshot, |id| Since::Cursor(id.parse().unwrap()));
        self.events = ServerEvents::default();
        self.ended.clear();
        self.reader = Some(world.join(sockets, PATCHES, Some((Selection::Patches(run), since))));
    }

    fn take(&mut self, sockets: &mut [Socket], truth: &Truth) {
        let Some(reader) = self.reader else { return };
        let socket = &mut sockets[reader];
        if socket.gone {
            self.reader = None;
        }
        for event in self.events.take(PATCHES, &mut socket.got) {
            self.dispatch(event, truth);
        }
    }

    fn dispatch(&mut self, event: ServerEvent, truth: &Truth) {
        let ServerEvent { id, name, data } = event;
        self.last_event_id = id.or(self.last_event_id.take());
        let data: Value = serde_json::from_str(&data.unwrap()).unwrap();
        match name.as_deref() {
            None => self.patch(&serde_json::from_value(data).unwrap(), truth),
            Some("end") => self.ended.push(data["run"].as_str().unwrap().to_owned()),
            Some("hello") => {
                assert_eq!(data["proto"], 1);
                // What was told of an opening that broke off is not gone on from.
                if data["recovered"] == false {
                    self.runs.clear();
                }
            }
            Some(name) => panic!("{name}"),
        }
    }

    fn patch(&mut self, step: &StatePatch, truth: &Truth) {
        let run = step.run.to_string();
        assert!(self.run.is_none_or(|wanted| wanted == run));
        let (version, document) = self.runs.entry(run.clone()).or_default();
        assert!(step.version >= *version, "{step:?} for {version}");
        if step.base > 0 {
            assert_eq!(step.base, *version, "a patch is missing, or there twice");
            self.steps += 1;
        } else {
            self.wholes += 1;
        }
        let patch: Patch = serde_json::from_value(json!(step.patch)).unwrap();
        json_patch::patch(document, &patch).unwrap_or_else(|error| panic!("{error}: {step:?}"));
        *version = step.version;
        if let Some(known) = truth.versions.get(&(run, step.version)) {
            // What comes behind a version and changes nothing but `seq` may be in a whole state.
            let seq = |state: &Value| state["seq"].as_u64().unwrap_or(0);
            assert!(seq(document) >= seq(known));
            assert_eq!(numberless(document), numberless(known), "{step:?}");
            assert!(step.base == 0 || seq(document) == seq(known));
        } else {
            assert_eq!(step.version, 0, "{step:?}");
        }
    }

    /// It has everything, up to the end that it was told of.
    fn check(&self, world: &World) {
        if self.run.is_some() && !self.ended.is_empty() {
            return;
        }
        for run in world.core.runs().iter() {
            let id = run.id().to_string();
            if self.run.is_some_and(|wanted| wanted != id) {
                continue;
            }
            let known = self.runs.get(&id);
            let Some((version, document)) = known else {
                // It was over before this one came, or nothing is known of it.
                assert!(run.end_offset().is_some() && self.run.is_none() || run.version() == 0, "{id}");
                continue;
            };
            assert_eq!(*version, run.version(), "{id}");
            assert_eq!(numberless(document), numberless(&json!(**run.state())));
        }
    }
}

/// A state without the number of its last event.
fn numberless(state: &Value) -> Value {
    let mut state = state.clone();
    state.as_object_mut().unwrap().remove("seq");
    state
}

#[derive(Clone, Debug)]
enum Act {
    /// An event of a run, by the index of its kind, of a unit and a task.
    Event(usize, usize, u8, u8),
    /// Many lines of output.
    Output(usize, u16),
    /// A snapshot, which takes the place of the state.
    Snapshot(usize),
    /// A hole in the numbers.
    Hole(usize),
    /// The producer says goodbye, or just goes.
    Bye(usize),
    Gone(usize),
    Pass(u8),
    Round,
    Take(usize, u16),
    Reconnect(usize),
    Join(Option<usize>),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let run = 0..RUNS.len();
    let act = prop_oneof![
        8 => (run.clone(), 0..KINDS.len(), 0..3_u8, 0..3_u8).prop_map(|(r, k, u, t)| Act::Event(r, k, u, t)),
        1 => (run.clone(), 0..400_u16).prop_map(|(r, n)| Act::Output(r, n)),
        1 => run.clone().prop_map(Act::Snapshot),
        1 => run.clone().prop_map(Act::Hole),
        1 => run.clone().prop_map(Act::Bye),
        1 => run.clone().prop_map(Act::Gone),
        2 => (0..40_u8).prop_map(Act::Pass),
        4 => Just(Act::Round),
        4 => (0..6_usize, 0..3000_u16).prop_map(|(r, n)| Act::Take(r, n)),
        2 => (0..6_usize).prop_map(Act::Reconnect),
        1 => proptest::option::of(run).prop_map(Act::Join),
    ];
    proptest::collection::vec(act, 1..120)
}

const KINDS: [&str; 12] = [
    "orch.started",
    "orch.completed",
    "orch.paused",
    "unit.queued",
    "unit.started",
    "unit.completed",
    "unit.failed",
    "task.started",
    "task.completed",
    "task.retry",
    "diff.file",
    "diff.removed",
];

fn line(act: &Act, seq: &mut u64) -> String {
    *seq += 1;
    match act {
        Act::Event(run, kind, unit, task) => {
            let run = RUNS[*run];
            let payload = match KINDS[*kind] {
                "orch.started" if *unit == 0 => {
                    json!({"unit_count": 1, "parallelism": 1, "graph": {"nodes": [{"id": "u/1", "level": 0}], "edges": [], "levels": []}})
                }
                "diff.file" => json!({"file": format!("~{task}"), "diff": "@@"}),
                "diff.removed" => json!({"file": format!("~{task}")}),
                _ => json!({}),
            };
            json!({"type": KINDS[*kind], "time": "2025-01-18T10:30:15Z", "unit": format!("u/{unit}"), "task": task, "error": if *task == 1 { "no" } else { "" }, "payload": payload, "run": run, "seq": *seq}).to_string()
        }
        Act::Snapshot(run) => {
            let state = json!({"run": RUNS[*run], "status": "running", "units": {"u/9": {"status": "failed"}}});
            json!({"type": "orch.snapshot", "run": RUNS[*run], "payload": {"through": *seq, "state": state}})
                .to_string()
        }
        Act::Output(run, _) => {
            json!({"type": "log.stdout", "run": RUNS[*run], "seq": *seq, "payload": {"content": "x".repeat(40)}})
                .to_string()
        }
        other => panic!("{other:?}"),
    }
}

/// Plays readers of every speed. In the end each has all there is.
fn play(acts: &[Act], history: usize) -> Vec<Follower> {
    let mut world = World::new(history);
    let mut truth = Truth::new(world.now);
    let mut sockets = Vec::new();
    let mut followers: Vec<Follower> = Vec::new();
    let mut producers: [Option<[Ingest; 2]>; 3] = Default::default();
    let mut seqs = [0; 3];
    for act in acts {
        match act {
            Act::Event(run, ..) | Act::Output(run, _) | Act::Snapshot(run) => {
                let times = if let Act::Output(_, times) = act { *times } else { 1 };
                for _ in 0..times {
                    let line = line(act, &mut seqs[*run]) + "\n";
                    let [one, two] = producers[*run]
                        .get_or_insert_with(|| [world.core.connect(Some(7)), truth.core.connect(Some(7))]);
                    one.handle_bytes(&mut world.core, line.as_bytes(), world.now);
                    two.handle_bytes(&mut truth.core, line.as_bytes(), world.now);
                }
            }
            Act::Hole(run) => seqs[*run] += 2,
            Act::Bye(run) => {
                if let Some([one, two]) = &mut producers[*run] {
                    let bye = json!({"type": "link.bye", "run": RUNS[*run], "payload": {"last": seqs[*run]}})
                        .to_string()
                        + "\n";
                    one.handle_bytes(&mut world.core, bye.as_bytes(), world.now);
                    two.handle_bytes(&mut truth.core, bye.as_bytes(), world.now);
                }
            }
            Act::Gone(run) => {
                if let Some([mut one, mut two]) = producers[*run].take() {
                    one.handle_end(&mut world.core, world.now);
                    two.handle_end(&mut truth.core, world.now);
                }
            }
            Act::Pass(seconds) => {
                world.pass(Duration::from_secs(u64::from(*seconds)));
                truth.core.handle_tick(world.now);
                world.fan.handle_tick(world.now);
            }
            Act::Round => {
                world.round();
                world.drive(&mut sockets);
                world.answer();
            }
            Act::Take(n, bytes) => {
                if let Some(reader) = followers.get(*n).and_then(|follower| follower.reader) {
                    sockets[reader].room += usize::from(*bytes);
                    world.fan.handle_writable(reader);
                }
            }
            Act::Reconnect(n) => {
                if let Some(follower) = followers.get_mut(*n) {
                    if let Some(reader) = follower.reader {
                        world.fan.handle_gone(reader);
                        world.drive(&mut sockets);
                    }
                    follower.connect(&mut world, &mut sockets);
                }
            }
            Act::Join(run) if followers.len() < 6 => {
                followers.push(Follower::join(&mut world, &mut sockets, run.map(|run| RUNS[run])));
            }
            Act::Join(_) => {}
        }
        truth.fold();
        world.drive(&mut sockets);
        assert!(world.fan.held() < 1 << 20, "{} bytes wait", world.fan.held());
        for follower in &mut followers {
            follower.take(&mut sockets, &truth);
        }
    }
    world.settle(&mut sockets);
    for follower in &mut followers {
        follower.take(&mut sockets, &truth);
        follower.check(&world);
    }
    followers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// At every version that a reader comes to, its document is the run's state, whatever its speed, and
    /// in the end it has the newest one.
    #[test]
    fn s4_04_s2_b06_patches_give_each_version_of_the_state(acts in acts(), history in 12..24_u32) {
        play(&acts, 1 << history);
    }
}

/// An event of unit and task 1 of the first run.
fn event(kind: &str) -> Act {
    Act::Event(0, KINDS.iter().position(|known| *known == kind).unwrap(), 1, 1)
}

#[test]
fn s4_28_a_reader_that_comes_back_gets_what_it_missed_and_nothing_else() {
    let acts = [
        event("orch.started"),
        Act::Join(None),
        Act::Take(0, u16::MAX),
        event("unit.started"),
        Act::Output(0, 9),
        Act::Round,
        Act::Reconnect(0),
        event("task.started"),
        event("task.completed"),
        event("unit.completed"),
        Act::Take(0, u16::MAX),
        Act::Round,
        Act::Reconnect(0),
    ];
    let [follower] = &play(&acts, 1 << 20)[..] else { panic!() };
    assert_eq!((follower.wholes, follower.steps), (1, 4));
}

#[test]
fn s4_b03_a_stalled_reader_of_patches_costs_its_budget_and_reads_the_newest_state() {
    let mut acts = vec![event("orch.started"), Act::Join(None), Act::Join(Some(0)), Act::Round];
    for _ in 0..1000 {
        acts.extend([event("task.started"), event("task.retry"), Act::Take(1, u16::MAX), Act::Round]);
    }
    let [stalled, healthy] = &play(&acts, 1 << 14)[..] else { panic!() };
    assert_eq!((healthy.wholes, healthy.steps), (1, 2000));
    assert_eq!(stalled.wholes, 2, "the first state, and the newest");
    assert!(stalled.steps < 1500, "{}", stalled.steps);
}
