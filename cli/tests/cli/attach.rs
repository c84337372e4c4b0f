//! `choo run --web`: what it sends, and that a hub's absence, end or return never shows in the run.

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::common::{Ended, Home, Started, short};

/// A plan that goes well, in an order that does not depend on the number of CPUs.
fn small(home: &Home) {
    home.plan(&[("a", &[], "echo hello"), ("b", &["a"], "true")]);
}

/// Lines without the times in them.
fn without_times(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| line.split(" in ").next().unwrap().to_owned()).collect()
}

#[test]
fn s0_53_web_takes_a_value_only_with_an_equals_sign() {
    let home = Home::new();
    small(&home);
    home.run(["run", "--web", "plan.toml"]).code(0);
    home.run(["run", "plan.toml", "--web"]).code(0);
    home.run(["run", "--web=optional", "plan.toml"]).code(0);
    home.run(["run", "--web=required", "plan.toml"]).code(1);
    let ended = home.run(["run", "--web=maybe", "plan.toml"]).code(2);
    assert!(ended.err().contains("optional, required"), "{ended:#?}");
}

#[test]
fn s0_54_without_web_nothing_is_sent() {
    let home = Home::new();
    small(&home);
    let hub = home.listen();
    home.run(["run", "plan.toml"]).code(0);
    assert!(hub.is_silent());
}

#[test]
fn s0_55_s0_72_a_missing_hub_is_one_warning_and_nothing_else() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo hello"), ("b", &["a"], "exit 3"), ("c", &["b"], "true")]);
    let same = |without: Ended, with: Ended| {
        assert_eq!(without.status, with.status);
        assert_eq!(without_times(&without.stdout), without_times(&with.stdout));
        assert!(without.stderr.is_empty(), "{without:#?}");
        with
    };
    let with = same(home.run(["run", "plan.toml"]), home.run(["run", "plan.toml", "--web"])).code(1);
    let warning = format!(
        "WARN: failed to connect to web UI: no hub is running; start `choo web` ({}); the run goes on",
        home.socket().display()
    );
    assert_eq!(with.stderr, [warning]);
    // The same where there can never be a hub.
    let long = "/tmp/".to_owned() + &"x".repeat(200);
    let with =
        same(home.run(["run", "plan.toml"]), home.run(["run", "plan.toml", "--web", "--socket", &long]));
    assert_eq!(with.stderr.len(), 1, "{with:#?}");
    assert!(with.stderr[0].starts_with("WARN: failed to connect to web UI: socket path"), "{with:#?}");
}

#[test]
fn a_required_hub_that_is_missing_is_an_error_before_anything_runs() {
    let home = Home::new();
    home.plan(&[("a", &[], "touch ran")]);
    let ended = home.run(["run", "plan.toml", "--web=required"]).code(1);
    assert!(ended.stdout.is_empty(), "{ended:#?}");
    assert!(
        ended.stderr[0].starts_with("error: failed to connect to web UI: no hub is running"),
        "{ended:#?}"
    );
    assert!(ended.stderr[1].contains("choo web"), "{ended:#?}");
    assert!(!home.path().join("ran").exists());
}

#[test]
fn s0_56_s0_67_a_hub_that_is_there_is_connected_at_startup() {
    let home = Home::new();
    small(&home);
    for flag in ["--web", "--web=required"] {
        let hub = home.listen();
        let ended = home.run(["run", "plan.toml", flag]).code(0);
        assert_eq!(ended.stdout[0], "Orchestrator connected to web UI");
        assert!(ended.stderr.is_empty(), "{ended:#?}");
        assert_eq!(
            short(&hub.until("orch.completed")),
            [
                "orch.started",
                "unit.queued a",
                "unit.started a",
                "task.started a/1",
                "log.stdout a/1",
                "task.completed a/1",
                "unit.completed a",
                "unit.queued b",
                "unit.started b",
                "task.started b/1",
                "task.completed b/1",
                "unit.completed b",
                "orch.completed",
            ]
        );
    }
}

#[test]
fn s0_69_orch_started_carries_counts_and_graph() {
    let home = Home::new();
    home.file(
        "plan.toml",
        "[[unit]]\nid = \"a\"\nlabel = \"First\"\n[[unit.task]]\nrun = \"true\"\n[[unit]]\nid = \"b\"\ndepends_on = [\"a\"]\n",
    );
    let hub = home.listen();
    home.run(["run", "plan.toml", "--web", "-j", "3", "--run", "r-1"]).code(0);
    let started = hub.next();
    assert_eq!((&started["run"], &started["seq"]), (&json!("r-1"), &json!(1)));
    let payload = &started["payload"];
    assert_eq!((&payload["unit_count"], &payload["parallelism"]), (&json!(2), &json!(3)));
    assert_eq!(payload["graph"]["levels"], json!([["a"], ["b"]]));
    assert_eq!(payload["graph"]["edges"], json!([{"from": "a", "to": "b"}]));
    let node = &payload["graph"]["nodes"][0];
    assert_eq!((&node["label"], &node["tasks"], &node["level"]), (&json!("First"), &json!(1), &json!(0)));
}

#[test]
fn everything_that_happens_is_an_event() {
    let home = Home::new();
    home.file("specs/one/IMPLEMENTATION_PLAN.md", "---\nunit: one\n---\n");
    home.file("specs/one/01-a.md", "---\ntask: 1\nstatus: complete\nbackpressure: \"true\"\n---\n# Done\n");
    home.file(
        "specs/one/02-b.md",
        "---\ntask: 2\nretries: 1\nbackpressure: echo oh >&2; test $CHOO_ATTEMPT = 2\n---\n# Flaky\n",
    );
    home.file("specs/two/IMPLEMENTATION_PLAN.md", "---\nunit: two\ndepends_on: [one]\n---\n");
    home.file("specs/two/01-a.md", "---\ntask: 1\nbackpressure: echo no; exit 7\n---\n# Fails\n");
    home.file("specs/two/02-b.md", "---\ntask: 2\nbackpressure: \"true\"\n---\n# Never\n");
    home.file("specs/zed/IMPLEMENTATION_PLAN.md", "---\nunit: zed\ndepends_on: [two]\n---\n");
    home.file("specs/zed/01-a.md", "---\ntask: 1\nbackpressure: \"true\"\n---\n# Blocked\n");
    let hub = home.listen();
    home.run(["run", "specs", "--web", "--exec", "echo work"]).code(1);
    let events = hub.until("orch.failed");
    assert_eq!(
        short(&events),
        [
            "orch.started",
            "unit.queued one",
            "unit.started one",
            "task.started one/2",
            "log.stdout one/2",
            "task.backpressure one/2",
            "log.stderr one/2",
            "task.validation.fail one/2",
            "task.retry one/2",
            "task.started one/2",
            "log.stdout one/2",
            "task.backpressure one/2",
            "log.stderr one/2",
            "task.validation.ok one/2",
            "task.completed one/2",
            "unit.completed one",
            "unit.queued two",
            "unit.started two",
            "task.started two/1",
            "log.stdout two/1",
            "task.backpressure two/1",
            "log.stdout two/1",
            "task.validation.fail two/1",
            "task.failed two/1",
            "unit.failed two",
            "unit.blocked zed",
            "orch.failed",
        ]
    );
    let of = |kind: &str| -> Vec<&Value> { events.iter().filter(|event| event["type"] == kind).collect() };
    assert_eq!(of("unit.started")[0]["payload"], json!({"total_tasks": 2, "completed_tasks": 1}));
    assert_eq!(
        of("task.started")[0]["payload"],
        json!({"name": "Flaky", "attempt": 1, "command": "echo work"})
    );
    assert_eq!(of("task.started")[1]["payload"]["attempt"], 2);
    assert_eq!(of("task.retry")[0]["payload"]["attempt"], 2);
    // Lines are counted within an attempt, over both streams and both commands.
    let numbers: Vec<(&Value, &Value)> = events
        .iter()
        .filter(|event| event["type"].as_str().unwrap().starts_with("log."))
        .map(|event| (&event["payload"]["content"], &event["payload"]["n"]))
        .collect();
    let expected = [("work", 1), ("oh", 2), ("work", 1), ("oh", 2), ("work", 1), ("no", 2)];
    assert_eq!(
        numbers,
        expected.map(|(content, n)| (json!(content), json!(n))).each_ref().map(|(c, n)| (c, n))
    );
    assert_eq!(of("task.failed")[0]["error"], "exit status 7: echo no; exit 7\nno");
    assert_eq!(of("unit.failed")[0]["error"], "task 1 (Fails): exit status 7: echo no; exit 7\nno");
    assert_eq!(of("unit.blocked")[0]["error"], "two failed");
    assert_eq!(of("orch.failed")[0]["error"], "1 of 3 units failed: two; 1 blocked");
    let seqs: Vec<u64> = events.iter().map(|event| event["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=events.len() as u64).collect::<Vec<_>>());
}

#[test]
fn s0_11_a_cancelled_run_says_so_before_it_goes() {
    let home = Home::new();
    home.plan(&[("a", &[], "sleep 1000"), ("b", &["a"], "true")]);
    let hub = home.listen();
    let mut run = home.start(["run", "plan.toml", "--web"]);
    run.out("start a");
    run.signal(Signal::INT);
    run.end().code(130);
    assert_eq!(
        short(&hub.until("orch.cancelled"))[3..],
        ["task.started a/1", "unit.cancelled b", "task.failed a/1", "unit.cancelled a", "orch.cancelled"]
    );
    assert_eq!(hub.next()["type"], "link.bye");
}

#[test]
fn s0_70_stopping_the_hub_does_not_disturb_the_run() {
    let home = Home::new();
    home.plan(&[("a", &[], "read line < gate"), ("b", &["a"], "true")]);
    let gate = home.gate("gate");
    let hub = home.hub();
    let mut run = home.start(["run", "plan.toml", "--web"]);
    run.out("start a");
    hub.stop().code(0);
    run.err("WARN: connection to the web UI lost");
    gate.open();
    let ended = run.end().code(0);
    assert!(ended.out().contains("done 2 units"), "{ended:#?}");
}

#[test]
fn s0_71_a_hub_that_comes_back_gets_the_whole_run() {
    let home = Home::new();
    home.plan(&[("a", &[], "true"), ("b", &["a"], "read line < gate"), ("c", &["b"], "true")]);
    let gate = home.gate("gate");
    let hub = home.hub();
    let mut run = home.start(["run", "plan.toml", "--web", "--run", "r"]);
    run.out("start b");
    hub.kill();
    run.err("WARN: connection to the web UI lost");
    let _hub = home.hub();
    let tail = home.start(["tail", "--run", "r"]);
    gate.open();
    run.end().code(0);
    tail.end().code(0);
    // It has never seen how unit a ran, and yet knows that it is complete.
    let tail = home.run(["tail", "--run", "r"]).code(0);
    assert!(tail.out().contains("so far completed: 3 of 3 units complete"), "{tail:#?}");
}

#[test]
fn s0_10_a_hub_started_late_gets_the_whole_run() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo early"), ("b", &["a"], "read line < gate")]);
    let gate = home.gate("gate");
    let mut run = home.start(["run", "plan.toml", "--web", "--run", "r"]);
    run.err("WARN: failed to connect to web UI");
    run.out("start b");
    let _hub = home.hub();
    let mut tail = home.start(["tail", "--run", "r", "--since", "earliest"]);
    tail.out("| early");
    gate.open();
    run.end().code(0);
    tail.end().code(0);
}

#[test]
fn secrets_of_the_environment_and_the_plan_do_not_leave() {
    let home = Home::new();
    home.file(
        "plan.toml",
        r#"
[[unit]]
id = "a"
[[unit.task]]
run = "echo using $API_TOKEN and $KEY and ghp_abc123; printf '{\"token\":\"%s\"}' $API_TOKEN >&2; exit 3"
env = { KEY = "of-the-plan" }
"#,
    );
    let hub = home.listen();
    let args = [
        "run",
        "--web",
        "plan.toml",
        "--redact-env",
        "*_TOKEN",
        "--redact-env",
        "KEY",
        "--redact",
        "ghp_\\w+",
    ];
    let mut command = home.choo(args);
    let ended = Started::new({
        command.env("API_TOKEN", "sesame-open");
        command
    })
    .end()
    .code(1);
    // The person at the terminal sees what happened.
    assert!(ended.out().contains("using sesame-open"), "{ended:#?}");
    let events = hub.until("orch.failed");
    let text = serde_json::to_string(&events).unwrap();
    for secret in ["sesame", "of-the-plan", "ghp_"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let log = events.iter().find(|event| event["type"] == "log.stdout").unwrap();
    assert_eq!(log["payload"]["content"], "using *** and *** and ***");

    let ended = home.run(["run", "--web", "plan.toml", "--redact-env", "NO_SUCH"]).code(2);
    assert!(ended.err().contains("NO_SUCH: no such environment variable"), "{ended:#?}");
    home.run(["run", "plan.toml", "--redact", "x"]).code(2);
}
