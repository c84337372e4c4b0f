//! Questions that have one answer, and tickets.

use serde_json::Value;

use crate::support::{Producer, TestHub};

#[test]
fn a_ticket_opens_streams_and_nothing_that_changes_anything() {
    let hub = TestHub::start();
    let bearer = format!("Authorization: Bearer {}", hub.token());
    assert_eq!(hub.post("/api/v1/tickets", &[], "").0, 401);
    let (status, issued) = hub.post("/api/v1/tickets", &[&bearer], "");
    assert_eq!(status, 201);
    let ticket = issued["ticket"].as_str().unwrap();
    assert!(issued["expires"].as_str().unwrap().ends_with('Z'), "{issued}");

    hub.producer().events("r", 1..=3);
    let path = format!("/api/v1/events?since=earliest&ticket={ticket}");
    for _ in 0..2 {
        let mut stream = hub.request(&path, &["Accept: text/event-stream"]);
        assert_eq!(stream.status, 200, "as often as one likes");
        stream.wait("hub.hello");
    }
    assert_eq!(hub.request(&format!("/api/v1/runs?ticket={ticket}"), &[]).status, 200);
    assert_eq!(hub.request("/api/v1/runs?ticket=1.x", &[]).status, 401);
    assert_eq!(
        hub.post(&format!("/api/v1/tickets?ticket={ticket}"), &[], "").0,
        403,
        "it does not renew itself"
    );

    let again = TestHub::start_in(hub.join(), |_| {});
    assert_eq!(again.request(&path, &[]).status, 200, "it outlives the hub");
    let (status, error) = {
        let open = TestHub::with(|config| config.token = choo_hub::TokenSource::None);
        open.post("/api/v1/tickets", &[], "")
    };
    assert_eq!((status, error["error"]["kind"].as_str()), (409, Some("no_token")));
}

#[test]
fn the_list_of_runs_is_read_page_by_page() {
    let hub = TestHub::start();
    let mut stream = hub.ndjson("");
    stream.wait("hub.hello");
    let mut producer = hub.producer();
    let begin = |producer: &mut Producer, n: usize| {
        producer.send(&format!(
            r#"{{"type":"orch.started","time":"2025-01-18T10:{:02}:00Z","run":"r{n}"}}"#,
            n % 60
        ));
    };
    for n in 0..7 {
        begin(&mut producer, n);
        stream.wait("orch.started");
    }
    let page = |query: &str| {
        let page = hub.json(&format!("/api/v1/runs{query}"));
        let runs = page["runs"].as_array().unwrap().iter().map(|run| run["run"].as_str().unwrap().to_owned());
        (runs.collect::<Vec<_>>(), page["next"].as_str().map(str::to_owned))
    };
    assert_eq!(page("").0.len(), 7);
    assert_eq!(page("").1, None);
    let (first, next) = page("?limit=3");
    assert_eq!(first, ["r6", "r5", "r4"]);
    begin(&mut producer, 59);
    stream.wait("orch.started");
    let (second, next) = page(&format!("?limit=3&from={}", next.unwrap()));
    assert_eq!(second, ["r3", "r2", "r1"]);
    assert_eq!(page(&format!("?limit=3&from={}", next.unwrap())), (vec!["r0".to_owned()], None));
    for bad in ["?limit=0", "?limit=x", "?from=nonsense", "?from=a:1", "?limit=1&limit=2"] {
        assert_eq!(hub.get(&format!("/api/v1/runs{bad}")).status, 400, "{bad}");
    }
}

#[test]
fn another_version_of_the_api_is_refused_in_words() {
    let hub = TestHub::start();
    assert_eq!(hub.get("/api/v1/runs?v=1").status, 200);
    for path in ["/api/v1/runs?v=2", "/api/v1/events?v=2", "/api/state?v=1.0"] {
        let mut refused = hub.get(path);
        let error: Value = serde_json::from_slice(&refused.rest()).unwrap();
        assert_eq!((refused.status, &error["error"]["kind"]), (400, &"version".into()), "{path}: {error}");
    }
    let bearer = format!("Authorization: Bearer {}", hub.token());
    assert_eq!(hub.request("/api/v1/runs", &[&bearer, "X-Version: 2"]).status, 400);
    assert_eq!(hub.request("/?v=2", &[]).status, 200, "the page's own files have none");
}

#[test]
fn the_schemas_are_those_of_the_repository() {
    let hub = TestHub::start();
    let listed = hub.json("/api/v1/schema");
    let names: Vec<&str> = listed["schemas"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(names.contains(&"read/event.schema.json"), "{names:?}");
    for name in names {
        let path = format!("{}/../schema/{name}", env!("CARGO_MANIFEST_DIR"));
        let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        assert_eq!(hub.json(&format!("/api/v1/schema/{name}")), file);
    }
    assert_eq!(hub.get("/api/v1/schema/src/lib.rs").status, 404);
}

#[test]
fn s2_42_the_numbers_are_what_prometheus_reads() {
    let hub = TestHub::start();
    let mut stream = hub.ndjson("");
    stream.wait("hub.hello");
    let mut producer = hub.producer();
    producer.events("r", 1..=3);
    producer.send("nonsense");
    stream.wait("hub.error");
    let mut answer = hub.get("/metrics");
    assert_eq!(answer.headers["content-type"], "text/plain; version=0.0.4; charset=utf-8");
    let text = String::from_utf8(answer.rest()).unwrap();
    let value = |series: &str| {
        let found = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {series} in {text}")).to_owned()
    };
    assert_eq!((value("choo_readers"), value("choo_producers")), ("1".to_owned(), "1".to_owned()));
    assert_eq!((value("choo_events_total"), value("choo_bad_lines_total")), ("4".to_owned(), "1".to_owned()));
    assert_eq!(value("choo_runs{status=\"waiting\",connected=\"true\"}"), "1");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (series, value) = line.rsplit_once(' ').unwrap();
        assert!(value.parse::<f64>().is_ok(), "{line}");
        let name = series.split('{').next().unwrap();
        assert!(
            text.contains(&format!("# TYPE {name} ")) && text.contains(&format!("# HELP {name} ")),
            "{line}"
        );
    }
    assert_eq!(hub.request("/metrics", &[]).status, 401);
}
