//! What outlives a hub, on real files.

use std::fs;

use choo_hub::{Hub, StartError};
use serde_json::Value;

use crate::support::{Answer, TestHub, config};

#[test]
fn what_was_seen_is_there_after_a_restart() {
    let mut hub = TestHub::start();
    let mut reader = hub.ndjson("?since=earliest");
    let mut producer = hub.producer();
    producer.events("r", 1..=100);
    reader.numbers("r", 100);
    let cursor = reader.wait("hub.cursor")["payload"]["cursor"].as_str().unwrap().to_owned();
    hub.stop();
    let hub = TestHub::start_in(hub.join(), |_| {});
    assert_eq!(hub.json("/api/v1/runs")["runs"][0]["run"], "r");
    assert_eq!(hub.json("/api/v1/runs/r")["seq"], 100);
    let mut again = hub.ndjson("?since=earliest");
    assert_eq!(again.numbers("r", 100), (1..=100).collect::<Vec<_>>());
    let mut resumed = hub.ndjson(&format!("?since={cursor}"));
    assert_eq!(resumed.wait("hub.hello")["payload"]["recovered"], true);
    let mut producer = hub.producer();
    producer.events("r", 90..=105);
    assert_eq!(resumed.numbers("r", 105), (101..=105).collect::<Vec<_>>(), "what it had is dropped");
    let health = hub.json("/healthz");
    assert_eq!(health["status"], "ok");
    assert_eq!(health["history"]["stored"]["status"], "ok");
}

#[test]
fn acknowledged_is_what_is_stored() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    producer.send(r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":9},"run":"r"}"#);
    assert_eq!(producer.line()["type"], "link.welcome");
    producer.events("r", 1..=9);
    let mut acked = 0;
    while acked < 9 {
        let ack = producer.line();
        assert_eq!(ack["type"], "link.ack");
        acked = ack["payload"]["seq"].as_u64().unwrap();
        let through = hub.json("/healthz")["history"]["stored"]["through"].as_u64().unwrap();
        assert!(through >= acked, "{through} {acked}");
    }
}

#[test]
fn two_hubs_do_not_share_a_history() {
    let hub = TestHub::start();
    let other = tempfile::tempdir().unwrap();
    let mut second = config(&other);
    second.history = choo_hub::HistorySource::File(hub.dir.path().join("data/history.db"));
    let error = Hub::start(second).unwrap_err();
    assert!(matches!(error, StartError::HistoryInUse { .. }), "{error}");
    assert!(error.to_string().contains("--data"), "{error}");
}

#[test]
fn garbage_in_the_place_of_the_history_is_put_aside_and_told() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("data")).unwrap();
    fs::write(dir.path().join("data/history.db"), vec![b'x'; 10_000]).unwrap();
    let hub = TestHub::start_in(dir, |_| {});
    let mut reader = hub.ndjson("?since=earliest");
    let error = reader.wait("hub.error");
    assert_eq!(error["payload"]["kind"], "history");
    assert!(error["payload"]["message"].as_str().unwrap().contains("history.db.damaged-1"), "{error}");
    let mut producer = hub.producer();
    producer.events("r", 1..=3);
    reader.numbers("r", 3);
    let hub = TestHub::start_in(hub.join(), |_| {});
    assert_eq!(hub.json("/api/v1/runs/r")["seq"], 3);
}

#[test]
fn a_history_that_is_removed_under_a_running_hub_is_missed_and_begun_anew() {
    let mut hub = TestHub::start();
    let mut live = hub.ndjson("?since=now");
    live.wait("hub.hello");
    let mut producer = hub.producer();
    producer.send(r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":9},"run":"r"}"#);
    producer.events("r", 1..=9);
    producer.wait_acked(9);
    fs::remove_dir_all(hub.dir.path().join("data")).unwrap();
    producer.events("r", 10..=12);
    producer.wait_acked(12);
    live.numbers("r", 12);
    let told = live.wait("hub.error");
    assert!(told["payload"]["message"].as_str().unwrap().contains("was removed or replaced"), "{told}");
    let health = hub.json("/healthz");
    assert_eq!(health["status"], "ok", "a new file has it");
    assert!(health["history"]["stored"]["anew_since"].is_string(), "{health}");
    // The lock was in that directory, too.
    let other = tempfile::tempdir().unwrap();
    let mut second = config(&other);
    second.history = choo_hub::HistorySource::File(hub.dir.path().join("data/history.db"));
    assert!(matches!(Hub::start(second), Err(StartError::HistoryInUse { .. })));
    let mut late = hub.ndjson("?since=earliest");
    assert_eq!(late.numbers("r", 12), (1..=12).collect::<Vec<_>>());
    hub.stop();
    let hub = TestHub::start_in(hub.join(), |_| {});
    assert_eq!(hub.json("/api/v1/runs/r")["seq"], 12);
    let mut late = hub.ndjson("?since=earliest");
    assert_eq!(late.numbers("r", 12), (1..=12).collect::<Vec<_>>(), "what memory had was stored again");
}

fn lines(mut answer: Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200);
    let body = String::from_utf8(answer.rest()).unwrap();
    body.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn seqs(lines: &[Value]) -> Vec<u64> {
    lines.iter().filter_map(|line| line["seq"].as_u64()).collect()
}

/// A hub that has written 3,000 lines of two runs, most of which memory no longer holds.
fn filled() -> TestHub {
    let hub = TestHub::with(|config| config.history_bytes = 50_000);
    let mut reader = hub.ndjson("?since=now&run=other");
    reader.wait("hub.hello");
    let mut producer = hub.producer();
    for n in 0..15 {
        for seq in n * 100 + 1..=n * 100 + 100 {
            let (task, text) = if seq == 777 { (2, "the NEEDLE in it") } else { (1, "hay") };
            producer.send(&format!(
                r#"{{"type":"log.stdout","unit":"u","task":{task},"payload":{{"content":"{text}","n":{seq}}},"run":"r","seq":{seq}}}"#
            ));
        }
        producer.events("other", n * 100 + 1..=n * 100 + 100);
        reader.numbers("other", n * 100 + 100);
    }
    hub
}

#[test]
fn a_runs_events_come_page_by_page() {
    let hub = filled();
    let mut got = Vec::new();
    let mut from = String::new();
    loop {
        let answer = hub.get(&format!("/api/v1/runs/r/events?limit=400{from}"));
        let next = answer.headers.get("choo-next").cloned();
        let page = seqs(&lines(answer));
        assert!(page.len() <= 400);
        got.extend(page);
        let Some(next) = next else { break };
        from = format!("&from={next}");
    }
    assert_eq!(got, (1..=1500).collect::<Vec<_>>());
    assert_eq!(seqs(&lines(hub.get("/api/v1/runs/r/events"))).len(), 1000, "without a limit");
    assert_eq!(hub.get("/api/v1/runs/nobody/events").status, 404);
    assert_eq!(hub.get("/api/v1/runs/r/events?from=nonsense").status, 400);
    assert_eq!(hub.get("/api/v1/runs/r/events?limit=x").status, 400);
}

#[test]
fn output_is_found_by_task_and_by_text() {
    let hub = filled();
    let found = |query: &str| seqs(&lines(hub.get(&format!("/api/v1/runs/r/logs?{query}"))));
    assert_eq!(found("q=needle"), [777]);
    assert_eq!(found("unit=u&task=2"), [777]);
    assert_eq!(found("unit=v"), [0; 0]);
    assert_eq!(found("unit=u&task=1&limit=10000").len(), 1499);
    assert_eq!(hub.get("/api/v1/runs/r/logs?task=x").status, 400);
}

#[test]
fn an_export_is_the_whole_run_and_can_be_played_again() {
    let hub = filled();
    let answer = hub.get("/api/v1/runs/r/export");
    assert!(answer.headers["content-disposition"].contains("r.ndjson"));
    let lines = lines(answer);
    assert_eq!(seqs(&lines), (1..=1500).collect::<Vec<_>>());
    assert!(lines.iter().all(|line| line["run"] == "r"));
    let other = TestHub::start();
    let mut reader = other.ndjson("?since=now");
    reader.wait("hub.hello");
    let mut producer = other.producer();
    for line in &lines {
        producer.send(&line.to_string());
    }
    assert_eq!(reader.numbers("r", 1500).len(), 1500);
}

#[test]
fn s4_b08_diffs_are_found_where_memory_no_longer_has_them() {
    let hub = TestHub::with(|config| config.history_bytes = 50_000);
    let mut reader = hub.ndjson("?since=now&types=unit.completed");
    reader.wait("hub.hello");
    let mut producer = hub.producer();
    let diff = |seq: u64, file: &str, text: &str| {
        format!(
            r#"{{"type":"diff.file","unit":"u","task":1,"payload":{{"file":"{file}","diff":"{text}","additions":{seq}}},"run":"r","seq":{seq}}}"#
        )
    };
    producer.send(&diff(1, "a", "old"));
    producer.send(&diff(2, "a", "new"));
    for seq in 3..=900 {
        producer.send(&format!(
            r#"{{"type":"log.stdout","unit":"u","task":1,"payload":{{"content":"hay","n":{seq}}},"run":"r","seq":{seq}}}"#
        ));
    }
    producer.send(&diff(901, "b", "late"));
    producer.send(r#"{"type":"unit.completed","unit":"u","run":"r","seq":902}"#);
    reader.wait("unit.completed");
    let files = |hub: &TestHub, query: &str| {
        let found = hub.json(&format!("/api/v1/runs/r/diff{query}"));
        assert_eq!((&found["omitted"], &found["unlisted"]), (&0.into(), &0.into()));
        let files = found["files"].as_array().unwrap();
        let short = |file: &Value| format!("{} {} +{}", file["file"], file["diff"], file["additions"]);
        files.iter().map(short).collect::<Vec<_>>()
    };
    let both = [r#""a" "new" +2"#, r#""b" "late" +901"#];
    assert_eq!(files(&hub, ""), both);
    assert_eq!(files(&hub, "?unit=u&task=1&file=b"), [both[1]]);
    assert_eq!(files(&hub, "?unit=v"), [""; 0]);
    assert_eq!(hub.get("/api/v1/runs/none/diff").status, 404);
    assert_eq!(hub.get("/api/v1/runs/r/diff?task=x").status, 400);
    let hub = TestHub::start_in(hub.join(), |_| {});
    assert_eq!(files(&hub, ""), both);
}
