//! `choo cancel` and its like: from a person over a real hub to a real run, and what is on record of it.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::Value;

use crate::common::{Home, Started, WATCHDOG};

/// Starts `choo run --web` as `nightly` and waits until the hub, too, knows that `unit` has begun.
fn run(home: &Home, unit: &str, args: &[&str]) -> Started {
    let fixed = ["run", "plan.toml", "--web=required", "--run", "nightly", "--progress", "never"];
    let mut run = home.start([&fixed[..], args].concat());
    let told =
        ["tail", "--run", "nightly", "--since", "earliest", "--types", "task.started", "--units", unit];
    home.start(told).out("task 1 started");
    run.out(&format!("start {unit}"));
    run
}

/// An HTTP request over the hub's Unix socket, as `curl` would send it: the status, and the body.
fn http(home: &Home, request: &str, body: &str) -> (u16, String) {
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    let length = body.len();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: {length}\r\n\
         Content-Type: application/json\r\nIdempotency-Key: once\r\n\r\n{body}"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// What is on record of commands: `cmd.request cancel by uid:0`, `cmd.done`, `orch.cancelled`.
fn record(home: &Home) -> Vec<String> {
    let (status, lines) = http(home, "GET /api/v1/runs/nightly/events", "");
    assert_eq!(status, 200);
    let of = |line: &str| {
        let line: Value = serde_json::from_str(line).ok()?;
        let kind = line["type"].as_str()?;
        let payload = &line["payload"];
        match kind {
            "cmd.request" => {
                Some(format!("{kind} {} by {}", payload["cmd"].as_str()?, payload["by"].as_str()?))
            }
            _ if kind.starts_with("cmd.") || matches!(kind, "orch.cancelled" | "orch.paused") => {
                Some(kind.to_owned())
            }
            _ => None,
        }
    };
    lines.lines().filter_map(of).collect()
}

/// Who we are to the hub.
fn me() -> String {
    format!("uid:{}", rustix::process::geteuid().as_raw())
}

#[test]
fn s0_79_a_run_is_cancelled_over_http_and_all_of_it_is_on_record() {
    let home = Home::new();
    home.plan(&[("a", &[], "read line < never"), ("b", &["a"], "true")]);
    let (_never, _hub) = (home.gate("never"), home.hub());
    let run = run(&home, "a", &["--commands"]);
    let post = || http(&home, "POST /api/v1/runs/nightly/commands", r#"{"cmd":"cancel"}"#);
    let (status, first) = post();
    assert_eq!(status, 202, "{first}");
    // Sent again, as somebody does who has not heard the answer.
    assert_eq!(post(), (202, first));
    run.end().code(130);
    let by = format!("cmd.request cancel by {}", me());
    assert_eq!(record(&home), [&*by, "cmd.accepted", "orch.cancelled", "cmd.done"]);
    let (status, refused) = http(&home, "POST /api/v1/runs/nightly/commands", r#"{"cmd":"pause"}"#);
    assert_eq!(status, 422, "the key is another command's: {refused}");
}

#[test]
fn each_word_does_what_it_says() {
    let home = Home::new();
    home.plan(&[
        ("a", &[], "test -e mended || { read line < gate; exit 1; }"),
        ("b", &["a"], "true"),
        ("slow", &[], "read line < never"),
        ("last", &["slow"], "true"),
    ]);
    let (gate, _never, _hub) = (home.gate("gate"), home.gate("never"), home.hub());
    let mut run = run(&home, "slow", &["--commands", "-j", "2"]);
    let done = |args: &[&str]| {
        let ended = home.run(args).code(0);
        assert!(ended.err().is_empty(), "{ended:#?}");
        ended.out()
    };
    let refused = |args: &[&str]| {
        let ended = home.run(args).code(1);
        assert!(ended.out().is_empty(), "{ended:#?}");
        ended.err()
    };
    assert_eq!(done(&["pause", "night"]), "pause nightly: done");
    let err = refused(&["pause", "nightly"]);
    assert!(err.starts_with("error: pause nightly: rejected (conflict)"), "{err}");
    gate.open();
    run.out("failed a");
    home.file("mended", "");
    assert_eq!(done(&["retry", "nightly", "a", "1", "--reason", "mended"]), "retry nightly a: done");
    let err = refused(&["skip", "nightly", "none"]);
    assert!(err.contains("rejected (not_found)"), "{err}");
    assert_eq!(done(&["resume", "nightly"]), "resume nightly: done");
    assert_eq!(done(&["skip", "nightly", "slow"]), "skip nightly slow: done");
    run.end().code(0);
    let told =
        home.run(["tail", "--run", "nightly", "--since", "earliest", "--types", "cmd.*"]).code(0).out();
    for line in [
        &*format!(" pause asked for by {}", me()),
        &format!(" retry a 1 asked for by {}: mended", me()),
        " command rejected (conflict)",
        " command accepted",
        " command done",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    let err = refused(&["cancel", "nightly"]);
    assert!(err.contains("no orchestrator of this run is connected"), "{err}");
}

#[test]
fn a_run_is_found_however_many_began_since() {
    let home = Home::new();
    let _hub = home.hub();
    let mut producer = UnixStream::connect(home.socket()).unwrap();
    let lines = (0..250).map(|n| format!("{{\"type\":\"orch.completed\",\"run\":\"run-{n}\"}}\n"));
    producer.write_all(lines.collect::<String>().as_bytes()).unwrap();
    home.start(["tail", "--run", "run-249", "--since", "earliest"]).out("completed");
    let err = home.run(["cancel", "run-0"]).code(1).err();
    assert!(err.contains("no orchestrator of this run is connected"), "{err}");
    let err = home.run(["cancel", "run-250"]).code(1).err();
    assert!(err.contains("the latest is run-249"), "{err}");
}

#[test]
fn it_says_why_it_cannot() {
    let home = Home::new();
    home.plan(&[("a", &[], "read line < gate")]);
    let err = home.run(["cancel", "nightly"]).code(1).err();
    assert!(err.contains("no hub is listening") && err.contains("choo web"), "{err}");
    let _hub = home.hub();
    let err = home.run(["cancel", "nightly"]).code(1).err();
    assert!(err.contains("knows no run \"nightly\"") && err.contains("none at all"), "{err}");
    let gate = home.gate("gate");
    let run = run(&home, "a", &[]);
    let err = home.run(["cancel", "nightly", "a"]).code(1).err();
    assert!(err.contains("rejected (disabled)") && err.contains("--commands"), "{err}");
    // Only handed over: the answer is for whoever reads the events.
    let id = home.run(["cancel", "nightly", "--no-wait"]).code(0).out();
    assert!(id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    gate.open();
    run.end().code(0);
    assert_eq!(record(&home).iter().filter(|line| *line == "cmd.rejected").count(), 2);
    home.run(["retry", "nightly"]).code(2);
}

#[test]
fn a_command_that_is_given_again_to_the_next_hub_is_not_done_again() {
    let home = Home::new();
    home.plan(&[("a", &[], "read line < gate"), ("b", &["a"], "true")]);
    let (gate, hub) = (home.gate("gate"), home.hub());
    let mut run = run(&home, "a", &["--commands"]);
    let post = || http(&home, "POST /api/v1/runs/nightly/commands", r#"{"cmd":"pause"}"#);
    let id = |answer: &str| serde_json::from_str::<Value>(answer).unwrap()["id"].clone();
    let (status, first) = post();
    assert_eq!(status, 202, "{first}");
    run.out("paused");
    hub.kill();
    let _hub = home.hub();
    // Until the run is there again.
    let again = loop {
        match post() {
            (409, refused) => assert!(refused.contains("no_producer"), "{refused}"),
            // It was killed before it had stored anything.
            (404, _) => {}
            (status, again) => {
                assert_eq!(status, 202, "{again}");
                break again;
            }
        }
    };
    assert_eq!(id(&again), id(&first), "where its answers are is another place now");
    // Behind it, as commands go one by one.
    assert_eq!(home.run(["resume", "nightly"]).code(0).out(), "resume nightly: done");
    gate.open();
    run.end().code(0);
    let record = record(&home);
    let of = |what: &str| record.iter().filter(|line| line.starts_with(what)).count();
    // The hub was killed just when it had recorded the first one.
    assert!((1..=2).contains(&of("cmd.request pause")), "{record:#?}");
    assert_eq!((of("cmd.request resume"), of("orch.paused")), (1, 1), "{record:#?}");
}
