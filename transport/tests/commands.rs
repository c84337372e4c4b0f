//! Commands over real sockets, from a hub's hands to an orchestrator's and back.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod hub;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use choo_protocol::{CmdRejected, Event, RejectReason, RunState, WireEvent, kind};
use choo_transport::{Commands, EventBus, SocketPusher};
use futures_lite::StreamExt as _;
use hub::{Connection, Hub, WATCHDOG};

fn start(hub: &Hub, bus: &EventBus) -> SocketPusher {
    SocketPusher::builder()
        .socket(&hub.path)
        .run("r".parse().unwrap())
        .backoff(Duration::from_millis(1), Duration::from_millis(20))
        .start(bus)
        .unwrap()
}

fn request(id: &str, cmd: &str) -> String {
    format!(r#"{{"type":"cmd.request","run":"r","payload":{{"id":"{id}","cmd":"{cmd}","by":"ann"}}}}"#)
}

/// `cmd.rejected c1 disabled`.
fn answer(connection: &mut Connection) -> String {
    // A peer that has not said what it has is told the state anew over each connection.
    let mut lines = std::iter::repeat_with(|| connection.next_line().unwrap());
    let line = lines.find(|line| line.kind.starts_with("cmd.")).unwrap();
    assert!(line.seq.is_some() && line.time.is_some(), "an event of the run");
    let payload = line.payload.unwrap();
    let reason = payload.get("reason").and_then(|reason| reason.as_str()).unwrap_or_default();
    format!("{} {} {reason}", line.kind, payload["id"].as_str().unwrap()).trim_end().to_owned()
}

/// A thread that executes everything and counts it.
fn execute(commands: Commands, executed: &Arc<AtomicUsize>) -> std::thread::JoinHandle<()> {
    let executed = Arc::clone(executed);
    let thread = std::thread::Builder::new().name("orchestrator".to_owned());
    let run = move || {
        while let Some(command) = commands.recv() {
            let running = command.accept();
            executed.fetch_add(1, Ordering::Relaxed);
            running.done(Ok::<(), String>(()));
        }
    };
    thread.spawn(run).unwrap()
}

#[test]
fn s0_79_a_command_is_executed_once_however_often_it_is_sent() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = start(&hub, &bus);
    let executed = Arc::default();
    let orchestrator = execute(pusher.commands(), &executed);
    let mut connection = hub.accept();
    connection.say(&request("c1", "pause"));
    assert_eq!([answer(&mut connection), answer(&mut connection)], ["cmd.accepted c1", "cmd.done c1"]);
    connection.say(&request("c1", "pause"));
    assert_eq!(answer(&mut connection), "cmd.done c1");
    drop(connection);
    // Over a new connection too. A peer that says what it has is not told again what it knows.
    let mut connection = hub.accept();
    connection.say(&request("c1", "pause"));
    connection.say(&request("c2", "resume"));
    let mut answers = Vec::new();
    while answers.last().is_none_or(|last| last != "cmd.done c2") {
        answers.push(answer(&mut connection));
    }
    assert!(answers.contains(&"cmd.done c1".to_owned()), "{answers:?}");
    assert_eq!(executed.load(Ordering::Relaxed), 2);
    drop(connection);
    pusher.close(Duration::ZERO);
    orchestrator.join().unwrap();
}

#[test]
fn commands_are_off_until_asked_for_and_after() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = start(&hub, &bus);
    let mut connection = hub.accept();
    connection.say(&request("before", "pause"));
    assert_eq!(answer(&mut connection), "cmd.rejected before disabled");
    let commands = pusher.commands();
    connection.say(&request("meanwhile", "pause"));
    let command = commands.recv_timeout(WATCHDOG).unwrap();
    assert_eq!((&*command.request().id, &*command.request().by), ("meanwhile", "ann"));
    drop(command);
    assert_eq!(answer(&mut connection), "cmd.rejected meanwhile unanswered");
    assert!(commands.recv_timeout(Duration::ZERO).is_none());
    drop(commands);
    connection.say(&request("after", "pause"));
    assert_eq!(answer(&mut connection), "cmd.rejected after disabled");
    pusher.close(Duration::ZERO);
}

#[test]
fn a_stream_gives_commands_to_any_executor_and_ends_with_the_pusher() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = start(&hub, &bus);
    let mut commands = pusher.commands();
    let mut connection = hub.accept();
    connection.say(&request("c1", "x.own"));
    smol::block_on(async {
        let command = commands.next().await.unwrap();
        command.reject_with(RejectReason::Unsupported, "no such thing");
    });
    let line = connection.next_line().unwrap();
    let rejected: CmdRejected = serde_json::from_value(line.payload.unwrap()).unwrap();
    assert_eq!((rejected.reason, &*line.error), (RejectReason::Unsupported, "no such thing"));
    // What is open when the pusher closes is answered before the end.
    for id in ["c2", "c3"] {
        connection.say(&request(id, "cancel"));
    }
    let running = smol::block_on(commands.next()).unwrap().accept();
    assert_eq!(answer(&mut connection), "cmd.accepted c2");
    let held = smol::block_on(commands.next()).unwrap();
    let closing = std::thread::scope(|scope| {
        let closing = scope.spawn(|| pusher.close(WATCHDOG));
        assert_eq!(answer(&mut connection), "cmd.done c2");
        assert_eq!(answer(&mut connection), "cmd.rejected c3 conflict");
        assert_eq!(connection.next_line().unwrap().kind, kind::LINK_BYE);
        drop(connection);
        closing.join().unwrap()
    });
    assert_eq!(closing.unsent, 0);
    assert!(smol::block_on(commands.next()).is_none());
    running.done(Err("too late to tell"));
    drop(held);
}

#[test]
fn conditions_are_checked_against_what_the_orchestrator_knows() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = start(&hub, &bus);
    let commands = pusher.commands();
    let mut connection = hub.accept();
    bus.emit(Event::unit_failed("app", "exit status 1"));
    let failed = connection.next_line().unwrap();
    let mut state = RunState::new("r".parse().unwrap());
    apply(&mut state, &failed);
    for (id, status) in [("c1", "failed"), ("c2", "complete")] {
        let line = format!(
            r#"{{"type":"cmd.request","payload":{{"id":"{id}","cmd":"retry","args":{{"unit":"app"}},"if":{{"status":["{status}"]}}}}}}"#
        );
        connection.say(&line);
        let command = commands.recv_timeout(WATCHDOG).unwrap();
        match command.request().check(&state) {
            Ok(()) => command.accept().done(Ok::<(), String>(())),
            Err(reason) => command.reject(reason),
        }
    }
    assert_eq!([answer(&mut connection), answer(&mut connection)], ["cmd.accepted c1", "cmd.done c1"]);
    assert_eq!(answer(&mut connection), "cmd.rejected c2 precondition");
    pusher.close(Duration::ZERO);
}

fn apply(state: &mut RunState, event: &WireEvent) {
    let line = serde_json::to_vec(event).unwrap();
    state.apply(&choo_protocol::Line::parse(&line, &choo_protocol::Limits::default()).unwrap());
}

/// Whoever hears an answer on the bus may answer another command, on whichever thread that is.
#[test]
fn answers_may_be_given_from_within_the_bus() {
    let hub = Hub::new();
    let bus = EventBus::new();
    let pusher = start(&hub, &bus);
    let commands = pusher.commands();
    let mut connection = hub.accept();
    connection.say(&request("c1", "pause"));
    connection.say(&request("c2", "pause"));
    let first = commands.recv_timeout(WATCHDOG).unwrap();
    let second = Mutex::new(commands.recv_timeout(WATCHDOG));
    let _subscription = bus.subscribe(move |event| {
        if event.kind == kind::CMD_ACCEPTED {
            drop(second.lock().unwrap().take());
        }
    });
    let running = first.accept();
    let mut answers = [answer(&mut connection), answer(&mut connection)];
    answers.sort();
    assert_eq!(answers, ["cmd.accepted c1", "cmd.rejected c2 unanswered"]);
    running.done(Ok::<(), String>(()));
    pusher.close(Duration::ZERO);
}
