//! The streams of another tool's clients: tasks, a task's output, its files.

use choo_hub::HistorySource;
use serde_json::{Value, json};

use crate::support::{Answer, TestHub};

/// An event: its name, its id and its data.
type Told = (String, String, Value);

fn open(hub: &TestHub, path: &str, id: Option<&str>) -> Answer {
    let token = format!("Authorization: Bearer {}", hub.token());
    let last = id.map(|id| format!("Last-Event-ID: {id}"));
    let headers: Vec<&str> = [&*token].into_iter().chain(last.as_deref()).collect();
    hub.request(path, &headers)
}

fn next(answer: &mut Answer) -> Option<Told> {
    let (mut name, mut id) = (String::new(), String::new());
    loop {
        let line = answer.line()?;
        match line.split_once(": ") {
            Some(("event", told)) => told.clone_into(&mut name),
            Some(("id", told)) => told.clone_into(&mut id),
            Some(("data", data)) => return Some((name, id, serde_json::from_str(data).unwrap())),
            _ => {}
        }
    }
}

fn log(kind: &str, seq: u64, task: u64, content: &str) -> String {
    json!({"type": kind, "time": "2025-01-18T10:30:15Z", "unit": "a b", "task": task, "payload": {"content": content, "n": seq}, "run": "r", "seq": seq}).to_string()
}

const LOGS: &str = "/api/events/processes/r~a%20b~1/logs";

#[test]
fn s4_06_s4_07_s4_15_output_first_as_stored_then_as_it_comes() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    producer.send(r#"{"type":"task.started","unit":"a b","task":1,"run":"r","seq":1}"#);
    producer.send(&log("log.stdout", 2, 1, "one"));
    producer.send(&log("log.stdout", 3, 2, "of another task"));
    producer.send(&log("log.stderr", 4, 1, "two"));
    hub.ndjson("?since=earliest").numbers("r", 4);
    let mut stream = open(&hub, LOGS, None);
    assert_eq!((stream.status, &*stream.headers["content-type"]), (200, "text/event-stream"));
    let (name, _, data) = next(&mut stream).unwrap();
    let expected = json!({"type": "stdout", "content": "one", "timestamp": "2025-01-18T10:30:15Z"});
    assert_eq!((&*name, data), ("", expected));
    let (_, id, data) = next(&mut stream).unwrap();
    assert_eq!((&data["type"], &data["content"]), (&json!("stderr"), &json!("two")));
    producer.send(&log("log.system", 5, 1, "three"));
    assert_eq!(next(&mut stream).unwrap().2["content"], "three");
    producer.send(r#"{"type":"task.completed","unit":"a b","task":1,"run":"r","seq":6}"#);
    let (name, end, data) = next(&mut stream).unwrap();
    assert_eq!(name, "end", "S4-B11");
    assert_eq!(data, json!({"run": "r", "unit": "a b", "task": 1, "status": "completed"}));
    assert!(next(&mut stream).is_none());

    // S4-B05: who comes back in the middle gets the rest, and who comes back behind the end nothing more.
    let mut again = open(&hub, LOGS, Some(&id));
    assert_eq!(next(&mut again).unwrap().2["content"], "three");
    assert_eq!(next(&mut again).unwrap().0, "end");
    assert_eq!(open(&hub, LOGS, Some(&end)).status, 204, "S4-B06: a browser does not come back");
    assert_eq!(open(&hub, "/api/events/processes/none~a~1/logs", None).status, 404);
    assert_eq!(open(&hub, "/api/events/processes/nonsense/logs", None).status, 404);
}

#[test]
fn s4_28_output_is_there_after_a_restart() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    for seq in 1..=2000 {
        producer.send(&log("log.stdout", seq, 1 + seq % 2, &format!("line {seq}")));
    }
    producer.send(r#"{"type":"task.completed","unit":"a b","task":1,"run":"r","seq":2001}"#);
    producer.send(r#"{"type":"orch.failed","run":"r","seq":2002}"#);
    producer.send(r#"{"type":"link.bye","run":"r","payload":{"last":2002}}"#);
    hub.ndjson("?since=earliest").wait("hub.end");
    let hub = TestHub::start_in(hub.join(), |_| {});
    let mut stream = open(&hub, LOGS, None);
    let mut lines = Vec::new();
    let mut middle = String::new();
    loop {
        let (name, id, data) = next(&mut stream).unwrap();
        if name == "end" {
            let end = json!({"run": "r", "unit": "a b", "task": 1, "status": "completed"});
            assert_eq!(data, end, "of the task, whatever became of the run");
            break;
        }
        assert_eq!(name, "");
        lines.push(data["content"].as_str().unwrap().to_owned());
        if lines.len() == 500 {
            middle = id;
        }
    }
    let expected: Vec<String> =
        (1..=2000).filter(|seq| seq % 2 == 0).map(|seq| format!("line {seq}")).collect();
    assert_eq!(lines, expected);
    let mut again = open(&hub, LOGS, Some(&middle));
    assert_eq!(next(&mut again).unwrap().2["content"], expected[500]);
}

#[test]
fn s4_b08_the_latest_difference_of_a_file_takes_the_place_of_those_before() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    let diff = |seq: u64, file: &str, diff: &str| {
        json!({"type": "diff.file", "unit": "u", "task": 1, "payload": {"file": file, "diff": diff}, "run": "r", "seq": seq}).to_string()
    };
    producer.send(&diff(1, "a", "@@ 1"));
    producer.send(&diff(2, "b", "@@ 2"));
    hub.ndjson("?since=earliest").numbers("r", 2);
    let mut stream = open(&hub, "/api/events/task-attempts/r~u~1/diff", None);
    producer.send(&diff(3, "a", "@@ 3"));
    producer.send(r#"{"type":"diff.removed","unit":"u","task":1,"payload":{"file":"b"},"run":"r","seq":4}"#);
    producer.send(r#"{"type":"task.failed","unit":"u","task":1,"run":"r","seq":5}"#);
    let mut files = std::collections::BTreeMap::new();
    loop {
        let (name, id, data) = next(&mut stream).unwrap();
        assert!(!id.is_empty());
        if name == "end" {
            break;
        }
        assert_eq!(data.as_object().unwrap().len(), 2, "S4-09: file and diff");
        files.insert(data["file"].as_str().unwrap().to_owned(), data["diff"].as_str().unwrap().to_owned());
    }
    assert_eq!(files, [("a", "@@ 3"), ("b", "")].map(|(k, v)| (k.to_owned(), v.to_owned())).into());
}

#[test]
fn s4_04_s4_b10_tasks_are_followed_by_their_patches() {
    let hub = TestHub::with(|config| config.history = HistorySource::Memory);
    let mut producer = hub.producer();
    producer.send(r#"{"type":"task.started","unit":"u","task":1,"run":"r","seq":1}"#);
    hub.ndjson("?since=earliest").numbers("r", 1);
    let mut document = Value::Null;
    let mut id = None;
    for (seq, kind, status) in [(2, "task.retry", "retrying"), (3, "task.completed", "completed")] {
        let mut stream = open(&hub, "/api/events/", id.as_deref());
        assert_eq!(stream.status, 200);
        producer.send(&json!({"type": kind, "unit": "u", "task": 1, "run": "r", "seq": seq}).to_string());
        while document.pointer("/tasks/r~0u~01/status") != Some(&json!(status)) {
            let (name, last, data) = next(&mut stream).unwrap();
            assert_eq!(name, "");
            id = Some(last).filter(|last| !last.is_empty()).or(id);
            let patch: json_patch::Patch = serde_json::from_value(data).unwrap();
            json_patch::patch(&mut document, &patch).unwrap();
        }
    }
    assert_eq!(document["tasks"].as_object().unwrap().len(), 1);
}
