//! Producers, readers and eviction in any order, against a hub that forgets nothing.

use std::collections::BTreeSet;

use choo_protocol::{Globs, RunId};
use proptest::prelude::*;

use super::super::Cursor;
use super::super::history::Record;
use super::producer::Producer;
use super::*;

/// What happens next.
#[derive(Clone, Debug)]
enum Act {
    /// A producer emits an event of a kind.
    Emit { producer: usize, kind: usize, lost: bool },
    /// A producer loses its connection and sends its last events again. What is left of a snapshot is
    /// forgotten, or goes on as if nothing had happened.
    Reconnect { producer: usize, resend: usize, forgets: bool },
    /// A producer begins a snapshot of all that it has emitted, and sends some of its parts.
    Summarise { producer: usize, parts: usize },
    /// It sends some more of them, perhaps without the one that comes next.
    Parts { producer: usize, parts: usize, skips: bool },
    /// A producer says goodbye.
    Bye { producer: usize },
    /// A reader takes one block, if there is one.
    Read { reader: usize },
    /// A reader loses its connection and comes back with its cursor.
    Resume { reader: usize },
    /// A producer sends nonsense.
    Garbage { producer: usize },
    /// Time passes.
    Pass { millis: u64 },
}

const PRODUCERS: usize = 3;
const READERS: usize = 4;

fn act() -> impl Strategy<Value = Act> {
    let (p, r) = (0..PRODUCERS, 0..READERS);
    prop_oneof![
        30 => (p.clone(), 0..9usize, prop::bool::weighted(0.05))
            .prop_map(|(producer, kind, lost)| Act::Emit { producer, kind, lost }),
        2 => (p.clone(), 0..5usize, prop::bool::weighted(0.7))
            .prop_map(|(producer, resend, forgets)| Act::Reconnect { producer, resend, forgets }),
        2 => (p.clone(), 0..9usize).prop_map(|(producer, parts)| Act::Summarise { producer, parts }),
        2 => (p.clone(), 0..9usize, prop::bool::weighted(0.1))
            .prop_map(|(producer, parts, skips)| Act::Parts { producer, parts, skips }),
        1 => p.clone().prop_map(|producer| Act::Bye { producer }),
        12 => r.clone().prop_map(|reader| Act::Read { reader }),
        2 => r.prop_map(|reader| Act::Resume { reader }),
        1 => p.prop_map(|producer| Act::Garbage { producer }),
        3 => prop_oneof![0..40u64, 10_000..40_000u64].prop_map(|millis| Act::Pass { millis }),
    ]
}

struct Reader {
    subscription: Subscription,
    filter: Filter,
    /// The cursor it would come back with.
    cursor: Cursor,
    /// The offset it knows everything up to, and how far it has been told of gaps.
    at: u64,
    /// What a page shows that reads this.
    page: RunStore,
    /// It has been told how runs stood here.
    stated: u64,
    seen: BTreeSet<u64>,
}

/// The hub under test, and beside it one with room for everything, as the truth.
struct Simulation {
    world: World,
    truth: World,
    producers: Vec<Producer>,
    readers: Vec<Reader>,
}

impl Simulation {
    fn new(history: usize) -> Self {
        let world = World::with_history(history);
        let mut typed = Filter::all();
        typed.types = Globs::parse(["task.*", "orch.*"]).unwrap();
        let filters = [Filter::all(), filter_of("run-0"), typed, Filter::all()];
        let sinces = [Since::Snapshot, Since::Snapshot, Since::Now, Since::Earliest];
        let readers = filters.into_iter().zip(sinces).map(|(filter, since)| Reader {
            subscription: world.read(filter.clone(), since),
            filter,
            cursor: world.core.cursor(0),
            at: 0,
            page: RunStore::new(1 << 20),
            stated: 0,
            seen: BTreeSet::new(),
        });
        let readers = readers.collect();
        let producers = (0..PRODUCERS).map(|n| Producer::new(format!("run-{n}")));
        Simulation { truth: World::new(), producers: producers.collect(), readers, world }
    }

    fn send(&mut self, producer: usize, line: &str) {
        let pid = u32::try_from(producer).ok();
        let Simulation { world, truth, producers, .. } = self;
        let ingests = &mut producers[producer].ingests;
        let [ingest, true_ingest] =
            ingests.get_or_insert_with(|| [world.core.connect(pid), truth.core.connect(pid)]);
        world.send(ingest, &[line]);
        truth.send(true_ingest, &[line]);
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Emit { producer, kind, lost } => {
                let line = self.producers[producer].emit(lost, |run, seq| {
                    let unit = format!(r#""task":1,"unit":"{}""#, ["a", "b", "c", "d"][(seq % 4) as usize]);
                    event(KINDS[kind], run, seq).replacen(r#""unit":"a""#, &unit, 1)
                });
                if let Some(line) = line {
                    self.send(producer, &line);
                }
            }
            Act::Reconnect { producer, resend, forgets } => {
                if forgets {
                    self.producers[producer].forget_parts();
                }
                if let Some([ingest, true_ingest]) = self.producers[producer].ingests.take() {
                    self.world.end(ingest);
                    self.truth.end(true_ingest);
                }
                for line in self.producers[producer].latest(resend) {
                    self.send(producer, &line);
                }
            }
            Act::Summarise { producer, parts } => {
                self.producers[producer].summarise();
                self.act(&Act::Parts { producer, parts, skips: false });
            }
            Act::Parts { producer, parts, skips } => {
                for line in self.producers[producer].take_parts(usize::from(skips), parts) {
                    self.send(producer, &line);
                }
            }
            Act::Bye { producer } => {
                let line = self.producers[producer].bye();
                self.send(producer, &line);
            }
            Act::Garbage { producer } => self.send(producer, "nonsense"),
            Act::Pass { millis } => {
                self.world.pass(Duration::from_millis(millis));
                self.truth.pass(Duration::from_millis(millis));
            }
            Act::Read { reader } => {
                self.read(reader);
            }
            Act::Resume { reader } => {
                let r = &mut self.readers[reader];
                r.subscription = self.world.read(r.filter.clone(), Since::Cursor(r.cursor));
            }
        }
        assert_eq!(self.truth.core.history().last(), self.world.core.history().last());
    }

    /// One block for a reader; `false` if there was none.
    fn read(&mut self, reader: usize) -> bool {
        let r = &mut self.readers[reader];
        let block = loop {
            match self.world.poll(&mut r.subscription) {
                Step::Send(block) => break block,
                Step::Again => {}
                Step::Idle => {
                    // Nothing of what it looked at was for it; a sign of life would tell it where it is.
                    let offset = r.subscription.position();
                    (r.at, r.cursor) = (offset, self.world.core.cursor(offset));
                    return false;
                }
                Step::Fetch(fetch) => panic!("nothing is stored: {fetch:?}"),
                Step::End => {
                    // It asked for one run, which has ended; it comes back in case there is more.
                    r.subscription = self.world.read(r.filter.clone(), Since::Cursor(r.cursor));
                    return !r.subscription.is_past_end();
                }
            }
        };
        self.check(reader, &block);
        true
    }

    fn check(&mut self, reader: usize, block: &Block) {
        let r = &mut self.readers[reader];
        let mut got = Vec::new();
        // Up to where the block has to be complete.
        let mut complete = block.cursor.offset;
        for frame in &block.frames {
            match frame {
                Frame::Event(record) => {
                    got.push(record.offset);
                    assert!(r.seen.insert(record.offset), "{} came twice", record.offset);
                }
                Frame::Snapshot { cursor, .. } => got.push(cursor.offset),
                Frame::Document { .. } => panic!("no reader asked for patches"),
                Frame::Control(json) => {
                    let line = json_of(json);
                    if line["type"] == "hub.gap" {
                        let gap = &line["payload"];
                        let from: Cursor = gap["from"].as_str().unwrap().parse().unwrap();
                        assert_eq!(gap["to"], block.cursor.to_string());
                        assert_eq!(gap["count"], block.cursor.offset - from.offset);
                        complete = from.offset;
                    }
                }
            }
            show(&mut r.page, frame, self.world.now.time);
        }
        let opening = matches!(block.frames.first(), Some(frame) if describe(frame) == "hub.hello");
        if opening || complete < block.cursor.offset {
            // Only snapshots, which stand for no events.
            r.stated = got.drain(..).max().unwrap_or(0);
        }
        let all = self.truth.core.history().after(r.at).take_while(|record| record.offset <= complete);
        let wanted = all.filter(|record| {
            let outdated = match &record.body {
                Body::State(_) => record.offset <= r.stated,
                Body::Line { kind, .. } if kind == kind::HUB_END => {
                    let run = self.world.core.runs().get(record.run.as_ref().unwrap().as_str());
                    run.unwrap().end_offset() != Some(record.offset)
                }
                Body::Line { .. } => false,
            };
            !outdated && matches(&r.filter, record)
        });
        let expected: Vec<u64> = wanted.map(|record| record.offset).collect();
        assert_eq!(got, expected, "reader {reader}, {block:?}");
        r.at = block.cursor.offset;
        r.cursor = block.cursor;
    }

    /// Lets every deadline pass and every reader read on, up to its sign of life.
    fn settle(&mut self) {
        for act in [Act::Pass { millis: 40_000 }, Act::Pass { millis: 15_000 }] {
            self.act(&act);
            for reader in 0..READERS {
                while self.read(reader) {}
            }
        }
    }

    /// Every producer loses an event and tells how all of it stands, whatever came before.
    fn summarise_all(&mut self) {
        for producer in 0..PRODUCERS {
            self.act(&Act::Emit { producer, kind: 2, lost: true });
            self.act(&Act::Summarise { producer, parts: usize::MAX });
        }
    }

    /// What the hub knows of all units of all runs, and what there is to know.
    fn units(&self) -> [Vec<String>; 2] {
        let told = |state: &RunState| serde_json::to_string(&state.units).unwrap();
        let known = |producer: &Producer| told(self.world.core.runs().get(&producer.run).unwrap().state());
        let known = self.producers.iter().map(known).collect();
        [known, self.producers.iter().map(|producer| told(&producer.state)).collect()]
    }

    fn check_pages(&self) {
        for (n, reader) in self.readers.iter().enumerate() {
            if !self.is_over(&reader.filter) {
                let last = self.world.core.history().last();
                assert_eq!(reader.at, last, "reader {n} has not caught up");
            }
            // Readers that take all lifecycle events know how every run stands that they know of.
            if n == 2 {
                continue;
            }
            assert_eq!(reader.page.faults().filter(|fault| fault.kind != "not-an-object").count(), 0);
            for run in self.world.core.runs().newest_first() {
                if let Some(page) = reader.page.state(run.id().as_str()) {
                    assert_eq!(page, &**run.state(), "reader {n}");
                }
            }
        }
        for run in self.world.core.runs().newest_first() {
            assert!(self.readers[0].page.state(run.id().as_str()).is_some(), "reader 0 lacks {}", run.id());
        }
    }

    fn is_over(&self, filter: &Filter) -> bool {
        let run = filter.run.as_ref().and_then(|id| self.world.core.runs().get(id.as_str()));
        run.is_some_and(|run| run.end_offset().is_some())
    }
}

fn matches(filter: &Filter, record: &Record) -> bool {
    let run = record.run.as_ref();
    match &record.body {
        Body::Line { kind, unit, .. } if !kind.starts_with("hub.") => {
            filter.admits(kind, unit, run.map(RunId::as_str))
        }
        _ => run.is_none_or(|run| filter.admits_run(run.as_str())),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s4_b02_nothing_missing_nothing_twice_and_every_fold_is_right(
        acts in prop::collection::vec(act(), 1..250),
        history in prop_oneof![Just(0usize), 1_000..6_000usize, Just(1 << 30)],
    ) {
        let mut simulation = Simulation::new(history);
        for act in &acts {
            simulation.act(act);
        }
        simulation.settle();
        simulation.check_pages();
        simulation.summarise_all();
        simulation.settle();
        simulation.check_pages();
        let [known, true_units] = simulation.units();
        prop_assert_eq!(known, true_units);
        prop_assert_eq!((simulation.world.core.gathered, simulation.truth.core.gathered), (0, 0));
    }
}
