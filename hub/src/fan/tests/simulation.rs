//! Readers of every speed on sockets that take what they like, against a hub that forgets nothing.

use std::time::Duration;

use choo_protocol::{Filter, Globs};
use proptest::prelude::*;

use super::client::{Client, Peer};
use super::form::{NDJSON, SSE, WEBSOCKET, frame};
use super::world::{Socket, World};
use crate::core::tests::{KINDS, Producer};
use crate::encoding::Encoding;

/// What happens next.
#[derive(Clone, Debug)]
enum Act {
    Emit {
        producer: usize,
        kind: usize,
        bytes: usize,
        lost: bool,
    },
    Resend {
        producer: usize,
    },
    /// A producer begins a snapshot of all that it has emitted, and sends some of its parts.
    Summarise {
        producer: usize,
        parts: usize,
    },
    /// It sends some more of them.
    Parts {
        producer: usize,
        parts: usize,
    },
    Bye {
        producer: usize,
    },
    Round,
    /// A socket takes some more bytes.
    Take {
        peer: usize,
        bytes: usize,
    },
    Answer,
    Reconnect {
        peer: usize,
    },
    Pass {
        millis: u64,
    },
}

const PRODUCERS: usize = 2;
const PEERS: usize = 6;

fn act() -> impl Strategy<Value = Act> {
    let (p, r) = (0..PRODUCERS, 0..PEERS);
    let bytes = prop_oneof![20 => Just(10usize), 4 => Just(3000usize), 1 => Just(70_000usize)];
    prop_oneof![
        30 => (p.clone(), 0..9usize, bytes, prop::bool::weighted(0.05))
            .prop_map(|(producer, kind, bytes, lost)| Act::Emit { producer, kind, bytes, lost }),
        2 => p.clone().prop_map(|producer| Act::Resend { producer }),
        2 => (p.clone(), 0..6usize).prop_map(|(producer, parts)| Act::Summarise { producer, parts }),
        2 => (p.clone(), 0..6usize).prop_map(|(producer, parts)| Act::Parts { producer, parts }),
        1 => p.prop_map(|producer| Act::Bye { producer }),
        15 => Just(Act::Round),
        25 => (r.clone(), prop_oneof![0..300usize, 0..100_000usize])
            .prop_map(|(peer, bytes)| Act::Take { peer, bytes }),
        12 => Just(Act::Answer),
        2 => r.prop_map(|peer| Act::Reconnect { peer }),
        3 => prop_oneof![0..40u64, 1_000..40_000u64].prop_map(|millis| Act::Pass { millis }),
    ]
}

struct Simulation {
    world: World,
    /// A hub with room for everything.
    truth: World,
    sockets: Vec<Socket>,
    peers: Vec<Option<Peer>>,
    producers: Vec<Producer>,
}

impl Simulation {
    fn new(history: usize) -> Self {
        let (mut world, mut sockets) = (World::new(history), Vec::new());
        let mut typed = Filter::all();
        typed.types = Globs::parse(["task.*", "orch.*"]).unwrap();
        let client = |filter: &Filter, since| Client::new(filter.clone(), since);
        let all = Filter::all();
        let plans = [
            (NDJSON, vec![("", client(&all, "snapshot"))]),
            (NDJSON, vec![("", client(&all, "snapshot"))]),
            (SSE, vec![("", client(&all, "snapshot"))]),
            (NDJSON, vec![("", client(&typed, "earliest"))]),
            (WEBSOCKET, vec![("a", client(&all, "snapshot")), ("b", client(&typed, "earliest"))]),
            (WEBSOCKET, vec![("a", client(&all, "snapshot"))]),
        ];
        let connect = |(form, clients)| Some(Peer::connect(&mut world, &mut sockets, form, clients));
        let peers = plans.into_iter().map(connect).collect();
        let producers = (0..PRODUCERS).map(|n| Producer::new(format!("run-{n}"))).collect();
        Simulation { world, truth: World::new(1 << 30), sockets, peers, producers }
    }

    fn send(&mut self, producer: usize, line: &str) {
        let pid = u32::try_from(producer).ok();
        let Simulation { world, truth, producers, .. } = self;
        let [one, other] = producers[producer]
            .ingests
            .get_or_insert_with(|| [world.core.connect(pid), truth.core.connect(pid)]);
        world.send(one, line);
        truth.send(other, line);
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Emit { producer, kind, bytes, lost } => {
                let make = |run: &str, seq: u64| {
                    format!(
                        r#"{{"type":"{}","time":"2025-01-18T10:30:15Z","unit":"{}","task":1,"payload":{{"content":"{}"}},"run":"{}","seq":{}}}"#,
                        KINDS[kind],
                        ["a", "b", "c"][(seq % 3) as usize],
                        "x".repeat(bytes),
                        run,
                        seq
                    )
                };
                if let Some(line) = self.producers[producer].emit(lost, make) {
                    self.send(producer, &line);
                }
            }
            Act::Resend { producer } => {
                if let Some([mut one, mut other]) = self.producers[producer].ingests.take() {
                    one.handle_end(&mut self.world.core, self.world.now);
                    other.handle_end(&mut self.truth.core, self.truth.now);
                }
                for line in self.producers[producer].latest(3) {
                    self.send(producer, &line);
                }
            }
            Act::Summarise { producer, parts } => {
                self.producers[producer].summarise();
                return self.act(&Act::Parts { producer, parts });
            }
            Act::Parts { producer, parts } => {
                for line in self.producers[producer].take_parts(0, parts) {
                    self.send(producer, &line);
                }
            }
            Act::Bye { producer } => {
                let line = self.producers[producer].bye();
                self.send(producer, &line);
            }
            Act::Round => self.world.round(),
            Act::Take { peer, bytes } => {
                let reader = self.peers[peer].as_ref().unwrap().reader;
                self.sockets[reader].room += bytes;
                self.world.fan.handle_writable(reader);
            }
            Act::Answer => drop(self.world.answer()),
            Act::Reconnect { peer } => {
                let old = self.peers[peer].take().unwrap();
                self.world.fan.handle_gone(old.reader);
                self.world.drive(&mut self.sockets);
                self.peers[peer] =
                    Some(Peer::connect(&mut self.world, &mut self.sockets, old.form, old.clients));
            }
            Act::Pass { millis } => {
                self.world.pass(Duration::from_millis(millis));
                self.truth.pass(Duration::from_millis(millis));
                self.world.fan.handle_tick(self.world.now);
                // Clients answer pings.
                for peer in self.peers.iter().flatten().filter(|peer| peer.form.0 == Encoding::WebSocket) {
                    self.world.fan.handle_input(peer.reader, &frame(10, ""), self.world.now);
                }
            }
        }
        self.world.drive(&mut self.sockets);
        self.read();
    }

    fn read(&mut self) {
        for peer in self.peers.iter_mut().flatten() {
            peer.read(&mut self.sockets[peer.reader].got, &self.truth.core);
        }
    }
}

/// Plays it to its end, at which everybody has everything and knows it.
fn play(acts: &[Act], history: usize) {
    let mut simulation = Simulation::new(history);
    for act in acts {
        simulation.act(act);
    }
    simulation.act(&Act::Pass { millis: 40_000 });
    simulation.world.settle(&mut simulation.sockets);
    simulation.act(&Act::Pass { millis: 16_000 });
    simulation.read();
    let last = simulation.world.core.history().last();
    for (n, peer) in simulation.peers.iter().flatten().enumerate() {
        for (id, client) in &peer.clients {
            assert_eq!(client.at, Some(last), "peer {n} {id} has not caught up");
            assert!(client.page.faults().all(|fault| fault.kind == "not-an-object"));
            // Those who admit all lifecycle events know how every run stands.
            if client.filter.types.is_empty() {
                for run in simulation.world.core.runs().newest_first() {
                    if let Some(state) = client.page.state(run.id().as_str()) {
                        assert_eq!(state, &**run.state(), "peer {n} {id}");
                    }
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s4_b02_nothing_missing_nothing_twice_at_any_speed_in_any_form(
        acts in prop::collection::vec(act(), 1..250),
        history in prop_oneof![Just(0usize), 1_000..400_000usize, Just(1 << 30)],
    ) {
        play(&acts, history);
    }
}

#[test]
fn who_has_passed_over_a_record_is_told_how_far_it_is() {
    let emit = || Act::Emit { producer: 1, kind: 0, bytes: 10, lost: false };
    let mut acts = vec![emit()];
    acts.extend([const { Act::Answer }; 4]);
    acts.extend([Act::Take { peer: 2, bytes: 146 }, Act::Answer, Act::Bye { producer: 1 }, emit()]);
    // It comes back to a run whose state was told anew in the meantime.
    acts.extend([Act::Round, Act::Answer, Act::Reconnect { peer: 2 }]);
    play(&acts, 0);
}
