//! Readers on sockets that take what they are told to.

use std::time::Duration;

use choo_protocol::{Filter, Globs};
use serde_json::{Value, json};

use super::inbound::MESSAGE_BYTES;
use super::machine::{DEAD, KEEP_ALIVE, LINGER, MAX_ASKED, PING, STUCK, SWEEP};
use crate::core::{Selection, Since};
use form::{NDJSON, SSE, WEBSOCKET, frame, pieces, subscribe};
use world::{Socket, World};

mod board;
mod client;
mod form;
mod patches;
mod process;
mod repositories;
mod simulation;
mod world;

fn event(seq: u64) -> String {
    format!(r#"{{"type":"x.tick","time":"2025-01-18T10:30:15Z","run":"r","seq":{seq}}}"#)
}

fn all() -> Selection {
    Selection::Filter(Filter::all())
}

#[test]
fn readers_of_the_same_share_their_bytes() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    for _ in 0..3 {
        world.join(&mut sockets, NDJSON, Some((all(), Since::Now)));
    }
    world.settle(&mut sockets);
    let mut producer = world.core.connect(None);
    world.send(&mut producer, &event(1));
    world.round();
    let mut places = Vec::new();
    while let Some(write) = world.fan.poll_write() {
        let (reader, length) = (write.reader, write.slices[0].len());
        places.push(write.slices[0].as_ptr());
        world.fan.handle_written(reader, length, false);
    }
    assert_eq!(places.len(), 3);
    assert!(places.windows(2).all(|two| two[0] == two[1]), "one copy in memory");
}

#[test]
fn s2_b02_a_reader_that_takes_nothing_costs_its_budget() {
    let (mut world, mut sockets) = (World::new(1 << 30), Vec::new());
    let stalled = world.join(&mut sockets, SSE, Some((all(), Since::Now)));
    let healthy = world.join(&mut sockets, SSE, Some((all(), Since::Now)));
    world.settle(&mut sockets);
    sockets[stalled].room = 0;
    let mut producer = world.core.connect(None);
    for seq in 1..=20_000 {
        world.send(&mut producer, &event(seq));
        if seq % 100 == 0 {
            world.round();
            world.drive(&mut sockets);
        }
    }
    assert!(world.fan.held() < 512 << 10, "{} bytes are held", world.fan.held());
    assert!(sockets[healthy].got.len() > 20_000 * 80);
    world.settle(&mut sockets);
    assert_eq!(sockets[stalled].got, sockets[healthy].got, "and in the end it has the same");
}

#[test]
fn s4_13_silence_is_broken_by_a_comment_or_a_cursor() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let mut filter = Filter::all();
    filter.types = Globs::parse(["nothing.*"]).unwrap();
    let reader = world.join(&mut sockets, SSE, Some((Selection::Filter(filter), Since::Now)));
    world.settle(&mut sockets);
    sockets[reader].got.clear();
    let mut producer = world.core.connect(None);
    let mut listen = |world: &mut World| {
        let mut silence = Duration::ZERO;
        while sockets[reader].got.is_empty() {
            world.pass(SWEEP);
            silence += SWEEP;
            world.fan.handle_tick(world.now);
            world.round();
            world.drive(&mut sockets);
        }
        assert!(silence <= KEEP_ALIVE && silence + 2 * SWEEP > KEEP_ALIVE, "{silence:?}");
        String::from_utf8(std::mem::take(&mut sockets[reader].got)).unwrap()
    };
    assert_eq!(listen(&mut world), ":\n");
    world.send(&mut producer, &event(1));
    let text = listen(&mut world);
    assert!(text.starts_with("id: ") && text.contains("hub.cursor"), "{text}");
    assert_eq!(listen(&mut world), ":\n");
}

#[test]
fn s3_14_s3_15_a_websocket_is_pinged_and_a_dead_one_let_go() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let (dead, alive) =
        (world.join(&mut sockets, WEBSOCKET, None), world.join(&mut sockets, WEBSOCKET, None));
    let start = world.now.at;
    world.settle(&mut sockets);
    let mut pinged = None;
    while !sockets[dead].finished {
        world.pass(SWEEP);
        world.fan.handle_tick(world.now);
        world.drive(&mut sockets);
        if pinged.is_none() && sockets[alive].got.ends_with(&[0x89, 0]) {
            pinged = Some(world.now.at.abs_diff(start));
            world.fan.handle_input(alive, &frame(10, ""), world.now);
        }
        assert!(world.now.at.abs_diff(start) < DEAD + 3 * SWEEP);
    }
    assert_eq!(pinged, Some(PING));
    assert!(world.now.at.abs_diff(start) >= DEAD);
    let close = sockets[dead].got.split_off(2);
    assert_eq!(close[..4], [0x88, u8::try_from(close.len() - 2).unwrap(), 0x03, 0xf0], "1008 with a reason");
    assert!(!sockets[alive].finished);
    world.pass(LINGER);
    world.fan.handle_tick(world.now);
    world.drive(&mut sockets);
    assert!(sockets[dead].gone, "it is not waited for");
}

#[test]
fn s3_b06_subscriptions_add_up_replace_and_end() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = world.join(&mut sockets, WEBSOCKET, None);
    let mut producer = world.core.connect(None);
    let mut seq = 0;
    let mut tick = |world: &mut World, sockets: &mut Vec<Socket>, input: Option<Vec<u8>>| {
        if let Some(input) = input {
            world.fan.handle_input(reader, &input, world.now);
        }
        world.settle(sockets);
        sockets[reader].got.clear();
        seq += 1;
        world.send(&mut producer, &event(seq));
        world.settle(sockets);
        let messages = pieces(WEBSOCKET, &mut sockets[reader].got);
        let id = |message: &String| {
            let last: Value = serde_json::from_str(message.lines().last().unwrap()).unwrap();
            last["payload"]["id"].as_str().unwrap_or("").to_owned()
        };
        let mut ids: Vec<String> = messages.iter().map(id).collect();
        ids.sort();
        ids.join(" ")
    };
    let unsubscribe =
        |id: &str| Some(frame(1, &json!({"type": "unsubscribe", "payload": {"id": id}}).to_string()));
    assert_eq!(tick(&mut world, &mut sockets, None), "", "C-16: without a subscription no events");
    assert_eq!(tick(&mut world, &mut sockets, Some(subscribe("a", "now", &[]))), "a");
    assert_eq!(tick(&mut world, &mut sockets, Some(subscribe("b", "now", &["x.*"]))), "a b");
    assert_eq!(tick(&mut world, &mut sockets, Some(subscribe("a", "now", &["task.*"]))), "b");
    assert_eq!(tick(&mut world, &mut sockets, unsubscribe("b")), "");
    assert_eq!(tick(&mut world, &mut sockets, unsubscribe("nobody")), "");
    let nameless = frame(1, r#"{"type":"subscribe","data":{"repositories":["o/r"]}}"#);
    assert_eq!(
        tick(&mut world, &mut sockets, Some(nameless)),
        "",
        "S3's frame has no name; `x.tick` is no record"
    );
}

#[test]
fn s4_b03_a_reader_that_subscribes_again_and_again_takes_turns_with_the_others() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let restless = world.join(&mut sockets, WEBSOCKET, None);
    let patient = world.join(&mut sockets, WEBSOCKET, None);
    world.settle(&mut sockets);
    let unsubscribe = frame(1, r#"{"type":"unsubscribe","payload":{"id":"a"}}"#);
    for n in 0..1000 {
        world.fan.handle_input(restless, &subscribe("a", "now", &[&format!("x.{n}")]), world.now);
        if n % 2 == 0 {
            world.fan.handle_input(restless, &unsubscribe, world.now);
        }
        world.drive(&mut sockets);
    }
    world.fan.handle_input(patient, &subscribe("b", "now", &[]), world.now);
    world.drive(&mut sockets);
    assert_eq!(world.questions.len(), MAX_ASKED + 1, "of a thousand");
    sockets[restless].got.clear();
    world.settle(&mut sockets);
    let mut producer = world.core.connect(None);
    world.send(&mut producer, &event(1));
    world.send(&mut producer, &event(2).replace("x.tick", "x.999"));
    world.settle(&mut sockets);
    let told = pieces(WEBSOCKET, &mut sockets[restless].got).concat();
    assert_eq!(told.matches("hub.hello").count(), 1, "only the last one is wanted: {told}");
    assert!(told.contains("x.999") && !told.contains("x.tick"), "{told}");
    assert!(pieces(WEBSOCKET, &mut sockets[patient].got).concat().contains("x.tick"));
}

#[test]
fn who_does_not_take_its_snapshot_makes_room_when_others_wait_for_it() {
    for form in [NDJSON, SSE, WEBSOCKET] {
        let (mut world, mut sockets) = (World::new(1 << 24), Vec::new());
        let mut producer = world.core.connect(None);
        for n in 1..=4000 {
            let unit = format!(r#","unit":"u{n}""#);
            world.send(
                &mut producer,
                &event(n).replace("x.tick", "unit.started").replace(r#","run""#, &(unit + r#","run""#)),
            );
        }
        world.round();
        let mut join = || world.join(&mut sockets, form, Some((all(), Since::Snapshot)));
        let [stalled, creeping, slow] = [join(), join(), join()];
        world.drive(&mut sockets);
        while world.answer() {
            world.drive(&mut sockets);
        }
        assert!(world.answered > 3 * (200 << 10), "{} bytes", world.answered);
        let pass = |world: &mut World, sockets: &mut Vec<Socket>, slice: usize| {
            world.pass(SWEEP);
            for (reader, room) in [(creeping, 1), (slow, slice)] {
                sockets[reader].room = room;
                world.fan.handle_writable(reader);
            }
            world.fan.handle_tick(world.now);
            world.drive(sockets);
        };
        for _ in 0..3 * STUCK.as_secs() {
            pass(&mut world, &mut sockets, 1 << 10);
        }
        assert!(sockets.iter().all(|socket| !socket.gone), "nobody needs the room");
        // From here on it reads.
        pass(&mut world, &mut sockets, 100 << 10);
        world.fan.set_pressed(true);
        pass(&mut world, &mut sockets, 100 << 10);
        let gone = [stalled, creeping, slow].map(|reader| sockets[reader].gone);
        assert_eq!(gone, [true, true, false]);
        world.settle(&mut sockets);
        assert!(pieces(form, &mut sockets[slow].got).concat().contains("\"u4000\""));
    }
}

#[test]
fn a_mistake_is_told_and_too_much_is_the_end() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = world.join(&mut sockets, WEBSOCKET, None);
    world.fan.handle_input(reader, &frame(1, "nonsense"), world.now);
    world.fan.handle_input(reader, &frame(9, "there?"), world.now);
    world.settle(&mut sockets);
    let got = std::mem::take(&mut sockets[reader].got);
    assert!(got.windows(9).any(|w| w == b"hub.error"), "{}", String::from_utf8_lossy(&got));
    assert!(got.ends_with(b"\x8a\x06there?"));
    world.fan.handle_input(reader, &frame(1, &"x".repeat(MESSAGE_BYTES + 1)), world.now);
    world.settle(&mut sockets);
    assert_eq!(sockets[reader].got[2..4], [0x03, 0xf1], "1009");
    assert!(sockets[reader].finished && !sockets[reader].gone);
    world.fan.handle_input(reader, b"", world.now);
    world.drive(&mut sockets);
    assert!(sockets[reader].gone, "it closed, too");
}

#[test]
fn s4_24_everybody_gets_what_is_there_and_a_goodbye() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let mut readers = Vec::new();
    for form in [NDJSON, SSE, WEBSOCKET] {
        readers.push(world.join(&mut sockets, form, Some((all(), Since::Now))));
    }
    let silent = world.join(&mut sockets, WEBSOCKET, None);
    world.settle(&mut sockets);
    for socket in &mut sockets {
        socket.room = 10;
    }
    let mut producer = world.core.connect(None);
    world.send(&mut producer, &event(1));
    world.round();
    world.drive(&mut sockets);
    world.fan.handle_closing(world.now);
    world.settle(&mut sockets);
    for reader in readers {
        let text = String::from_utf8_lossy(&sockets[reader].got).into_owned();
        let (event, bye) = (text.find("x.tick").unwrap(), text.find("hub.bye").unwrap());
        assert!(event < bye, "{text}");
    }
    assert!(String::from_utf8_lossy(&sockets[silent].got).contains("hub.bye"));
    assert!(sockets[0].gone && sockets[1].gone && sockets[2].finished && sockets[silent].finished);
}
