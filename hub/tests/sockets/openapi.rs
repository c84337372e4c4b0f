//! What the hub answers, held to the document that programs are made from.

use std::error::Error;

use jsonschema::{Retrieve, Uri};
use serde_json::{Value, json};

use crate::support::TestHub;

fn file(name: &str) -> Value {
    let path = format!("{}/../schema/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

/// Finds the documents beside this one.
struct Files;

impl Retrieve for Files {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        Ok(file(uri.path().as_str().trim_start_matches('/')))
    }
}

/// What is wrong with an answer.
fn faults(schema: &Value, components: &Value, answer: &Value) -> Vec<String> {
    let schema = json!({ "$id": "choo:///openapi.json", "allOf": [schema], "components": components });
    let validator = jsonschema::options().with_retriever(Files).build(&schema).unwrap();
    validator.iter_errors(answer).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn every_answer_is_as_documented() {
    let hub = TestHub::start();
    let mut stream = hub.ndjson("");
    stream.wait("hub.hello");
    let mut producer = hub.producer();
    producer.send(
        r#"{"type":"orch.started","run":"r","seq":1,"payload":{"unit_count":1,"parallelism":1,"graph":{"nodes":[{"id":"a","level":0}],"edges":[],"levels":[["a"]]}}}"#,
    );
    producer.send(r#"{"type":"unit.failed","unit":"a","error":"no","run":"r","seq":2}"#);
    producer.send(r#"{"type":"diff.file","unit":"a","payload":{"file":"f","diff":"@@","status":"added","additions":1},"run":"r","seq":3}"#);
    producer.send("nonsense");
    stream.wait("hub.error");

    let document = file("openapi.json");
    let mut looked_at = 0;
    for (path, operations) in document["paths"].as_object().unwrap() {
        let Some(content) = operations["get"]["responses"]["200"]["content"].as_object() else { continue };
        let is_stream = content.contains_key("text/event-stream");
        if is_stream {
            continue;
        }
        let path = path.replace("{run}", "r").replace("{name}", "openapi.json");
        let mut answer = hub.get(&path);
        assert_eq!(answer.status, 200, "{path}");
        let media = answer.headers["content-type"].split(';').next().unwrap().to_owned();
        let schema = content.get(&media).unwrap_or_else(|| panic!("{path} answers with {media}"));
        looked_at += 1;
        if media.ends_with("/json") || media.ends_with("+json") {
            let answer: Value = serde_json::from_slice(&answer.rest()).unwrap();
            let found = faults(&schema["schema"], &document["components"], &answer);
            assert!(found.is_empty(), "{path}: {found:?} in {answer}");
        }
    }
    assert!(looked_at >= 8, "{looked_at}");

    // What is asked for by POST.
    producer.send(r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":9},"run":"r"}"#);
    while producer.line()["type"] != "link.welcome" {}
    let bearer = format!("Authorization: Bearer {}", hub.token());
    let bodies = [("/api/v1/tickets", "", 201), ("/api/v1/runs/{run}/commands", r#"{"cmd":"pause"}"#, 202)];
    for (path, body, status) in bodies {
        let json = "Content-Type: application/json";
        let answer = hub.post(&path.replace("{run}", "r"), &[&bearer, json], body);
        assert_eq!(answer.0, status, "{path}: {}", answer.1);
        let success = &document["paths"][path]["post"]["responses"][status.to_string()];
        let schema = &success["content"]["application/json"]["schema"];
        assert!(faults(schema, &document["components"], &answer.1).is_empty(), "{path}: {}", answer.1);
    }
    assert_eq!(
        document["paths"].as_object().unwrap().values().filter(|it| it.get("post").is_some()).count(),
        2
    );

    let mut refused = hub.get("/api/v1/runs/none");
    let error: Value = serde_json::from_slice(&refused.rest()).unwrap();
    let schema = json!({ "$ref": "#/components/schemas/Error" });
    assert!(faults(&schema, &document["components"], &error).is_empty(), "{error}");
    assert!(!faults(&schema, &document["components"], &json!({ "error": "text" })).is_empty());
}
