use std::collections::BTreeMap;

use choo_protocol::{Command, Payload};
use proptest::prelude::*;

use super::*;

/// A log in virtual time, with an orchestrator that takes commands.
struct World {
    log: CommandLog,
    now: Instant,
    wall: i64,
}

impl World {
    #[expect(clippy::disallowed_methods, reason = "an origin; nothing is measured")]
    fn new() -> Self {
        let mut world = World { log: CommandLog::new(), now: Instant::now(), wall: 1000 };
        world.log.handle_taker();
        world
    }

    fn pass(&mut self, secs: u32) {
        self.now += Duration::from_secs(secs.into());
        self.wall += i64::from(secs);
    }

    /// A command comes; says what is answered at once.
    fn request(&mut self, id: &str, expires: Option<i64>) -> Vec<String> {
        let mut request = pause(id);
        request.expires = expires.map(|secs| Timestamp::from_unix(secs, 0));
        self.hear(Request::Whole(Box::new(request)))
    }

    fn hear(&mut self, request: Request) -> Vec<String> {
        self.log.handle_request(request, self.present());
        self.answers()
    }

    fn present(&self) -> Present {
        Present { now: self.now, wall: Timestamp::from_unix(self.wall, 0) }
    }

    /// Whether the orchestrator has it in its hands.
    fn holds(&self, id: u8) -> bool {
        let entry = self.log.entries.get(&id.to_string());
        entry.is_some_and(|entry| matches!(entry.outcome, Outcome::Taken | Outcome::Accepted))
    }

    /// The id of the next command that the orchestrator is handed.
    fn take(&mut self) -> Option<String> {
        self.log.poll_command(self.present()).map(|request| request.id)
    }

    fn answers(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.log.poll_answer()).map(|event| short(&event)).collect()
    }
}

fn pause(id: &str) -> CmdRequest {
    serde_json::from_str(&format!(r#"{{"id":"{id}","cmd":"pause"}}"#)).unwrap()
}

/// `rejected c1 expired`, `done c1: it broke`.
fn short(event: &Event) -> String {
    let text = match &event.payload {
        Some(Payload::CmdAccepted(payload)) => format!("accepted {}", payload.id),
        Some(Payload::CmdRejected(payload)) => format!("rejected {} {}", payload.id, payload.reason),
        Some(Payload::CmdDone(payload)) => format!("done {}", payload.id),
        other => panic!("{other:?}"),
    };
    if event.error.is_empty() { text } else { format!("{text}: {}", event.error) }
}

#[test]
fn a_command_goes_its_way_once_and_a_repeat_hears_how_it_stands() {
    let mut world = World::new();
    assert!(world.request("c", None).is_empty());
    assert!(world.request("c", None).is_empty(), "it waits");
    assert_eq!(world.take().as_deref(), Some("c"));
    assert!(world.request("c", None).is_empty(), "nothing has been said");
    assert_eq!(world.take(), None);
    world.log.handle_accept("c");
    assert_eq!(world.answers(), ["accepted c"]);
    assert_eq!(world.request("c", None), ["accepted c"]);
    world.log.handle_done("c", "it broke");
    assert_eq!(world.answers(), ["done c: it broke"]);
    assert_eq!(world.request("c", None), ["done c: it broke"]);
    // A final answer stays, whatever is said later.
    world.log.handle_reject("c", RejectReason::Conflict, "");
    world.log.handle_done("c", "");
    assert!(world.answers().is_empty());
    assert_eq!(world.take(), None);
}

#[test]
fn without_a_taker_everything_is_rejected_at_once() {
    let mut world = World::new();
    world.request("waits", None);
    world.log.handle_taker();
    world.log.handle_taker_gone();
    assert!(world.answers().is_empty(), "one is left");
    world.log.handle_taker_gone();
    let words = "disabled: the orchestrator takes no commands";
    assert_eq!(world.answers(), [format!("rejected waits {words}")]);
    assert_eq!(world.request("late", None), [format!("rejected late {words}")]);
    world.log.handle_taker();
    assert_eq!(world.request("late", None), [format!("rejected late {words}")], "the same answer again");
    assert!(world.request("new", None).is_empty());
    assert_eq!(world.take().as_deref(), Some("new"));
}

#[test]
fn what_comes_or_is_taken_after_its_time_is_rejected() {
    let mut world = World::new();
    assert_eq!(world.request("late", Some(999)), ["rejected late expired"]);
    assert!(world.request("just", Some(1000)).is_empty());
    assert!(world.request("slow", Some(1010)).is_empty());
    assert_eq!(world.take().as_deref(), Some("just"));
    world.pass(11);
    assert_eq!(world.take(), None);
    assert_eq!(world.answers(), ["rejected slow expired"]);
}

#[test]
fn conditions_nobody_knows_and_requests_nobody_can_read_are_rejected() {
    let mut world = World::new();
    let unknown: CmdRequest =
        serde_json::from_str(r#"{"id":"c","cmd":"pause","if":{"moon":"full","status":["running"]}}"#)
            .unwrap();
    let answer = world.hear(Request::Whole(Box::new(unknown)));
    assert_eq!(answer, ["rejected c unsupported: unknown conditions: moon"]);
    let bad = Request::Bad { id: "b".into(), error: "missing cmd".into() };
    assert_eq!(world.hear(bad.clone()), ["rejected b unsupported: missing cmd"]);
    assert_eq!(world.hear(bad), ["rejected b unsupported: missing cmd"]);
    assert_eq!(world.take(), None);
}

#[test]
fn beyond_the_bound_commands_are_rejected_as_busy() {
    let mut world = World::new();
    for n in 0..WAITING {
        assert!(world.request(&n.to_string(), None).is_empty());
    }
    let words = "busy: too many commands are waiting already";
    assert_eq!(world.request("more", None), [format!("rejected more {words}")]);
    assert_eq!(world.take().as_deref(), Some("0"));
    assert!(world.request("again", None).is_empty());
}

#[test]
fn what_was_executed_is_remembered_for_its_time_and_what_was_not_gives_way() {
    let mut world = World::new();
    world.log.remembered = 2;
    let executed = |world: &mut World, id: &str, expires: Option<i64>| {
        assert!(world.request(id, expires).is_empty(), "{id}");
        assert_eq!(world.take().as_deref(), Some(id));
        world.log.handle_done(id, "");
        world.answers();
    };
    executed(&mut world, "a", None);
    assert_eq!(world.request("x", Some(1)), ["rejected x expired"]);
    executed(&mut world, "b", Some(1000 + 7200));
    // Neither may be forgotten yet.
    let busy = "rejected c busy: too many commands are remembered already";
    assert_eq!(world.request("c", None), [busy]);
    assert_eq!(world.request("a", None), ["done a"]);
    world.pass(3601);
    executed(&mut world, "c", None);
    assert_eq!(world.request("d", None), ["rejected d busy: too many commands are remembered already"]);
    world.pass(3600);
    executed(&mut world, "d", None);
    // The clock is set back: what was forgotten is not executed again.
    world.wall = 1000;
    assert_eq!(world.request("b", Some(1000 + 7200)), ["rejected b expired"]);
}

#[test]
fn a_close_answers_what_is_open() {
    let mut world = World::new();
    for id in ["done", "accepted", "taken"] {
        world.request(id, None);
        world.take();
    }
    world.request("waiting", None);
    world.log.handle_accept("accepted");
    world.log.handle_done("done", "");
    world.answers();
    world.log.handle_close();
    assert_eq!(
        world.answers(),
        [
            "done accepted: the orchestrator ended before it was done",
            "rejected taken conflict: the orchestrator is ending",
            "rejected waiting conflict: the orchestrator is ending",
        ]
    );
    world.log.handle_close();
    world.log.handle_done("accepted", "");
    assert!(world.answers().is_empty() && world.log.is_closed());
    assert_eq!(world.take(), None);
}

#[test]
fn long_errors_are_cut() {
    let mut world = World::new();
    world.request("c", None);
    world.take();
    world.log.handle_done("c", &"é".repeat(2000));
    assert_eq!(world.answers(), [format!("done c: {}", "é".repeat(512))]);
}

#[test]
fn the_request_comes_through_unchanged() {
    let mut world = World::new();
    let request: CmdRequest =
        serde_json::from_str(r#"{"id":"c","cmd":"x.deploy","args":{"unit":"a","to":"moon"},"by":"ann"}"#)
            .unwrap();
    world.hear(Request::Whole(Box::new(request.clone())));
    let taken = world.log.poll_command(world.present()).unwrap();
    assert_eq!(*taken, request);
    assert_eq!(taken.cmd, Command::Other("x.deploy".to_owned()));
}

/// What may happen.
#[derive(Clone, Debug)]
enum Act {
    /// A request with one of few ids, which expires so many seconds from the beginning.
    Request(u8, Option<u16>),
    Take,
    Accept(u8),
    Reject(u8),
    Done(u8),
    Pass(u16),
    /// The wall clock alone is set.
    SetWall(u16),
    TakerGone,
    TakerComes,
}

fn act() -> impl Strategy<Value = Act> {
    let id = 0..8_u8;
    prop_oneof![
        6 => (id.clone(), proptest::option::of(0..8000_u16)).prop_map(|(id, at)| Act::Request(id, at)),
        4 => Just(Act::Take),
        2 => id.clone().prop_map(Act::Accept),
        1 => id.clone().prop_map(Act::Reject),
        2 => id.prop_map(Act::Done),
        2 => (0..3000_u16).prop_map(Act::Pass),
        1 => (0..8000_u16).prop_map(Act::SetWall),
        1 => Just(Act::TakerGone),
        1 => Just(Act::TakerComes),
    ]
}

proptest! {
    /// Each id always comes with the same expiry, as a command that is sent again does. What has one is
    /// handed out at most once for ever, the rest at most once an hour; every request is answered, waits
    /// or is in the orchestrator's hands; a final answer never changes; memory is bounded.
    #[test]
    fn at_most_once_whatever_happens(acts in prop::collection::vec(act(), 1..200)) {
        let mut world = World::new();
        world.log.remembered = 4;
        let mut takers = 1;
        let mut expiries: BTreeMap<u8, Option<i64>> = BTreeMap::new();
        let mut handed: BTreeMap<String, Instant> = BTreeMap::new();
        for act in acts {
            match act {
                Act::Request(id, expires) => {
                    let expires = *expiries.entry(id).or_insert(expires.map(i64::from));
                    let id = id.to_string();
                    let known = world.log.entries.get(&id).map(|entry| entry.outcome.clone());
                    let answers = world.request(&id, expires);
                    prop_assert!(answers.len() <= 1);
                    if let Some(known) = known {
                        let same: Vec<String> = known.answer(&id).iter().map(short).collect();
                        prop_assert_eq!(answers, same);
                    } else if answers.is_empty() {
                        prop_assert!(world.log.waiting.iter().any(|request| request.id == id));
                    } else {
                        prop_assert!(answers[0].starts_with(&format!("rejected {id}")), "{answers:?}");
                    }
                }
                Act::Take => {
                    if let Some(id) = world.take() {
                        let number: u8 = id.parse().unwrap();
                        let before = handed.insert(id, world.now);
                        let hour_ago = before.is_some_and(|at| world.now - at > REMEMBERED_FOR);
                        prop_assert!(before.is_none() || (hour_ago && expiries[&number].is_none()));
                    }
                }
                Act::Accept(id) | Act::Reject(id) | Act::Done(id) if !world.holds(id) => {}
                Act::Accept(id) => world.log.handle_accept(&id.to_string()),
                Act::Reject(id) => world.log.handle_reject(&id.to_string(), RejectReason::Conflict, ""),
                Act::Done(id) => world.log.handle_done(&id.to_string(), ""),
                Act::Pass(secs) => world.pass(secs.into()),
                Act::SetWall(secs) => world.wall = secs.into(),
                Act::TakerGone if takers > 0 => {
                    takers -= 1;
                    world.log.handle_taker_gone();
                }
                Act::TakerGone => {}
                Act::TakerComes => {
                    takers += 1;
                    world.log.handle_taker();
                }
            }
            world.answers();
            prop_assert!(world.log.entries.len() <= 4 && world.log.order.len() == world.log.entries.len());
        }
    }
}
