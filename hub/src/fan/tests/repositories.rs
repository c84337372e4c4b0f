//! Subscriptions by repository, as another tool's clients make them (S3-05).

use std::time::Duration;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::form::{WEBSOCKET, frame, pieces};
use super::world::{Socket, World};
use crate::fan::machine::SWEEP;

fn say(world: &mut World, reader: usize, kind: &str, data: &Value) {
    let text = json!({"type": kind, "timestamp": "2025-01-18T10:30:00Z", "data": data}).to_string();
    world.fan.handle_input(reader, &frame(1, &text), world.now);
}

/// The lines of all messages that came.
fn lines(socket: &mut Socket) -> Vec<Value> {
    let texts = pieces(WEBSOCKET, &mut socket.got);
    texts.iter().flat_map(|text| text.lines()).map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The records' names.
fn records(socket: &mut Socket) -> Vec<String> {
    let lines = lines(socket);
    let tasks = lines.iter().filter(|line| line["type"] == "task.created");
    tasks.map(|line| line["payload"]["task_id"].as_str().unwrap().to_owned()).collect()
}

fn created(seq: u64, repository: &str) -> String {
    json!({"type": "task.created", "run": "r", "seq": seq, "payload": {"task_id": format!("{repository}#{seq}"), "repository": repository, "changed_by": "somebody"}}).to_string()
}

#[test]
fn s3_02_s3_03_the_other_tools_frames_are_understood() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = world.join(&mut sockets, WEBSOCKET, None);
    let mut producer = world.core.connect(None);
    say(&mut world, reader, "subscribe", &json!({"repositories": ["o/a"]}));
    world.settle(&mut sockets);
    world.send(&mut producer, &created(1, "o/a"));
    world.send(&mut producer, &created(2, "o/b"));
    world.settle(&mut sockets);
    assert_eq!(records(&mut sockets[reader]), ["o/a#1"]);
    say(&mut world, reader, "subscribe", &json!({"repositories": ["o/b"]}));
    world.settle(&mut sockets);
    world.send(&mut producer, &created(3, "o/a"));
    world.send(&mut producer, &created(4, "o/b"));
    world.settle(&mut sockets);
    assert_eq!(records(&mut sockets[reader]), ["o/a#3", "o/b#4"], "they add up");
    say(&mut world, reader, "unsubscribe", &json!({"repositories": ["o/a"]}));
    say(&mut world, reader, "ping", &Value::Null);
    world.send(&mut producer, &created(5, "o/a"));
    world.send(&mut producer, &created(6, "o/b"));
    world.settle(&mut sockets);
    let told = lines(&mut sockets[reader]);
    assert!(told.iter().any(|line| line["type"] == "pong" && line["time"] == world.now.time.to_string()));
    assert!(told.iter().any(|line| line["payload"]["task_id"] == "o/b#6"));
    assert!(!told.iter().any(|line| line["payload"]["task_id"] == "o/a#5"));
    say(&mut world, reader, "unsubscribe", &json!({"repositories": ["o/b", "o/c"]}));
    world.send(&mut producer, &created(7, "o/b"));
    world.settle(&mut sockets);
    assert_eq!(lines(&mut sockets[reader]), [Value::Null; 0], "the last one ends it");
    say(&mut world, reader, "subscribe", &json!({"repositories": 5}));
    world.settle(&mut sockets);
    let told = lines(&mut sockets[reader]);
    assert_eq!((told.len(), &told[0]["type"]), (1, &json!("hub.error")), "S3-B09: errors are told");
}

#[test]
fn s3_b10_there_is_one_kind_of_ping() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = world.join(&mut sockets, WEBSOCKET, None);
    world.settle(&mut sockets);
    let mut pings = 0;
    for _ in 0..600 {
        world.pass(SWEEP);
        world.fan.handle_tick(world.now);
        world.settle(&mut sockets);
        let got = std::mem::take(&mut sockets[reader].got);
        if !got.is_empty() {
            assert_eq!(
                got,
                [0x89, 0],
                "a ping of the protocol, and nothing that a page would have to answer"
            );
            pings += 1;
            world.fan.handle_input(reader, &frame(10, ""), world.now);
        }
    }
    assert_eq!(pings, Duration::from_mins(10).as_secs() / 54);
}

#[test]
fn s3_20_a_pong_in_words_is_a_sign_of_life() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = world.join(&mut sockets, WEBSOCKET, None);
    for _ in 0..10 {
        world.pass(Duration::from_secs(50));
        world.fan.handle_tick(world.now);
        say(&mut world, reader, "pong", &Value::Null);
        world.settle(&mut sockets);
        assert!(!sockets[reader].finished);
    }
}

#[test]
fn s3_b01_s3_b02_readers_leave_while_a_block_goes_out() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let mut producer = world.core.connect(None);
    let mut readers: Vec<usize> = (0..20).map(|_| world.join(&mut sockets, WEBSOCKET, None)).collect();
    for reader in &readers {
        say(&mut world, *reader, "subscribe", &json!({"repositories": ["*"]}));
    }
    world.settle(&mut sockets);
    for seq in 1..=9 {
        world.send(&mut producer, &created(seq, "o/a"));
        // The block is with every reader, and written to none.
        world.round();
        let gone = readers.remove(readers.len() / 2);
        world.fan.handle_gone(gone);
        world.fan.handle_gone(gone);
        let unsubscribed = readers.remove(0);
        say(&mut world, unsubscribed, "unsubscribe", &Value::Null);
        world.settle(&mut sockets);
        for reader in &readers {
            assert_eq!(records(&mut sockets[*reader]), [format!("o/a#{seq}")]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Of a repository that is subscribed to all the time nothing is missing and nothing comes twice, whatever
    /// is added and taken away beside it, at any speed of the reader.
    #[test]
    fn s3_b06_adding_a_repository_loses_nothing_of_the_others(
        acts in proptest::collection::vec((0..6_u8, 0..3_usize, 0..3000_usize), 1..80),
    ) {
        const OTHERS: [&str; 3] = ["o/b", "o/c", "x/*"];
        let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
        let mut producer = world.core.connect(None);
        let reader = world.join(&mut sockets, WEBSOCKET, None);
        say(&mut world, reader, "subscribe", &json!({"repositories": ["o/a"]}));
        world.settle(&mut sockets);
        sockets[reader].room = 0;
        let (mut seq, mut expected, mut got) = (0, Vec::new(), Vec::new());
        for (act, n, room) in acts {
            match act {
                0 | 1 => {
                    for _ in 0..n * 20 {
                        seq += 1;
                        let repository = if seq % 3 == 0 { "o/b" } else { "o/a" };
                        world.send(&mut producer, &created(seq, repository));
                        expected.extend((repository == "o/a").then(|| format!("o/a#{seq}")));
                    }
                }
                2 => say(&mut world, reader, "subscribe", &json!({"repositories": [OTHERS[n]]})),
                3 => say(&mut world, reader, "unsubscribe", &json!({"repositories": [OTHERS[n]]})),
                4 => {
                    sockets[reader].room += room;
                    world.fan.handle_writable(reader);
                }
                _ => {
                    world.round();
                    world.drive(&mut sockets);
                    world.answer();
                }
            }
            world.drive(&mut sockets);
            got.extend(records(&mut sockets[reader]));
        }
        world.settle(&mut sockets);
        got.extend(records(&mut sockets[reader]));
        got.retain(|name| name.starts_with("o/a#"));
        prop_assert_eq!(got, expected);
    }
}
