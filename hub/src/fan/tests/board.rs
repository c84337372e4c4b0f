//! Readers of topics.

use std::time::Duration;

use bytes::Bytes;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::form::{WEBSOCKET, frame, pieces};
use super::world::{Socket, World};
use crate::core::Ingest;
use crate::encoding::{Encoding, Framing};
use crate::fan::machine::NewReader;
use crate::fan::machine::PERIOD;
use crate::topic::Topic;

fn topic(name: &str) -> Topic {
    Topic::parse(name).unwrap()
}

fn watch(world: &mut World, sockets: &mut Vec<Socket>, name: &str) -> usize {
    let (encoding, framing, head) = (Encoding::WebSocket, Framing::Message, Bytes::new());
    let new = NewReader { encoding, framing, head, subscription: None, topic: Some(topic(name)) };
    let reader = world.fan.handle_join(new, world.now);
    if sockets.len() <= reader {
        sockets.resize_with(reader + 1, Socket::default);
    }
    sockets[reader] = Socket { room: usize::MAX, ..Socket::default() };
    reader
}

/// Looks at what is asked for; how many topics that were.
fn look(world: &mut World) -> usize {
    let mut looked = 0;
    while let Some(topic) = world.fan.poll_topic() {
        looked += 1;
        let json = topic.look(&world.core, 0).json();
        world.fan.handle_topic(&topic, json, world.now);
    }
    looked
}

/// What was recorded is told, as far as the topics have rested.
fn turn(world: &mut World, sockets: &mut [Socket]) -> usize {
    world.round();
    world.fan.handle_tick(world.now);
    let looked = look(world);
    world.drive(sockets);
    looked
}

fn messages(socket: &mut Socket) -> Vec<Value> {
    let texts = pieces(WEBSOCKET, &mut socket.got);
    texts.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
}

fn event(world: &mut World, producer: &mut Ingest, seq: u64, kind: &str, unit: &str) {
    let line = json!({"type": kind, "run": "r", "seq": seq, "unit": unit, "payload": {"content": "x"}});
    world.send(producer, &line.to_string());
}

#[test]
fn s2_14_s2_21_the_first_message_is_how_it_is() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = watch(&mut world, &mut sockets, "workflows");
    turn(&mut world, &mut sockets);
    let [first] = &messages(&mut sockets[reader])[..] else { panic!() };
    assert_eq!((&first["type"], &first["data"]), (&json!("workflows_update"), &json!([])));
    assert_eq!(first["timestamp"], world.now.time.to_string());
    assert!(first["version"].as_u64().unwrap() > 0);
}

#[test]
fn s2_b03_nothing_falls_between_the_first_data_and_the_registration() {
    for asked in [false, true] {
        let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
        let mut producer = world.core.connect(None);
        let reader = watch(&mut world, &mut sockets, "adw-state/r");
        // Before it is looked up, or while that is on its way.
        let late = asked.then(|| world.fan.poll_topic().unwrap());
        let json = late.as_ref().map(|topic| topic.look(&world.core, 0).json());
        event(&mut world, &mut producer, 1, "unit.started", "a");
        world.round();
        if let (Some(topic), Some(json)) = (late, json) {
            world.fan.handle_topic(&topic, json, world.now);
        }
        world.pass(PERIOD);
        turn(&mut world, &mut sockets);
        let last = messages(&mut sockets[reader]).pop().unwrap();
        assert_eq!(last["data"]["units"]["a"]["status"], "in_progress", "{asked}");
    }
}

#[test]
fn s2_35_every_topic_that_can_change_tells_it() {
    let names = [
        "workflows",
        "workflow-history",
        "adw-state/r",
        "adw-monitor",
        "queue",
        "system-status",
        "webhook-status",
    ];
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let readers = names.map(|name| watch(&mut world, &mut sockets, name));
    let routes = watch(&mut world, &mut sockets, "routes");
    turn(&mut world, &mut sockets);
    for reader in readers {
        assert_eq!(messages(&mut sockets[reader]).len(), 1);
    }
    assert_eq!(messages(&mut sockets[routes]).len(), 1);
    let mut producer = world.core.connect(Some(7));
    event(&mut world, &mut producer, 1, "unit.queued", "a");
    event(&mut world, &mut producer, 2, "unit.started", "b");
    world.fan.handle_stirred(world.now);
    world.pass(PERIOD);
    turn(&mut world, &mut sockets);
    let told = readers.map(|reader| messages(&mut sockets[reader]).len());
    assert_eq!(told, [1, 0, 1, 1, 1, 1, 1], "all but the runs that are over");
    let bye = json!({"type": "link.bye", "run": "r", "payload": {"last": 2}});
    world.send(&mut producer, &bye.to_string());
    world.pass(PERIOD);
    turn(&mut world, &mut sockets);
    assert_eq!(messages(&mut sockets[readers[1]]).len(), 1, "now one is");
    assert_eq!(messages(&mut sockets[routes]).len(), 0, "they stay as they are");
}

#[test]
fn s2_b07_a_change_is_told_within_a_tenth_of_a_second() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = watch(&mut world, &mut sockets, "queue");
    turn(&mut world, &mut sockets);
    messages(&mut sockets[reader]);
    let mut producer = world.core.connect(None);
    event(&mut world, &mut producer, 1, "unit.queued", "a");
    world.round();
    let due = world.fan.deadline().unwrap();
    assert!(due <= world.now.at + Duration::from_millis(100), "the driver wakes for it");
    world.pass(due.saturating_sub(world.now.at));
    turn(&mut world, &mut sockets);
    assert_eq!(messages(&mut sockets[reader])[0]["data"]["total"], 1);
}

#[test]
fn s2_28_what_does_not_change_is_not_told_and_what_changes_much_is_told_now_and_then() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = watch(&mut world, &mut sockets, "adw-monitor");
    let mut producer = world.core.connect(None);
    event(&mut world, &mut producer, 1, "unit.started", "a");
    turn(&mut world, &mut sockets);
    world.pass(PERIOD);
    turn(&mut world, &mut sockets);
    assert_eq!(messages(&mut sockets[reader]).len(), 1);
    for seq in 2..1000 {
        event(&mut world, &mut producer, seq, "log.stdout", "a");
    }
    world.pass(PERIOD);
    assert_eq!(turn(&mut world, &mut sockets), 0, "output concerns nobody");
    for seq in 1000..1010 {
        event(&mut world, &mut producer, seq, "task.validation.ok", "other");
        world.pass(PERIOD);
        assert_eq!(turn(&mut world, &mut sockets), 1);
    }
    assert_eq!(messages(&mut sockets[reader]).len(), 0, "the same as before is no news");
    for n in 0..1000 {
        event(&mut world, &mut producer, 2000 + n, "task.started", &format!("u{n}"));
        event(&mut world, &mut producer, 4000 + n, "unit.started", &format!("u{n}"));
        world.pass(PERIOD / 50);
        turn(&mut world, &mut sockets);
    }
    let told = messages(&mut sockets[reader]).len();
    assert!((15..=21).contains(&told), "{told} messages in a second");
    world.pass(Duration::from_mins(1));
    turn(&mut world, &mut sockets);
    messages(&mut sockets[reader]);
    for _ in 0..60 {
        world.pass(Duration::from_secs(1));
        turn(&mut world, &mut sockets);
    }
    assert_eq!(messages(&mut sockets[reader]).len(), 0, "an idle hub says nothing");
}

#[test]
fn s2_b01_s2_b05_watchers_come_and_go_while_it_is_told() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let mut producer = world.core.connect(None);
    let mut readers: Vec<usize> = (0..8).map(|_| watch(&mut world, &mut sockets, "queue")).collect();
    turn(&mut world, &mut sockets);
    for n in 0..50 {
        event(&mut world, &mut producer, n + 1, "unit.queued", &format!("u{n}"));
        world.round();
        let asked = world.fan.poll_topic();
        world.fan.handle_gone(readers.remove(0));
        world.drive(&mut sockets);
        readers.push(watch(&mut world, &mut sockets, "queue"));
        if let Some(topic) = asked {
            let json = topic.look(&world.core, 0).json();
            world.fan.handle_topic(&topic, json, world.now);
        }
        world.pass(PERIOD);
        turn(&mut world, &mut sockets);
        for reader in &readers {
            let last = messages(&mut sockets[*reader]).pop().unwrap();
            assert_eq!(last["data"]["total"], n + 1);
        }
    }
    for reader in readers {
        world.fan.handle_gone(reader);
    }
    world.drive(&mut sockets);
    assert!(world.fan.is_empty());
    event(&mut world, &mut producer, 99, "unit.queued", "z");
    world.pass(PERIOD);
    assert_eq!(turn(&mut world, &mut sockets), 0, "nobody watches, nobody looks");
}

#[test]
fn a_topic_takes_no_subscriptions() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = watch(&mut world, &mut sockets, "queue");
    turn(&mut world, &mut sockets);
    messages(&mut sockets[reader]);
    world.fan.handle_input(reader, &frame(1, r#"{"type":"subscribe"}"#), world.now);
    world.fan.handle_input(reader, &frame(1, r#"{"type":"ping"}"#), world.now);
    world.drive(&mut sockets);
    let told = messages(&mut sockets[reader]);
    assert_eq!((&told[0]["type"], &told[1]["type"]), (&json!("hub.error"), &json!("pong")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// However slow a reader is, versions rise, no two messages in a row are the same, the last one is how it
    /// is, and what waits for it is one message.
    #[test]
    fn s2_b02_s2_b06_a_slow_reader_gets_the_newest(
        acts in proptest::collection::vec((0..4_u8, 0..2000_usize, 0..80_u64), 1..80),
    ) {
        let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
        let mut producer = world.core.connect(None);
        let reader = watch(&mut world, &mut sockets, "adw-state/r");
        sockets[reader].room = 0;
        let mut seq = 0;
        let mut got = Vec::new();
        for (act, room, millis) in acts {
            match act {
                0 | 1 => {
                    seq += 1;
                    let kind = if act == 0 { "unit.started" } else { "unit.failed" };
                    event(&mut world, &mut producer, seq, kind, &format!("u{}", room % 7));
                }
                2 => {
                    sockets[reader].room += room;
                    world.fan.handle_writable(reader);
                }
                _ => world.pass(Duration::from_millis(millis)),
            }
            turn(&mut world, &mut sockets);
            prop_assert!(world.fan.held() < 8192, "one message");
            got.extend(messages(&mut sockets[reader]));
        }
        sockets[reader].room = usize::MAX;
        world.fan.handle_writable(reader);
        world.pass(PERIOD);
        turn(&mut world, &mut sockets);
        turn(&mut world, &mut sockets);
        got.extend(messages(&mut sockets[reader]));
        let versions: Vec<u64> = got.iter().map(|message| message["version"].as_u64().unwrap()).collect();
        prop_assert!(versions.is_sorted_by(|a, b| a < b), "{:?}", versions);
        prop_assert!(got.windows(2).all(|two| two[0]["data"] != two[1]["data"]));
        let state = world.core.runs().get("r").map(|run| json!(**run.state()));
        prop_assert_eq!(got.last().map(|message| message["data"].clone()), Some(state.unwrap_or_default()));
    }
}
