//! `choo push`: lines in, events out, and what becomes of those that are none.

use std::fmt::Write as _;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::json;

use crate::common::{Home, Started, short};

/// `choo push ARGS` with a pipe as its input.
fn push(home: &Home, args: &[&str]) -> Started {
    let mut command = home.choo([&["push"], args].concat());
    command.stdin(Stdio::piped());
    Started::new(command)
}

#[test]
fn lines_are_sent_in_order_with_run_and_seq() {
    let home = Home::new();
    let hub = home.listen();
    let mut push = push(&home, &["--run", "mine"]);
    push.say("{\"type\":\"unit.started\",\"unit\":\"a\",\"run\":\"other\",\"seq\":70}\n\n");
    let first = hub.next();
    assert_eq!((&first["run"], &first["seq"], &first["unit"]), (&json!("mine"), &json!(1), &json!("a")));
    assert!(first["time"].is_string(), "given at once, not when the input ends");
    push.say("{\"unit\":\"a\",\"type\":\"unit.completed\",\"time\":\"2025-01-18T10:30:00Z\"}");
    push.end().code(0);
    let second = hub.next();
    assert_eq!((&second["time"], &second["seq"]), (&json!("2025-01-18T10:30:00Z"), &json!(2)));
    assert_eq!(hub.next()["type"], "link.bye");
}

#[test]
fn unknown_types_and_fields_are_kept() {
    let home = Home::new();
    let hub = home.listen();
    let mut push = push(&home, &[]);
    push.say(r#"{"type":"x.acme.deployed","where":{"region":"eu","n":[1,2.5,null]},"payload":{"big":12345678901234567890},"pr":0}"#);
    push.end().code(0);
    let line = hub.next();
    assert_eq!(line["where"], json!({"region": "eu", "n": [1, 2.5, null]}));
    assert_eq!(line["payload"], json!({"big": 12_345_678_901_234_567_890_u64}));
    assert_eq!(line["pr"], 0);
}

#[test]
fn bad_lines_are_told_with_their_number_and_left_out() {
    let home = Home::new();
    let hub = home.listen();
    let file = home.file(
        "events.ndjson",
        "{\"type\":\"a\"}\nnot json\n\n{\"no\":\"type\"}\n{\"type\":\"hub.hello\"}\n[1]\n{\"type\":\"b\"}\n",
    );
    let ended = home.run(["push", file.to_str().unwrap()]).code(1);
    assert_eq!(short(&hub.until("b")), ["a", "b"]);
    let name = file.display().to_string();
    assert_eq!(ended.stderr.len(), 4, "{ended:#?}");
    for (line, (number, why)) in ended.stderr.iter().zip([
        (2, "not a JSON object"),
        (4, "no \"type\" in the event"),
        (5, "only choo itself sends hub.hello"),
        (6, "not a JSON object"),
    ]) {
        assert!(line.starts_with(&format!("error: line {number} is left out: {why}")), "{line}");
        assert!(line.ends_with(&format!("({name})")), "{line}");
    }
}

#[test]
fn a_flood_of_bad_lines_is_counted() {
    let home = Home::new();
    let _hub = home.listen();
    let file = home.file("junk", &"junk\n".repeat(1000));
    let ended = home.run(["push", file.to_str().unwrap()]).code(1);
    assert_eq!(ended.stderr.len(), 21, "{ended:#?}");
    assert!(ended.stderr[20].contains("980 more bad lines"), "{ended:#?}");
}

#[test]
fn strict_ends_at_the_first_bad_line() {
    let home = Home::new();
    let hub = home.listen();
    let file = home.file("events.ndjson", "{\"type\":\"a\"}\nnot json\n{\"type\":\"b\"}\n");
    let ended = home.run(["push", "--strict", file.to_str().unwrap()]).code(1);
    assert_eq!(ended.stderr.len(), 1, "{ended:#?}");
    assert_eq!(hub.next()["type"], "a");
    assert_eq!(hub.next()["type"], "link.bye");
}

#[test]
fn the_first_run_named_is_the_run() {
    let home = Home::new();
    let hub = home.listen();
    let text = "{\"type\":\"a\",\"run\":\"one\"}\n{\"type\":\"b\"}\n{\"type\":\"c\",\"run\":\"two\"}\n{\"type\":\"d\",\"run\":\"one\"}\n";
    let file = home.file("events.ndjson", text);
    let ended = home.run(["push", file.to_str().unwrap()]).code(1);
    let lines = hub.until("d");
    assert_eq!(short(&lines), ["a", "b", "d"]);
    assert!(lines.iter().all(|line| line["run"] == "one"), "{lines:?}");
    assert!(ended.err().contains("line 3 is left out: belongs to run two"), "{ended:#?}");
}

#[test]
fn a_file_needs_a_hub_and_a_pipe_does_not_wait_for_one() {
    let home = Home::new();
    let mut push = push(&home, &[]);
    push.say("{\"type\":\"a\"}\n");
    push.err("WARN: not connected to the web UI");
    let ended = push.end().code(1);
    assert!(ended.err().contains("1 event did not reach the hub"), "{ended:#?}");
    home.run(["push", "nothing-here"]).code(2);
    home.run(["push", "."]).code(2);
}

#[test]
fn a_big_file_arrives_whole() {
    let home = Home::new();
    let hub = home.hub();
    let mut text = String::from("{\"type\":\"orch.started\"}\n");
    // More than the buffer holds.
    for n in 0..60_000 {
        let filler = "x".repeat(150);
        writeln!(
            text,
            "{{\"type\":\"log.stdout\",\"unit\":\"u\",\"payload\":{{\"content\":\"{filler}\",\"n\":{n}}}}}"
        )
        .unwrap();
    }
    text.push_str("{\"type\":\"orch.completed\"}\n");
    assert!(text.len() > 10 << 20);
    let file = home.file("big.ndjson", &text);
    let ended = home.run(["push", "--run", "big", file.to_str().unwrap()]).code(0);
    assert!(ended.stderr.is_empty(), "{ended:#?}");
    let tail = home.run(["tail", "--run", "big", "--json", "--since", "earliest"]).code(0);
    let last = tail.stdout.iter().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let last = last.filter(|line| line["run"] == "big").filter_map(|line| line["seq"].as_u64()).max();
    assert_eq!(last, Some(60_002));
    assert!(!tail.out().contains("link.lost"));
    hub.stop().code(0);
}

#[test]
fn an_interrupt_still_takes_the_last_words_of_the_program_before() {
    let home = Home::new();
    let hub = home.listen();
    let mut push = push(&home, &[]);
    push.say("{\"type\":\"a\"}\n");
    hub.next();
    push.signal(Signal::INT);
    push.say("{\"type\":\"last.words\"}\n");
    assert_eq!(hub.next()["type"], "last.words");
    push.end().code(0);
}

#[test]
fn sigterm_sends_what_is_there_and_goes() {
    let home = Home::new();
    let hub = home.listen();
    let mut push = push(&home, &[]);
    push.say("{\"type\":\"a\"}\n");
    hub.next();
    push.signal(Signal::TERM);
    assert_eq!(hub.next()["type"], "link.bye");
    push.end().code(130);
}

#[test]
fn what_a_run_left_on_disk_is_pushed_to_the_next_hub() {
    let home = Home::new();
    let plan = home.plan(&[("a", &[], "echo hello"), ("b", &["a"], "true")]);
    let ended = home.run(["run", "--spool", "--run", "mine", plan.to_str().unwrap()]).code(0);
    assert!(ended.err().contains("of run mine wait on disk"), "{ended:#?}");
    // Without a hub they stay where they are.
    let ended = home.run(["push", "--spool"]).code(1);
    assert!(ended.err().contains("run mine: the hub lacks"), "{ended:#?}");
    let hub = home.hub();
    let ended = home.run(["push", "--spool"]).code(0);
    assert!(ended.out().contains("run mine: the hub has all of"), "{ended:#?}");
    let tail = home.run(["tail", "--run", "mine"]).code(0);
    assert!(tail.out().contains("mine"), "{tail:#?}");
    let ended = home.run(["push", "--spool"]).code(0);
    assert!(ended.err().contains("nothing is left to send"), "{ended:#?}");
    hub.stop();
}
