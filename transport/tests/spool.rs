//! The spool with real files and sockets. Tests wait for lines, files and ends, never for time; a watchdog
//! turns a hang into a failure.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod hub;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use choo_protocol::{Event, LogStream};
use choo_transport::{EventBus, Failure, SocketPusher, SpoolFailure, Stats, Warning, spooled_runs};
use hub::{Connection, Hub, WATCHDOG, scratch};

const LONG: Duration = WATCHDOG;

/// Reads what a pusher says, welcomes it and says what is stored, until event `last` has come.
fn serve(connection: &mut Connection, have: u64, last: u64) -> Vec<u64> {
    connection.say(&format!(
        r#"{{"type":"link.welcome","payload":{{"proto":1,"epoch":"e","have":{}}}}}"#,
        if have > 0 { format!(r#"{{"r":{have}}}"#) } else { "{}".to_owned() }
    ));
    let mut seqs = Vec::new();
    while seqs.last().copied().unwrap_or(have) < last {
        let line = connection.next_line().expect("a line");
        seqs.extend(line.seq);
    }
    connection.say(&format!(r#"{{"type":"link.ack","payload":{{"run":"r","seq":{last}}}}}"#));
    seqs
}

/// Waits for what the pusher says of itself.
fn wait(pusher: &SocketPusher, until: impl Fn(&Stats) -> bool) -> Stats {
    for _ in 0..LONG.as_millis() {
        let stats = pusher.stats();
        if until(&stats) {
            return stats;
        }
        // Gives up a millisecond at most: there is no connection here to become.
        pusher.wait_connected(Duration::from_millis(1));
        std::thread::yield_now();
    }
    panic!("not reached: {:?}", pusher.stats());
}

fn start(socket: &Path, spool: &Path, bus: &EventBus) -> SocketPusher {
    SocketPusher::builder()
        .socket(socket)
        .run("r".parse().unwrap())
        .spool(spool)
        .buffer_bytes(1)
        .buffer_events(1)
        .start(bus)
        .unwrap()
}

fn emit(bus: &EventBus, count: u64) {
    for n in 1..=count {
        bus.emit(Event::log("app", Some(1), LogStream::Stdout, "x".repeat(100), n));
    }
}

fn file(dir: &Path) -> PathBuf {
    dir.join("r.ndjson")
}

#[test]
fn a_hub_that_comes_late_gets_every_line_though_the_buffer_holds_a_hundred() {
    let (dir, socket) = scratch();
    let spool = dir.path().join("state/spool");
    let bus = EventBus::new();
    let pusher = start(&socket, &spool, &bus);
    emit(&bus, 5000);
    wait(&pusher, |stats| stats.spooled == 5000);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&spool), mode(&file(&spool))), (0o700, 0o600));
    assert_eq!(fs::read_to_string(file(&spool)).unwrap().lines().count(), 5000);
    let hub = Hub::at(&socket);
    let mut connection = hub.accept();
    let seqs = serve(&mut connection, 0, 5000);
    assert_eq!(seqs, (1..=5000).collect::<Vec<_>>());
    let stats = wait(&pusher, |stats| stats.spool_bytes == 0);
    assert_eq!((stats.lost(), stats.acked, stats.sent), (0, 5000, 5000));
    assert!(!file(&spool).exists(), "removed when acked");
    // With a hub that says what it stores nothing goes to the disk any more.
    emit(&bus, 1);
    assert_eq!(connection.next_line().unwrap().seq, Some(5001));
    connection.say(r#"{"type":"link.ack","payload":{"run":"r","seq":5001}}"#);
    let stats = wait(&pusher, |stats| stats.acked == 5001);
    assert_eq!(stats.spool_bytes, 0);
}

/// A process that was killed as it began its file left the state and no event behind it.
#[test]
fn a_file_with_nothing_but_the_state_is_sent_to_a_hub_that_lacks_it() {
    let (dir, socket) = scratch();
    let spool = dir.path().join("spool");
    fs::create_dir(&spool).unwrap();
    let snapshot =
        r#"{"type":"orch.snapshot","payload":{"through":5,"state":{"run":"r","seq":5}},"run":"r"}"#;
    let started = r#"{"type":"orch.started","run":"r","seq":1}"#;
    fs::write(file(&spool), format!("{snapshot}\n{started}\n{{\"type\":\"unit.st")).unwrap();
    let run = spooled_runs(&spool).unwrap().next().unwrap().unwrap();
    let hub = Hub::at(&socket);
    std::thread::scope(|scope| {
        let sending = scope.spawn(|| run.send(&socket, LONG).unwrap());
        let mut connection = hub.accept();
        connection.say(r#"{"type":"link.welcome","payload":{"proto":1,"epoch":"e","have":{}}}"#);
        assert_eq!(connection.next_line().unwrap().kind, "orch.snapshot");
        connection.say(r#"{"type":"link.ack","payload":{"run":"r","seq":5}}"#);
        sending.join().unwrap();
    });
    assert!(!file(&spool).exists());
}

/// What cannot be read now is not lost: neither is it told to be, nor is the file removed.
#[test]
fn a_file_that_cannot_be_read_stays_for_another_attempt() {
    let (dir, socket) = scratch();
    let spool = dir.path().join("spool");
    let bus = EventBus::new();
    let pusher = start(&socket, &spool, &bus);
    emit(&bus, 300);
    assert_eq!(pusher.close(LONG).spooled, 300);
    drop(pusher);
    let run = spooled_runs(&spool).unwrap().next().unwrap().unwrap();
    let whole = fs::read(file(&spool)).unwrap();
    // Somebody makes it shorter meanwhile.
    fs::File::options().write(true).open(file(&spool)).unwrap().set_len(100).unwrap();
    let hub = Hub::at(&socket);
    let (report, failure) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| run.send(&socket, LONG).unwrap());
        let mut connection = hub.accept();
        connection.say(r#"{"type":"link.welcome","payload":{"proto":1,"epoch":"e","have":{}}}"#);
        assert!(connection.next_line().is_none(), "nothing is said of what may still come");
        sending.join().unwrap()
    });
    assert_eq!((report.spooled, failure), (300, Some(Failure::Spool(SpoolFailure::Damaged))));
    fs::write(file(&spool), whole).unwrap();
    let run = spooled_runs(&spool).unwrap().next().unwrap().unwrap();
    let (report, seqs) = std::thread::scope(|scope| {
        let sending = scope.spawn(|| run.send(&socket, LONG).unwrap());
        let mut connection = hub.accept();
        let seqs = serve(&mut connection, 0, 300);
        (sending.join().unwrap().0, seqs)
    });
    assert_eq!((report.spooled, seqs.len(), file(&spool).exists()), (0, 300, false));
}

#[test]
fn what_a_process_left_is_sent_by_another_from_where_the_hub_is() {
    let (dir, socket) = scratch();
    let spool = dir.path().join("spool");
    let bus = EventBus::new();
    let pusher = start(&socket, &spool, &bus);
    emit(&bus, 300);
    let report = pusher.close(LONG);
    assert_eq!((report.spooled, report.unsent, report.lost), (300, 300, 0));
    drop(pusher);
    // A process that was killed while it wrote leaves a torn line.
    let mut text = fs::read(file(&spool)).unwrap();
    text.extend_from_slice(br#"{"type":"log.std"#);
    fs::write(file(&spool), text).unwrap();
    let mut runs = spooled_runs(&spool).unwrap();
    let run = runs.next().unwrap().unwrap();
    assert_eq!((run.run().as_str(), run.events()), ("r", 300));
    assert!(spooled_runs(&spool).unwrap().next().is_none(), "only one may send it");
    // Without a hub it stays.
    let (report, failure) = run.send(&socket, LONG).unwrap();
    assert_eq!(report.spooled, 300);
    assert!(failure.unwrap().is_absence());
    let hub = Hub::at(&socket);
    let run = spooled_runs(&spool).unwrap().next().unwrap().unwrap();
    let path = socket.clone();
    let sender = std::thread::Builder::new().spawn(move || run.send(&path, LONG).unwrap()).unwrap();
    let mut connection = hub.accept();
    let seqs = serve(&mut connection, 120, 300);
    assert_eq!(seqs, (121..=300).collect::<Vec<_>>());
    let (report, _) = sender.join().unwrap();
    assert_eq!((report.spooled, report.unsent), (0, 0), "{report:?}");
    assert!(!file(&spool).exists());
    assert!(spooled_runs(&spool).unwrap().next().is_none());
}

#[test]
fn the_next_run_sends_what_the_last_one_left() {
    let (dir, socket) = scratch();
    let spool = dir.path().join("spool");
    let bus = EventBus::new();
    let pusher = start(&socket, &spool, &bus);
    emit(&bus, 10);
    pusher.close(LONG);
    drop(pusher);
    let hub = Hub::at(&socket);
    let bus = EventBus::new();
    let next = SocketPusher::builder().socket(&socket).spool(&spool).start(&bus).unwrap();
    let _live = hub.accept();
    let mut old = hub.accept();
    assert_eq!(serve(&mut old, 0, 10), (1..=10).collect::<Vec<_>>());
    while old.next_line().is_some() {}
    assert!(!file(&spool).exists());
    next.close(Duration::ZERO);
}

/// The test above all others: the process is killed, not asked.
#[test]
fn a_killed_orchestrator_loses_the_last_ten_milliseconds_at_most() {
    let (dir, _) = scratch();
    let spool = dir.path().join("spool");
    if let Some(spool) = std::env::var_os("CHOO_TEST_SPOOL") {
        return emit_until_killed(Path::new(&spool));
    }
    let program = std::env::current_exe().unwrap();
    let mut child = Command::new(program)
        .args(["--exact", "a_killed_orchestrator_loses_the_last_ten_milliseconds_at_most", "--nocapture"])
        .env("CHOO_TEST_SPOOL", &spool)
        .spawn()
        .unwrap();
    // It says how far it was more than 10 ms ago.
    let told = spool.join("told");
    let mut safe = 0;
    while safe < 2000 {
        safe = fs::read_to_string(&told).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(safe);
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let run = spooled_runs(&spool).unwrap().next().unwrap().unwrap();
    assert!(run.events() >= safe, "{} of {safe}", run.events());
}

fn emit_until_killed(spool: &Path) {
    fs::create_dir_all(spool).unwrap();
    let bus = EventBus::new();
    let pusher = start(&spool.join("no.sock"), spool, &bus);
    for n in 1.. {
        emit(&bus, 10);
        let stats = wait(&pusher, |stats| stats.spooled + 200 > n * 10);
        // Renamed into place, so that nobody reads half of it.
        fs::write(spool.join("telling"), stats.spooled.to_string()).unwrap();
        fs::rename(spool.join("telling"), spool.join("told")).unwrap();
    }
}

#[test]
fn a_spool_that_cannot_be_written_is_told_and_holds_nobody_up() {
    let (dir, socket) = scratch();
    let spool = dir.path().join("spool");
    fs::write(&spool, "no directory").unwrap();
    let told: Arc<Mutex<Vec<Warning>>> = Arc::default();
    let bus = EventBus::new();
    let pusher = SocketPusher::builder()
        .socket(&socket)
        .spool(&spool)
        .on_warning({
            let told = Arc::clone(&told);
            move |warning| told.lock().unwrap().push(warning.clone())
        })
        .start(&bus)
        .unwrap();
    emit(&bus, 10);
    let stats = wait(&pusher, |stats| stats.spool_failure.is_some());
    assert_eq!((stats.spooled, stats.queued, stats.lost()), (0, 10, 0));
    pusher.close(Duration::ZERO);
    let warned = |warning: &Warning| matches!(warning, Warning::Spool { .. });
    assert_eq!(told.lock().unwrap().iter().filter(|warning| warned(warning)).count(), 1);
}

#[test]
fn beyond_its_limit_the_buffers_rules_hold_and_order_is_kept() {
    let (dir, socket) = scratch();
    let spool = dir.path().join("spool");
    let bus = EventBus::new();
    let pusher = SocketPusher::builder()
        .socket(&socket)
        .run("r".parse().unwrap())
        .spool(&spool)
        .spool_bytes(20_000)
        .buffer_events(1)
        .start(&bus)
        .unwrap();
    for _ in 0..100 {
        emit(&bus, 10);
        wait(&pusher, |stats| stats.spooled > 0);
    }
    let stats = wait(&pusher, |stats| stats.evicted > 0);
    assert_eq!(stats.spool_failure, Some(SpoolFailure::Full));
    let hub = Hub::at(&socket);
    let seqs = serve(&mut hub.accept(), 0, 1000);
    assert!(seqs.is_sorted() && seqs.starts_with(&[1, 2, 3]), "{seqs:?}");
    let stats = wait(&pusher, |stats| stats.acked == 1000);
    assert_eq!(seqs.len() as u64 + stats.lost(), 1000);
}
