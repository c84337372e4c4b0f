//! What a pusher is told: what the hub has, and what it has stored.

use super::*;

const HELLO: &str = r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":9},"run":"r"}"#;

fn lost(from: u64, to: u64, count: u64) -> String {
    format!(
        r#"{{"type":"link.lost","payload":{{"from":{from},"to":{to},"count":{count},"reason":"overflow"}},"run":"r"}}"#
    )
}

fn bye(last: u64) -> String {
    format!(r#"{{"type":"link.bye","payload":{{"last":{last}}},"run":"r"}}"#)
}

impl World {
    /// What the producer is told now, if anything.
    fn reply(&self, producer: &mut Ingest) -> Option<Value> {
        match producer.poll_reply(&self.core, self.now) {
            Reply::Say(line) => {
                assert_eq!(line.last(), Some(&b'\n'));
                assert!(Line::parse(line.trim_ascii_end(), &Limits::default()).is_ok());
                Some(json_of(&line))
            }
            Reply::At(_) | Reply::Nothing => None,
            Reply::Command => panic!("nobody wants anything"),
        }
    }

    /// The number that the producer is told of as stored.
    fn ack(&self, producer: &mut Ingest) -> Option<u64> {
        let reply = self.reply(producer)?;
        assert_eq!((&reply["type"], &reply["payload"]["run"]), (&"link.ack".into(), &"r".into()));
        reply["payload"]["seq"].as_u64()
    }

    fn send_events(&mut self, producer: &mut Ingest, seqs: std::ops::RangeInclusive<u64>) {
        for seq in seqs {
            self.send(producer, &[&event("unit.started", "r", seq)]);
        }
    }
}

#[test]
fn a_hello_is_answered_by_what_the_hub_has() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[HELLO]);
    let welcome = world.reply(&mut producer).unwrap();
    assert_eq!(welcome["type"], "link.welcome");
    let epoch = world.core.epoch().to_string();
    assert_eq!(welcome["payload"], serde_json::json!({"proto": 1, "epoch": epoch, "have": {}}));
    assert_eq!(world.reply(&mut producer), None);
    assert!(world.core.runs().newest().is_none(), "a greeting makes no run");
    world.send_events(&mut producer, 1..=7);
    world.end(producer);

    let mut again = world.core.connect(Some(1));
    world.send(&mut again, &[HELLO]);
    assert_eq!(world.reply(&mut again).unwrap()["payload"]["have"], serde_json::json!({"r": 7}));
    assert!(world.core.runs().get("r").unwrap().connected());
}

#[test]
fn a_ping_is_answered_at_once_and_a_flood_of_them_by_the_latest() {
    const PING: &str = r#"{"type":"link.ping","payload":{"id":"1"}}"#;
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[HELLO, PING, r#"{"type":"link.ping","payload":{"id":"2"}}"#]);
    assert_eq!(world.reply(&mut producer).unwrap()["type"], "link.welcome");
    let pong = world.reply(&mut producer).unwrap();
    assert_eq!((&pong["type"], &pong["payload"]["id"]), (&"link.pong".into(), &"2".into()));
    assert_eq!(world.reply(&mut producer), None);
    let mut silent = world.core.connect(Some(2));
    world.send(&mut silent, &[PING]);
    assert_eq!(world.reply(&mut silent), None, "it has not said that it listens");
}

#[test]
fn who_says_no_hello_is_told_nothing() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[STARTED]);
    world.send_events(&mut producer, 1..=7);
    world.send(&mut producer, &[r#"{"type":"link.hello","payload":{"run":"two words"}}"#, &bye(7)]);
    assert_eq!(producer.poll_reply(&world.core, world.now), Reply::Nothing);
}

#[test]
fn what_the_history_took_is_acknowledged_now_and_then() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[HELLO]);
    world.reply(&mut producer);
    world.send_events(&mut producer, 1..=3);
    assert_eq!(world.ack(&mut producer), Some(3), "at once after a pause");
    world.send_events(&mut producer, 4..=5);
    let soon = world.now.at + Duration::from_millis(10);
    assert_eq!(producer.poll_reply(&world.core, world.now), Reply::At(soon));
    world.send_events(&mut producer, 6..=6);
    world.pass(Duration::from_millis(10));
    assert_eq!(world.ack(&mut producer), Some(6), "the latest counts");
    world.send_events(&mut producer, 2..=6);
    world.pass(Duration::from_millis(10));
    assert_eq!(world.ack(&mut producer), None, "repeats are nothing new");
    world.send(&mut producer, &[&lost(7, 9, 3)]);
    assert_eq!(world.ack(&mut producer), Some(9), "announced losses count as had");
    world.send_events(&mut producer, 10..=10);
    world.send(&mut producer, &[&bye(10)]);
    assert_eq!(world.ack(&mut producer), Some(10), "at the end at once: somebody may be waiting");
}

#[test]
fn a_pusher_that_comes_back_repeats_nothing_in_the_history() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[HELLO]);
    world.send_events(&mut producer, 1..=4);
    world.send(&mut producer, &[&lost(5, 6, 2)]);
    world.end(producer);
    let mut again = world.core.connect(Some(1));
    world.send(&mut again, &[HELLO]);
    world.send_events(&mut again, 3..=4);
    world.send(&mut again, &[&lost(5, 6, 2)]);
    world.send_events(&mut again, 7..=8);
    let seqs: Vec<u64> = world.lines().iter().filter_map(|line| line["seq"].as_u64()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 7, 8]);
    let losses: Vec<_> = world.lines().into_iter().filter(|line| line["type"] == "link.lost").collect();
    assert_eq!((losses.len(), world.run("r").loss.count), (1, 2));
}

#[test]
fn s0_b15_what_is_missing_at_the_very_end_is_told_as_well() {
    let mut world = World::new();
    let mut producer = world.core.connect(Some(1));
    world.send(&mut producer, &[HELLO]);
    world.reply(&mut producer);
    world.send_events(&mut producer, 1..=4);
    world.send(&mut producer, &[r#"{"type":"two words","run":"r","seq":5}"#, &bye(5)]);
    assert_eq!(world.ack(&mut producer), Some(5), "nobody waits for a line that is none");
    let lines = world.lines();
    let missing = lines.iter().find(|line| line["type"] == "link.lost").unwrap();
    assert_eq!((&missing["payload"]["from"], &missing["payload"]["to"]), (&5.into(), &5.into()));
    assert_eq!(missing["payload"]["reason"], "unannounced");
}
