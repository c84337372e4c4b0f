//! Hubs that begin, compete and end.

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixListener;

use crate::support::{TestHub, config};
use choo_hub::{HistorySource, Hub, StartError, TokenSource};
use rustix::fs::{CWD, FileType, Mode, mknodat};

#[test]
fn a_second_hub_is_refused_with_the_url_of_the_first() {
    let hub = TestHub::start();
    let error = Hub::start(config(&hub.dir)).unwrap_err();
    assert!(matches!(error, StartError::AlreadyRunning(_)), "{error:?}");
    assert!(error.to_string().contains(&hub.url), "{error}");
    assert_eq!(hub.get("/api/v1/runs").status, 200, "the first one does not notice");
    assert_eq!(hub.get_unix("/api/v1/runs").status, 200);
}

#[test]
fn as_many_runs_are_kept_as_asked_for_also_without_a_file() {
    let hub = TestHub::with(|config| {
        config.history = HistorySource::Memory;
        config.keep_runs = 2;
    });
    let mut producer = hub.producer();
    for run in ["a", "b", "c", "d"] {
        producer.send(&format!(r#"{{"type":"orch.completed","run":"{run}","seq":1}}"#));
        producer.send(&format!(r#"{{"type":"link.bye","run":"{run}","payload":{{"last":1}}}}"#));
    }
    // The last end follows on what is known of the others.
    hub.ndjson("?since=earliest&run=d").wait("hub.end");
    assert_eq!(hub.json("/api/v1/runs")["runs"].as_array().unwrap().len(), 2);
}

#[test]
fn nobody_can_connect_before_the_history_is_read() {
    let hub = TestHub::start();
    let mut producer = hub.producer();
    let hello = r#"{"type":"link.hello","payload":{"proto":1,"run":"r","first":1,"last":9}}"#;
    producer.send(hello);
    producer.events("r", 1..=9);
    producer.wait_acked(9);
    let dir = hub.join();
    // Whoever opens a pipe to write to it waits until somebody reads from it: a history that takes its time.
    let pipe = dir.path().join("data/history.db.lock");
    fs::remove_file(&pipe).unwrap();
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let (first, second) = (config(&dir), config(&dir));
    let lock = dir.path().join("web.sock.lock");
    fs::write(&lock, "").unwrap();
    let starting = std::thread::Builder::new().spawn(move || Hub::start(first)).unwrap();
    let url = loop {
        let announced = fs::read_to_string(&lock).unwrap();
        if let Some(url) = announced.strip_suffix('\n') {
            break url.to_owned();
        }
        assert!(!starting.is_finished(), "no URL is announced");
        std::thread::yield_now();
    };
    assert!(!dir.path().join("web.sock").exists(), "the socket is there before the history");
    let addr = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
    assert_eq!(TcpStream::connect(addr).unwrap_err().kind(), std::io::ErrorKind::ConnectionRefused);
    let error = Hub::start(second).unwrap_err();
    assert!(matches!(error, StartError::AlreadyRunning(_)), "{error:?}");
    assert!(error.to_string().starts_with(&format!("another hub is starting at {url};")), "{error}");

    let _reader = fs::File::open(&pipe).unwrap();
    let hub = TestHub::serve(starting.join().unwrap().unwrap(), dir);
    assert_eq!(hub.url, url);
    let mut producer = hub.producer();
    producer.send(hello);
    assert_eq!(producer.line()["payload"]["have"]["r"], 9);
}

#[test]
fn what_a_killed_hub_left_is_taken_over_and_the_token_kept() {
    let dir = tempfile::tempdir().unwrap();
    drop(UnixListener::bind(dir.path().join("web.sock")).unwrap());
    let hub = TestHub::start_in(dir, |_| {});
    let token = hub.token().to_owned();
    let mode =
        |path: &str| std::fs::metadata(hub.dir.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("web.sock"), mode("data/token")), (0o600, 0o600));
    hub.producer().events("r", 1..=1);
    let dir = hub.join();
    assert!(!dir.path().join("web.sock").exists(), "a hub removes its own socket");
    let hub = TestHub::start_in(dir, |_| {});
    assert_eq!(hub.token(), token);
}

#[test]
fn only_loopback_is_served_and_what_cannot_be_served_is_named() {
    let dir = tempfile::tempdir().unwrap();
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"] {
        let mut config = config(&dir);
        config.listen = listen.parse().unwrap();
        let error = Hub::start(config).unwrap_err();
        assert!(matches!(error, StartError::NotLoopback { .. }), "{error:?}");
        assert!(error.to_string().starts_with(listen), "{error}");
    }
    let hub = TestHub::start();
    let mut taken = config(&dir);
    taken.listen = hub.addr;
    let error = Hub::start(taken).unwrap_err();
    assert!(matches!(error, StartError::Listen { .. }), "{error:?}");
    assert!(!dir.path().join("web.sock").exists(), "nothing is left behind");

    let mut odd = config(&dir);
    odd.allow_origins = vec!["evil".to_owned()];
    assert!(matches!(Hub::start(odd), Err(StartError::AllowOrigin { .. })));
    let mut odd = config(&dir);
    odd.token = TokenSource::File(dir.path().to_owned());
    assert!(matches!(Hub::start(odd), Err(StartError::Token(_))));
    let mut odd = config(&dir);
    odd.socket = dir.path().to_owned();
    assert!(matches!(Hub::start(odd), Err(StartError::Socket(_))));
}

#[test]
fn s4_24_a_shutdown_takes_what_was_sent_and_says_goodbye() {
    let mut hub = TestHub::start();
    let mut stream = hub.ndjson("");
    stream.wait("hub.hello");
    let mut sse = hub.sse("", None);
    sse.wait("hub.hello");
    let mut producer = hub.producer();
    producer.events("r", 1..=1);
    stream.numbers("r", 1);
    producer.events("r", 2..=1000);
    hub.stop();
    assert_eq!(stream.numbers("r", 1000).len(), 999);
    let bye = stream.wait("hub.bye");
    assert_eq!(bye["payload"]["code"], "shutdown");
    assert!(bye["payload"]["retry_ms"].as_u64().unwrap() > 0);
    stream.wait("hub.cursor");
    assert_eq!(stream.line(), None);
    sse.wait("hub.bye");
    producer.wait_closed();
    hub.join();
}

#[test]
fn s3_b09_a_reader_that_does_not_read_cannot_hold_up_a_shutdown() {
    let hub = TestHub::start();
    let mut stalled = hub.ndjson("?since=now");
    stalled.wait("hub.hello");
    let mut reader = hub.ndjson("?since=now");
    let mut producer = hub.producer();
    let filler = "x".repeat(400 << 10);
    for seq in 1..=60 {
        producer.send(&format!(
            r#"{{"type":"log.stdout","run":"r","seq":{seq},"payload":{{"content":"{filler}"}}}}"#
        ));
    }
    reader.numbers("r", 60);
    // Returns although `stalled` never takes the rest.
    hub.join();
}
