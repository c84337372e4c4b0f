//! State changes as patches, applied by somebody else's code.

use choo_hub::HistorySource;
use serde_json::{Value, json};

use crate::support::{Answer, TestHub};

/// The stream of patches, and the document that they lead to.
struct Patches {
    answer: Answer,
    id: Option<String>,
    version: u64,
    document: Value,
}

impl Patches {
    fn open(hub: &TestHub, path: &str, id: Option<String>, version: u64, document: Value) -> Self {
        let token = format!("Authorization: Bearer {}", hub.token());
        let last = id.as_ref().map(|id| format!("Last-Event-ID: {id}"));
        let headers: Vec<&str> = [&*token].into_iter().chain(last.as_deref()).collect();
        let answer = hub.request(path, &headers);
        assert_eq!((answer.status, &*answer.headers["content-type"]), (200, "text/event-stream"));
        Patches { answer, id, version, document }
    }

    /// Takes the next event: its name, or nothing for a patch, and its data.
    fn next(&mut self) -> Option<(String, Value)> {
        let mut name = String::new();
        loop {
            let line = self.answer.line()?;
            match line.split_once(": ") {
                Some(("event", told)) => told.clone_into(&mut name),
                Some(("id", id)) => self.id = Some(id.to_owned()),
                Some(("data", data)) => return Some((name, serde_json::from_str(data).unwrap())),
                _ => {}
            }
        }
    }

    /// Applies patches until the document is that.
    fn until(&mut self, pointer: &str, value: &Value) {
        while self.document.pointer(pointer) != Some(value) {
            let (name, step) = self.next().unwrap();
            if name.is_empty() {
                let base = step["base"].as_u64().unwrap();
                assert!(base == 0 || base == self.version, "{step} for {}", self.version);
                self.version = step["version"].as_u64().unwrap();
                let patch: json_patch::Patch = serde_json::from_value(step["patch"].clone()).unwrap();
                json_patch::patch(&mut self.document, &patch).unwrap();
            }
        }
    }
}

#[test]
fn s4_05_s4_18_patches_lead_from_the_state_to_the_state() {
    let hub = TestHub::with(|config| config.history = HistorySource::Memory);
    let mut producer = hub.producer();
    producer.send(r#"{"type":"orch.started","run":"r","seq":1}"#);
    producer.send(r#"{"type":"unit.started","unit":"a/b","run":"r","seq":2}"#);
    hub.ndjson("?since=earliest").numbers("r", 2);
    let path = "/api/v1/patches?run=r";
    let mut patches = Patches::open(&hub, path, None, 0, Value::Null);
    assert_eq!(patches.next().unwrap().0, "hello");
    patches.until("/units/a~1b/status", &json!("in_progress"));
    producer.send(r#"{"type":"task.started","unit":"a/b","task":1,"run":"r","seq":3}"#);
    producer.send(r#"{"type":"log.stdout","unit":"a/b","run":"r","seq":4,"payload":{"content":"x"}}"#);
    producer.send(r#"{"type":"task.failed","unit":"a/b","task":1,"error":"no","run":"r","seq":5}"#);
    patches.until("/units/a~1b/tasks/1/error", &json!("no"));
    assert_eq!(patches.document, hub.json("/api/v1/runs/r"));

    let Patches { id, version, document, .. } = patches;
    producer.send(r#"{"type":"unit.completed","unit":"a/b","run":"r","seq":6}"#);
    producer.send(r#"{"type":"orch.completed","run":"r","seq":7}"#);
    let mut patches = Patches::open(&hub, path, id, version, document);
    assert_eq!(
        patches.next().unwrap(),
        ("hello".to_owned(), json!({"proto": 1, "epoch": hub.json("/healthz")["epoch"], "recovered": true}))
    );
    patches.until("/status", &json!("completed"));
    assert_eq!(patches.document, hub.json("/api/v1/runs/r"));
    producer.send(r#"{"type":"link.bye","run":"r","payload":{"last":7}}"#);
    assert_eq!(patches.next().unwrap(), ("end".to_owned(), json!({"run": "r", "status": "completed"})));
    assert!(patches.next().is_none(), "the response ends");

    let token = format!("Authorization: Bearer {}", hub.token());
    let last = format!("Last-Event-ID: {}", patches.id.unwrap());
    assert_eq!(hub.request(path, &[&token, &last]).status, 204, "`EventSource` does not come back");
    assert_eq!(hub.get("/api/v1/patches?since=now").status, 400);
    assert_eq!(hub.get("/api/v1/patches?run=a%20b").status, 400);
}

#[test]
fn a_run_that_begins_later_comes_whole() {
    let hub = TestHub::start();
    let mut patches = Patches::open(&hub, "/api/v1/patches", None, 0, Value::Null);
    assert_eq!(patches.next().unwrap().0, "hello");
    hub.producer().send(r#"{"type":"unit.failed","unit":"a","error":"no","run":"r","seq":1}"#);
    patches.until("/units/a/status", &json!("failed"));
    assert_eq!(patches.document, hub.json("/api/v1/runs/r"));
}
