//! Who is let in, and what everybody is told.

use crate::support::{Answer, TestHub, WATCHDOG};
use std::io::{Read, Write};
use std::net::TcpStream;

use choo_hub::TokenSource;
use serde_json::Value;

fn error_of(answer: &mut Answer) -> Value {
    let body: Value = serde_json::from_slice(&answer.rest()).unwrap();
    assert!(body["error"]["message"].is_string(), "{body}");
    body["error"]["kind"].clone()
}

#[test]
fn s2_37_without_the_token_there_is_nothing_but_files_and_health() {
    let hub = TestHub::start();
    for path in [
        "/api/v1/events",
        "/api/v1/runs",
        "/api/v1/runs/x",
        "/api/state",
        "/api/graph",
        "/api/events",
        "/api/v1/ws",
        "/metrics",
        "/api/nothing",
    ] {
        let mut answer = hub.request(path, &[]);
        assert_eq!((answer.status, error_of(&mut answer)), (401, "token".into()), "{path}");
        assert!(answer.headers.contains_key("www-authenticate"));
        assert_eq!(hub.request(path, &["Authorization: Bearer wrong-wrong-wrong"]).status, 401, "{path}");
    }
    assert_eq!(hub.request("/", &[]).status, 200);
    let mut health = hub.request("/healthz", &[]);
    assert_eq!((health.status, health.rest()), (200, br#"{"status":"ok"}"#.to_vec()));
    assert!(hub.json("/healthz")["history"]["events"].is_number(), "those who may know are told more");
}

#[test]
fn s3_b04_a_wrong_host_or_origin_is_403_on_every_route() {
    let hub = TestHub::start();
    let token = format!("Authorization: Bearer {}", hub.token());
    let ask = |path: &str, headers: &[&str]| {
        hub.raw(&format!("GET {path} HTTP/1.1\r\n{token}\r\n{}\r\n\r\n", headers.join("\r\n")))
    };
    let right = format!("Host: {}", hub.addr);
    for path in ["/", "/healthz", "/api/v1/runs", "/api/v1/events", "/api/events", "/api/nothing"] {
        for host in ["Host: localhost.evil.example", "Host: ", "Host: evil.example:8080", "X-Host: localhost"]
        {
            let mut answer = ask(path, &[host]);
            assert_eq!((answer.status, error_of(&mut answer)), (403, "host".into()), "{path} {host}");
        }
        assert_eq!(ask(path, &[&right, &right]).status, 403, "{path} twice");
        for origin in ["null", "http://localhost.evil.example", "http://evil.example", "garbage", ""] {
            let mut answer = ask(path, &[&right, &format!("Origin: {origin}")]);
            assert_eq!((answer.status, error_of(&mut answer)), (403, "origin".into()), "{path} {origin}");
        }
    }
    assert_eq!(ask("/api/v1/runs", &[&right, &format!("Origin: http://{}", hub.addr)]).status, 200);
}

#[test]
fn a_page_that_is_allowed_in_can_read_what_it_asks_for() {
    const ORIGIN: &str = "http://localhost:5173";
    let hub = TestHub::with(|config| config.allow_origins = vec![ORIGIN.to_owned()]);
    let (origin, token) = (format!("Origin: {ORIGIN}"), format!("Authorization: Bearer {}", hub.token()));
    let allowed = |answer: &Answer| answer.headers.get("access-control-allow-origin").cloned();
    for path in ["/healthz", "/api/v1/runs", "/api/v1/events", "/api/v1/patches", "/api/v1/runs/none"] {
        let mut answer = hub.request(path, &[&origin, &token]);
        assert_eq!(allowed(&answer).as_deref(), Some(ORIGIN), "{path}");
        assert!(answer.headers["access-control-expose-headers"].contains("choo-next"));
        assert_eq!(answer.headers["vary"], "origin");
        answer = hub.request(path, &[&origin]);
        assert_eq!(allowed(&answer).as_deref(), Some(ORIGIN), "also why it may not: {path}");
        assert_eq!(allowed(&hub.request(path, &[&token])), None, "whoever is no page needs none");
        assert_eq!(allowed(&hub.request(path, &[&format!("Origin: http://{}", hub.addr), &token])), None);
    }
    // What a browser asks before it sends a header such as the token.
    let ask = |path: &str, origin: &str| {
        let (host, method) = (hub.addr, "Access-Control-Request-Method: POST");
        hub.raw(&format!("OPTIONS {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\n{method}\r\n\r\n"))
    };
    for path in ["/api/v1/events", "/api/v1/runs/r/commands", "/api/v1/tickets"] {
        let answer = ask(path, ORIGIN);
        assert_eq!((answer.status, allowed(&answer).as_deref()), (204, Some(ORIGIN)), "{path}");
        let headers = &answer.headers["access-control-allow-headers"];
        assert!(headers.contains("authorization") && headers.contains("idempotency-key"), "{headers}");
        assert!(answer.headers["access-control-allow-methods"].contains("POST"));
        let answer = ask(path, "http://localhost:5174");
        assert_eq!((answer.status, allowed(&answer)), (403, None), "{path}");
    }
}

#[test]
fn s3_44_errors_say_what_is_wrong() {
    let hub = TestHub::start();
    for (path, status, kind) in [
        ("/api/nothing", 404, "not_found"),
        ("/api/v1/runs/none", 404, "not_found"),
        ("/nothing.js", 404, "not_found"),
        ("/api/v1/events?since=yesterday", 400, "cursor"),
        ("/api/v1/events?run=a%20b", 400, "filter"),
        ("/api/v1/events?types=%ff", 400, "query"),
        ("/api/v1/events?run=a&run=b", 400, "query"),
    ] {
        let mut answer = hub.get(path);
        assert_eq!((answer.status, error_of(&mut answer)), (status, kind.into()), "{path}");
    }
    let post = format!(
        "POST /api/v1/runs HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {}\r\nContent-Length: 0\r\n\r\n",
        hub.addr,
        hub.token()
    );
    let mut answer = hub.raw(&post);
    assert_eq!((answer.status, error_of(&mut answer)), (405, "method".into()));
    assert_eq!(answer.headers["allow"], "GET, HEAD");
    assert_eq!(hub.sse("", Some("nonsense")).status, 400);
}

#[test]
fn every_answer_carries_the_security_headers() {
    let hub = TestHub::start();
    for (path, cache) in [
        ("/", "no-cache"),
        ("/healthz", "no-store"),
        ("/api/v1/runs", "no-store"),
        ("/x", "no-store"),
        ("/api/v1/events", "no-store"),
    ] {
        let answer = hub.get(path);
        let csp = &answer.headers["content-security-policy"];
        for directive in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval';",
            "require-trusted-types-for 'script'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        ] {
            assert!(csp.contains(directive), "{path}: {csp}");
        }
        assert!(!csp.contains("unsafe-inline"));
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers["referrer-policy"], "no-referrer");
        assert!(answer.status == 200 && path != "/" || !answer.headers["cache-control"].is_empty());
        let page_missing = path == "/" && answer.headers["cache-control"] == "no-store";
        assert!(page_missing || answer.headers["cache-control"] == cache, "{path}");
    }
}

#[test]
fn s3_35_one_stream_too_many_is_503_and_a_place_is_free_again_when_a_reader_leaves() {
    let hub = TestHub::with(|config| config.max_clients = 2);
    let mut one = hub.ndjson("");
    let mut two = hub.get("/api/events");
    one.wait("hub.hello");
    two.line();
    let mut refused = hub.get("/api/v1/events");
    assert_eq!((refused.status, error_of(&mut refused)), (503, "too_many_clients".into()));
    assert!(refused.headers["retry-after"].parse::<u32>().unwrap() > 0);
    assert_eq!(hub.get("/api/v1/runs").status, 200, "everything else is answered");
    assert_eq!(hub.json("/healthz")["clients"], 2);
    drop(one);
    // The hub notices by itself; asking is how to learn when.
    while hub.get("/api/v1/events").status == 503 {}
}

#[test]
fn heads_that_are_too_long_or_never_end_are_refused() {
    let hub = TestHub::start();
    let many: Vec<String> = (0..70).map(|n| format!("X-{n}: y")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(hub.request("/healthz", &many).status, 431);
    assert_eq!(hub.request("/healthz", &[&format!("X: {}", "y".repeat(20 << 10))]).status, 431);
    assert_eq!(hub.request(&format!("/healthz?{}", "y".repeat(20 << 10)), &[]).status / 100, 4);
}

#[test]
fn a_head_that_does_not_come_within_5_s_ends_the_connection() {
    let hub = TestHub::start();
    let mut slow = TcpStream::connect(hub.addr).unwrap();
    slow.set_read_timeout(Some(WATCHDOG)).unwrap();
    slow.write_all(b"GET /healthz HTTP/1.1\r\nHost: loc").unwrap();
    let mut rest = Vec::new();
    // Returns when the hub closes.
    let _ = slow.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"));
    assert_eq!(hub.get("/api/v1/runs").status, 200);
}

#[test]
fn without_a_token_the_page_is_asked_for_none_but_hosts_are_checked_all_the_same() {
    let hub = TestHub::with(|config| config.token = TokenSource::None);
    assert_eq!(hub.url, format!("http://{}/", hub.addr));
    assert_eq!(hub.request("/api/v1/runs", &[]).status, 200);
    assert_eq!(hub.request("/api/v1/runs", &["Origin: http://localhost.evil.example"]).status, 403);
}
