//! Readers of one task's output, of every speed, against the list of what it wrote.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::form::{Form, ServerEvent, ServerEvents};
use super::world::{Socket, World};
use crate::core::{Ends, Part, Process, Selection, Since};
use crate::encoding::{END_MARK, Encoding, Framing};

const OUTPUT: Form = Form(Encoding::Process, Framing::Plain);

/// A client of the stream, as `EventSource` is one.
#[derive(Default)]
struct Follower {
    /// None once its connection is gone.
    reader: Option<usize>,
    last_event_id: Option<String>,
    lines: Vec<String>,
    events: ServerEvents,
    ends: usize,
    gaps: usize,
}

impl Follower {
    fn connect(&mut self, world: &mut World, sockets: &mut Vec<Socket>) {
        let process = Process::parse("r~u~1", Part::Logs).unwrap();
        let since = match &self.last_event_id {
            None => Since::Snapshot,
            Some(id) => Since::Cursor(id.trim_end_matches(END_MARK).parse().unwrap()),
        };
        self.events = ServerEvents::default();
        self.reader = Some(world.join(sockets, OUTPUT, Some((Selection::Process(process), since))));
    }

    fn take(&mut self, sockets: &mut [Socket]) {
        let Some(reader) = self.reader else { return };
        let socket = &mut sockets[reader];
        if socket.gone {
            self.reader = None;
        }
        for event in self.events.take(OUTPUT, &mut socket.got) {
            self.dispatch(event);
        }
    }

    fn dispatch(&mut self, event: ServerEvent) {
        let ServerEvent { id, name, data } = event;
        let data: Value = serde_json::from_str(&data.unwrap()).unwrap();
        match name.as_deref() {
            None => {
                assert_eq!((&data["type"], data["timestamp"].is_string()), (&json!("stdout"), true));
                assert!(id.is_some(), "S4-B05: each line of output has an id");
                self.lines.push(data["content"].as_str().unwrap().to_owned());
            }
            Some("end") => {
                self.ends += 1;
                assert!(id.as_ref().is_some_and(|id| id.ends_with(END_MARK)));
            }
            Some("gap") => self.gaps += 1,
            Some(name) => panic!("{name}"),
        }
        self.last_event_id = id.or(self.last_event_id.take());
    }
}

#[derive(Clone, Copy, Debug)]
enum Act {
    /// Lines of output of a task.
    Output(u8, u8),
    /// Another event of a task.
    Turn(&'static str, u8),
    Bye,
    Round,
    Take(usize, u16),
    Reconnect(usize),
    Join,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    const TURNS: [&str; 6] =
        ["task.started", "task.completed", "task.failed", "task.retry", "unit.queued", "unit.failed"];
    let act = prop_oneof![
        5 => (1..3_u8, 0..60_u8).prop_map(|(task, lines)| Act::Output(task, lines)),
        3 => (proptest::sample::select(&TURNS[..]), 1..3_u8).prop_map(|(kind, task)| Act::Turn(kind, task)),
        1 => Just(Act::Bye),
        4 => Just(Act::Round),
        4 => (0..4_usize, 0..3000_u16).prop_map(|(reader, room)| Act::Take(reader, room)),
        3 => (0..4_usize).prop_map(Act::Reconnect),
        1 => Just(Act::Join),
    ];
    proptest::collection::vec(act, 1..100)
}

fn take_all(followers: &mut [Follower], sockets: &mut [Socket]) {
    for follower in followers {
        follower.take(sockets);
    }
}

/// What the task wrote, and its readers when they have all of it.
fn play(acts: &[Act], history: usize) -> (Vec<String>, Vec<Follower>, bool) {
    let mut world = World::new(history);
    let mut producer = world.core.connect(Some(7));
    let (mut sockets, mut followers, mut written) = (Vec::new(), Vec::<Follower>::new(), Vec::new());
    let mut seq = 1;
    world.send(&mut producer, r#"{"type":"orch.started","run":"r","seq":1}"#);
    for act in acts {
        match *act {
            Act::Output(task, lines) => {
                for _ in 0..lines {
                    seq += 1;
                    let content = format!("line {seq}");
                    let line = json!({"type": "log.stdout", "run": "r", "unit": "u", "task": task, "seq": seq, "payload": {"content": content}});
                    world.send(&mut producer, &line.to_string());
                    written.extend((task == 1).then_some(content));
                }
            }
            Act::Turn(kind, task) => {
                seq += 1;
                let line = json!({"type": kind, "run": "r", "unit": "u", "task": task, "seq": seq});
                world.send(&mut producer, &line.to_string());
            }
            Act::Bye => {
                let bye = json!({"type": "link.bye", "run": "r", "payload": {"last": seq}});
                world.send(&mut producer, &bye.to_string());
            }
            Act::Round => {
                world.round();
                world.drive(&mut sockets);
                world.answer();
            }
            Act::Take(n, room) => {
                if let Some(reader) = followers.get(n).and_then(|follower| follower.reader) {
                    sockets[reader].room += usize::from(room);
                    world.fan.handle_writable(reader);
                }
            }
            Act::Reconnect(n) => {
                if let Some(follower) = followers.get_mut(n) {
                    if let Some(reader) = follower.reader {
                        world.fan.handle_gone(reader);
                        world.drive(&mut sockets);
                    }
                    follower.connect(&mut world, &mut sockets);
                }
            }
            Act::Join if followers.len() < 4 => {
                let mut follower = Follower::default();
                follower.connect(&mut world, &mut sockets);
                followers.push(follower);
            }
            Act::Join => {}
        }
        world.drive(&mut sockets);
        assert!(world.fan.held() < 1 << 20);
        take_all(&mut followers, &mut sockets);
    }
    // Who was told of an end comes back once more: it may have gone on.
    for _ in 0..2 {
        world.settle(&mut sockets);
        take_all(&mut followers, &mut sockets);
        for follower in followers.iter_mut().filter(|follower| follower.reader.is_none()) {
            follower.connect(&mut world, &mut sockets);
        }
    }
    world.settle(&mut sockets);
    take_all(&mut followers, &mut sockets);
    let process = Process::parse("r~u~1", Part::Logs).unwrap();
    let ended = Ends::of(&world.core, &process).outcome().is_some();
    if ended {
        let last = world.core.history().last();
        assert!(process.is_past_end(&world.core, last));
    }
    (written, followers, ended)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// History first, then live: nothing twice, nothing missing, in order, whatever the reader's speed and
    /// however often it comes back; and an end when there is one.
    #[test]
    fn s4_b01_s4_b02_output_comes_whole_and_once(acts in acts()) {
        let (written, followers, ended) = play(&acts, 1 << 20);
        for follower in &followers {
            assert_eq!((&follower.lines, follower.gaps), (&written, 0));
            assert!(!ended || follower.ends > 0, "S4-B11: told of the end");
        }
    }

    /// Where memory was not enough a gap stands.
    #[test]
    fn s4_b04_output_that_is_gone_is_told(acts in acts(), history in 12..15_u32) {
        let (written, followers, ended) = play(&acts, 1 << history);
        for follower in &followers {
            let mut rest = written.iter();
            assert!(follower.lines.iter().all(|line| rest.any(|known| known == line)), "in order, once");
            assert!(follower.gaps > 0 || follower.lines == written);
            assert!(!ended || follower.ends > 0);
        }
    }
}

#[test]
fn s4_b11_the_end_comes_as_soon_as_the_task_has_ended() {
    let acts = [
        Act::Turn("task.started", 1),
        Act::Join,
        Act::Take(0, u16::MAX),
        Act::Output(1, 200),
        Act::Round,
        Act::Turn("task.completed", 2),
        Act::Round,
    ];
    let (written, followers, ended) = play(&acts, 1 << 20);
    assert_eq!((written.len(), followers[0].lines.len(), followers[0].ends, ended), (200, 200, 0, false));
    let acts = [&acts[..], &[Act::Turn("task.completed", 1), Act::Round]].concat();
    let (_, followers, ended) = play(&acts, 1 << 20);
    assert!(ended && followers[0].ends > 0);
}
