//! The hub comes late, is killed, and comes back; the run does not care and the picture is right.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use choo_tests::{Gate, Hub, Program, Stream, choo};
use serde_json::Value;

/// A plan of three units, the second of which waits at a gate.
fn plan(dir: &Path, gate: &Gate) -> std::path::PathBuf {
    let text = format!(
        r#"
[[unit]]
id = "first"
[[unit.task]]
name = "say"
run = "for i in 1 2 3 4 5; do echo line $i; done"

[[unit]]
id = "second"
depends_on = ["first"]
[[unit.task]]
name = "wait"
run = "echo waiting; {}"

[[unit]]
id = "third"
depends_on = ["second"]
[[unit.task]]
name = "end"
run = "echo the end"
"#,
        gate.command()
    );
    let path = dir.join("plan.toml");
    std::fs::write(&path, text).unwrap();
    path
}

fn start_run(plan: &Path, socket: &Path) -> Program {
    let mut run = choo();
    run.arg("run").arg(plan).arg("--web").arg("--socket").arg(socket);
    Program::start(run.current_dir(plan.parent().unwrap()))
}

fn wait_for_the_gate(stream: &mut Stream) {
    let waiting = |line: &Value| {
        line["payload"]["content"] == "waiting"
            || line["payload"]["state"]["units"]["second"]["status"] == "in_progress"
    };
    stream.wait("the second unit", waiting);
}

fn assert_all_complete(hub: &Hub) -> Value {
    let runs = hub.get("/api/v1/runs");
    let run = runs["runs"][0]["run"].as_str().unwrap();
    let state = hub.get(&format!("/api/v1/runs/{run}"));
    assert_eq!(state["status"], "completed", "{state:#}");
    for unit in ["first", "second", "third"] {
        assert_eq!(state["units"][unit]["status"], "complete", "{unit}");
    }
    state
}

#[test]
fn s0_71_a_hub_killed_and_restarted_during_a_run_shows_it_whole() {
    let hub = Hub::start();
    let gate = Gate::new(hub.dir(), "gate");
    let run = start_run(&plan(hub.dir(), &gate), &hub.socket());
    wait_for_the_gate(&mut hub.follow("?since=earliest"));
    let token = hub.token().to_owned();

    let hub = hub.kill_and_restart();
    assert_eq!(hub.token(), token, "the token outlives the hub");
    let mut stream = hub.follow("");
    wait_for_the_gate(&mut stream);
    let graph = hub.get("/api/graph");
    assert_eq!(graph["levels"], serde_json::json!([["first"], ["second"], ["third"]]));
    assert_eq!(hub.get("/api/state")["units"][0]["status"], "complete");

    gate.open();
    stream.wait_type("hub.end");
    let (status, errors) = run.finish();
    assert!(status.success(), "{errors}");
    let state = assert_all_complete(&hub);
    // The pusher still had what the killed hub had read.
    assert!(state["summaries"].is_null(), "{state:#}");
    assert!(state["loss"].is_null(), "{state:#}");
}

#[test]
fn s0_b13_a_hub_started_in_the_middle_of_a_run_shows_it_whole() {
    let dir = Hub::start().kill();
    let gate = Gate::new(dir.path(), "gate");
    let run = start_run(&plan(dir.path(), &gate), &dir.path().join("web.sock"));
    let hub = Hub::start_again(dir);
    let mut stream = hub.follow("?since=earliest");
    wait_for_the_gate(&mut stream);
    gate.open();
    stream.wait_type("hub.end");
    let (status, errors) = run.finish();
    assert!(status.success(), "{errors}");
    assert_eq!(errors.matches("failed to connect").count(), 1, "one warning, not more: {errors}");
    let state = assert_all_complete(&hub);
    // Nobody had read anything before, so the buffer still held everything.
    assert!(state["summaries"].is_null(), "{state:#}");
}

#[test]
fn s0_70_a_hub_that_goes_away_does_not_hinder_the_run() {
    let hub = Hub::start();
    let gate = Gate::new(hub.dir(), "gate");
    let run = start_run(&plan(hub.dir(), &gate), &hub.socket());
    wait_for_the_gate(&mut hub.follow("?since=earliest"));
    let _dir = hub.kill();
    gate.open();
    let (status, errors) = run.finish();
    assert!(status.success(), "{errors}");
}
