//! Commands from those who want something to the producer, and what is told of them.

use choo_protocol::Command;

use super::super::commands::{GOOD_FOR, OPEN_PER_RUN};
use super::super::{Refusal, Wish};
use super::*;

const HELLO: &str = r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":9},"run":"r"}"#;
const BYE: &str = r#"{"type":"link.bye","payload":{"last":0},"run":"r"}"#;

fn wish(cmd: &str, key: &str) -> Wish {
    Wish {
        cmd: Command::from(cmd),
        args: serde_json::from_str(r#"{"unit":"a"}"#).unwrap(),
        condition: None,
        by: "token".to_owned(),
        key: (!key.is_empty()).then(|| key.to_owned()),
    }
}

fn answer(kind: &str, id: &str, seq: u64) -> String {
    format!(r#"{{"type":"{kind}","payload":{{"id":"{id}","reason":"conflict"}},"run":"r","seq":{seq}}}"#)
}

impl World {
    /// A pusher of the run `r` that has said hello and been welcomed.
    fn pusher(&mut self, pid: Option<u32>) -> Ingest {
        let mut producer = self.core.connect(pid);
        self.send(&mut producer, &[HELLO]);
        assert!(matches!(producer.poll_reply(&self.core, self.now), Reply::Say(_)), "a welcome");
        producer
    }

    fn ask(&mut self, cmd: &str, key: &str) -> Result<String, Refusal> {
        self.core.ask("r", wish(cmd, key), self.now).map(|asked| asked.id)
    }

    /// The ids of the commands that the producer is told now.
    fn told(&mut self, producer: &mut Ingest) -> Vec<String> {
        let mut ids = Vec::new();
        while producer.poll_reply(&self.core, self.now) == Reply::Command {
            let line = producer.take_command(&mut self.core).unwrap();
            assert_eq!(line.last(), Some(&b'\n'));
            let line = json_of(&line);
            assert_eq!((&line["type"], &line["run"]), (&"cmd.request".into(), &"r".into()));
            ids.push(line["payload"]["id"].as_str().unwrap().to_owned());
        }
        ids
    }

    /// What the record says of commands: `request ID`, `rejected ID reason`.
    fn audit(&self) -> Vec<String> {
        let of = |line: &Value| {
            let kind = line["type"].as_str()?.strip_prefix("cmd.")?;
            let (id, reason) = (line["payload"]["id"].as_str()?, line["payload"]["reason"].as_str());
            let reason = reason.map(|reason| format!(" {reason}")).unwrap_or_default();
            Some(format!("{kind} {id}{reason}"))
        };
        self.lines().iter().filter_map(of).collect()
    }
}

/// A run whose pusher is there.
fn begun() -> (World, Ingest) {
    let mut world = World::new();
    let mut producer = world.pusher(Some(1));
    world.send(&mut producer, &[&event("unit.started", "r", 1)]);
    (world, producer)
}

#[test]
fn s0_79_a_command_is_told_once_and_all_of_it_is_on_record() {
    let (mut world, mut producer) = begun();
    let id = world.ask("cancel", "k").unwrap();
    let line = world.lines().pop().unwrap();
    let payload = &line["payload"];
    assert_eq!((&line["type"], &line["run"], line.get("seq")), (&"cmd.request".into(), &"r".into(), None));
    assert_eq!(
        *payload,
        serde_json::json!({
            "id": id, "cmd": "cancel", "args": {"unit": "a"}, "by": "token", "expires": "2025-01-18T10:30:30Z",
        })
    );
    assert_eq!(world.told(&mut producer), [&*id]);
    assert_eq!(world.told(&mut producer), [""; 0]);
    for (kind, seq) in [("cmd.accepted", 2), ("cmd.done", 3)] {
        world.send(&mut producer, &[&answer(kind, &id, seq)]);
    }
    assert_eq!(world.core.commands().open(), 0);
    world.pass(GOOD_FOR);
    let all = [format!("request {id}"), format!("accepted {id} conflict"), format!("done {id} conflict")];
    assert_eq!(world.audit(), all);
}

#[test]
fn the_same_key_is_the_same_command_also_for_the_next_hub() {
    let (mut world, mut producer) = begun();
    let id = world.ask("cancel", "k").unwrap();
    assert_eq!(world.told(&mut producer), [&*id]);
    assert_eq!(world.ask("cancel", "k"), Ok(id.clone()));
    assert_eq!(world.ask("retry", "k"), Err(Refusal::KeyReused));
    assert_eq!(world.told(&mut producer), [""; 0]);
    assert_eq!(world.audit().len(), 1);
    world.send(&mut producer, &[&answer("cmd.done", &id, 2)]);
    world.end(producer);
    assert_eq!(world.ask("cancel", "k"), Ok(id.clone()), "whoever is there");
    assert_ne!(world.pusher(Some(1)).poll_reply(&world.core, world.now), Reply::Command);
    assert_ne!(world.ask("cancel", "l").unwrap(), id);
    let (one, two) = (world.ask("cancel", "").unwrap(), world.ask("cancel", "").unwrap());
    assert_ne!(one, two, "without a key each is a new one");

    let (mut next, _producer) = begun();
    assert_eq!(next.ask("cancel", "k"), Ok(id.clone()));
    world.pass(Duration::from_hours(1));
    assert_eq!(world.ask("retry", "k"), Ok(id), "it is forgotten here, and known to the pusher");
}

#[test]
fn without_somebody_to_tell_it_is_refused_at_once() {
    let mut world = World::new();
    assert_eq!(world.ask("pause", "k"), Err(Refusal::UnknownRun));
    let mut plain = world.core.connect(Some(1));
    world.send(&mut plain, &[&event("unit.started", "r", 1)]);
    assert_eq!(world.ask("pause", "k"), Err(Refusal::NoProducer), "it has not said that it listens");
    let mut pusher = world.pusher(Some(2));
    world.ask("pause", "k").unwrap();
    pusher.handle_deaf(&mut world.core);
    assert_eq!(world.ask("pause", "l"), Err(Refusal::NoProducer));
    let mut pusher = world.pusher(Some(2));
    world.ask("pause", "m").unwrap();
    world.send(&mut pusher, &[BYE]);
    assert_eq!(world.ask("pause", "n"), Err(Refusal::NoProducer), "it is closing");
    let before = world.lines().len();
    world.pusher(Some(2));
    assert_eq!(world.ask("pause", "n"), Err(Refusal::NoProducer), "nothing comes behind hub.end");
    assert_eq!(world.lines().len(), before);
}

#[test]
fn a_pusher_that_comes_back_is_told_again_and_another_process_only_what_nobody_was_told() {
    let (mut world, mut first) = begun();
    let told = world.ask("cancel", "told").unwrap();
    let answered = world.ask("cancel", "answered").unwrap();
    assert_eq!(world.told(&mut first), [&*told, &*answered]);
    world.send(&mut first, &[&answer("cmd.accepted", &answered, 2)]);
    let fresh = world.ask("cancel", "fresh").unwrap();
    world.end(first);
    let mut again = world.pusher(Some(1));
    assert_eq!(world.told(&mut again), [&*told, &*fresh]);
    let new = world.ask("cancel", "new").unwrap();
    world.end(again);
    let mut other = world.pusher(Some(2));
    assert_eq!(world.told(&mut other), [&*new]);
    world.end(other);
    let mut unknown = world.pusher(None);
    assert_eq!(world.told(&mut unknown), [""; 0], "it may be any process");
    world.end(unknown);
    let mut again = world.pusher(Some(1));
    assert_eq!(world.told(&mut again), [&*told, &*fresh]);
}

#[test]
fn what_came_too_late_for_anybody_is_told_as_rejected() {
    let (mut world, mut producer) = begun();
    let slow = world.ask("cancel", "slow").unwrap();
    assert_eq!(world.told(&mut producer), [&*slow]);
    let unread = world.ask("cancel", "unread").unwrap();
    world.pass(GOOD_FOR.checked_sub(Duration::from_millis(1)).unwrap());
    assert_eq!(world.core.commands().open(), 2);
    world.pass(Duration::from_millis(1));
    let rejected = format!("rejected {unread} expired");
    assert_eq!(world.audit()[2..], [&*rejected], "the orchestrator itself will speak of the other");
    assert_eq!(world.told(&mut producer), [""; 0]);

    let gone = world.ask("cancel", "gone").unwrap();
    assert_eq!(world.told(&mut producer), [&*gone]);
    world.end(producer);
    assert_eq!(world.core.deadline(), Some(world.now.at + GOOD_FOR));
    world.pass(GOOD_FOR);
    assert_eq!(world.audit()[4..], [format!("rejected {gone} unanswered")]);
    assert_eq!(world.kinds().last().unwrap(), "state:Stale", "behind it");
}

#[test]
fn what_is_open_when_a_run_ends_is_told_before_its_end() {
    let ended = "orch.completed";
    for goodbye in [true, false] {
        let (mut world, mut producer) = begun();
        let told = world.ask("cancel", "told").unwrap();
        world.told(&mut producer);
        let untold = world.ask("cancel", "untold").unwrap();
        world.send(&mut producer, &[&event(ended, "r", 2)]);
        if goodbye {
            world.send(&mut producer, &[BYE]);
        }
        world.end(producer);
        let reason = if goodbye { "no_producer" } else { "unanswered" };
        let expected = [format!("rejected {told} {reason}"), format!("rejected {untold} no_producer")];
        assert_eq!(world.audit()[2..], expected);
        assert_eq!(world.kinds().last().unwrap(), "hub.end");
        world.pass(GOOD_FOR);
        assert_eq!(world.audit().len(), 4, "once");
    }
}

#[test]
fn a_producer_that_does_not_read_costs_a_bounded_number() {
    let (mut world, mut producer) = begun();
    let ids: Vec<String> = (0..OPEN_PER_RUN).map(|_| world.ask("pause", "").unwrap()).collect();
    assert_eq!(world.ask("pause", ""), Err(Refusal::Busy));
    assert_eq!(world.ask("pause", "k"), Err(Refusal::Busy));
    assert_eq!(world.told(&mut producer), ids, "in their order");
    world.send(&mut producer, &[&answer("cmd.rejected", &ids[7], 2)]);
    world.ask("pause", "k").unwrap();
    assert_eq!(world.ask("pause", ""), Err(Refusal::Busy));
    world.pass(GOOD_FOR);
    world.ask("pause", "").unwrap();
}

#[test]
fn what_makes_no_good_line_is_refused() {
    let (mut world, _producer) = begun();
    let mut with = |args: String| {
        let args = serde_json::from_str(&args).unwrap();
        world.core.ask("r", Wish { args, ..wish("x.own", "k") }, world.now)
    };
    assert!(matches!(with(format!(r#"{{"reason":"{}"}}"#, "x".repeat(16 << 10))), Err(Refusal::TooLong(_))));
    let deep = with(format!(r#"{{"n":{}{}}}"#, "[".repeat(70), "]".repeat(70)));
    assert!(matches!(deep, Err(Refusal::BadLine(_))), "{deep:?}");
    assert!(with(format!(r#"{{"reason":"{}"}}"#, "x".repeat(15 << 10))).is_ok(), "the key was not used");
}
