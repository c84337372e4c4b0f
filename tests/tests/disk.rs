//! A disk that takes no more, under a real hub: by a limit of the hub's files that works everywhere, and on a real
//! file system with no room or no permission, as `cargo xtask soak disk` mounts one.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking, and says how far it is"
)]

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use choo_protocol::{Event, LogStream};
use choo_tests::{Hub, Stream, WATCHDOG, numbers};
use choo_transport::{EventBus, SocketPusher};
use rustix::process::{Resource, Rlimit, Signal, prlimit};
use serde_json::Value;

/// Events of each part of the run.
const EVENTS: u64 = 2_000;

/// The run in front of a hub.
struct Run {
    bus: EventBus,
    pusher: SocketPusher,
    emitted: u64,
}

impl Run {
    fn start(hub: &Hub) -> Self {
        let bus = EventBus::new();
        let pusher = SocketPusher::builder().socket(hub.socket()).start(&bus).unwrap();
        assert!(pusher.wait_connected(WATCHDOG));
        Run { bus, pusher, emitted: 0 }
    }

    /// Some more events, which a reader gets at once.
    fn go_on(&mut self, live: &mut Stream) {
        for _ in 0..EVENTS {
            self.emitted += 1;
            let text = "a line of ordinary length, more or less, as a compiler would say it";
            self.bus.emit(Event::log("app", Some(1), LogStream::Stdout, text, self.emitted));
        }
        live.wait("the live stream", |line| line["seq"] == self.emitted);
    }

    /// Everything is acknowledged, and the hub that comes next has it.
    fn end(self, hub: Hub) {
        let run = self.pusher.run().to_string();
        let report = self.pusher.close(WATCHDOG);
        assert!(report.is_complete(), "{report:?}");
        let hub = hub.kill_and_restart();
        let mut late = hub.follow("?since=earliest");
        late.wait("the last event", |line| line["seq"] == self.emitted);
        assert!(numbers(late.seen(), &run).into_iter().eq(1..=self.emitted), "each once and in order");
        assert!(!late.seen().iter().any(|line| line["type"] == "hub.gap"));
        println!("after SIGKILL: all {} events are there", self.emitted);
    }
}

/// Waits until the hub has told all readers this of its history; they have it from the live stream.
fn told(live: &mut Stream, words: &str) {
    let of_history = |line: &Value| line["type"] == "hub.error" && line["payload"]["kind"] == "history";
    let message = |line: &Value| line["payload"]["message"].as_str().unwrap().to_owned();
    let fits = |line: &Value| of_history(line) && message(line).contains(words);
    let seen = live.seen().iter().find(|line| fits(line)).cloned();
    let error = seen.unwrap_or_else(|| live.wait(words, fits));
    println!("hub.error: {}", message(&error));
}

fn health(hub: &Hub) -> Value {
    let health = hub.get("/healthz");
    println!("/healthz: {} {}", health["status"], health["history"]["stored"]);
    health
}

/// The history degrades and says so, the live stream goes on, nothing is acknowledged that is not stored, and
/// it recovers by itself.
fn fill_and_free(hub: Hub, fill: impl FnOnce(&Hub), free: impl FnOnce(&Hub)) {
    let mut run = Run::start(&hub);
    let mut live = hub.follow("?since=earliest");
    run.go_on(&mut live);
    assert_eq!(health(&hub)["status"], "ok");
    fill(&hub);
    run.go_on(&mut live);
    told(&mut live, "not stored at present");
    run.go_on(&mut live);
    let health_now = health(&hub);
    assert_eq!(health_now["status"], "degraded");
    assert!(health_now["history"]["stored"]["error"].is_string());
    let stats = run.pusher.stats();
    assert!(stats.acked <= stats.emitted - EVENTS, "what is not stored is not acknowledged: {stats:?}");
    free(&hub);
    told(&mut live, "stored again");
    run.go_on(&mut live);
    assert_eq!(health(&hub)["status"], "ok");
    run.end(hub);
}

/// The hub's files may get no longer than this.
fn limit(hub: &Hub, bytes: Option<u64>) {
    let unlimited = prlimit(Some(hub.pid()), Resource::Fsize, Rlimit { current: None, maximum: None });
    let unlimited = unlimited.unwrap();
    let new = Rlimit { current: bytes, maximum: unlimited.maximum };
    prlimit(Some(hub.pid()), Resource::Fsize, new).unwrap();
}

#[test]
fn files_that_may_not_grow_stop_the_history_alone_and_until_they_may() {
    fill_and_free(Hub::start(), |hub| limit(hub, Some(1)), |hub| limit(hub, None));
}

#[test]
fn a_journal_that_takes_a_part_of_a_batch_holds_none_of_it_against_those_that_come_later() {
    let hub = Hub::start();
    let mut run = Run::start(&hub);
    let mut live = hub.follow("?since=earliest");
    // One at a time, so that each is a batch of its own.
    let one = |run: &mut Run, live: &mut Stream| {
        run.emitted += 1;
        run.bus.emit(Event::log("app", Some(1), LogStream::Stdout, "a line", run.emitted));
        live.wait("the live stream", |line| line["seq"] == run.emitted);
    };
    for _ in 0..50 {
        one(&mut run, &mut live);
    }
    let journal = fs::metadata(hub.dir().join("data/history.db.journal")).unwrap().len();
    limit(&hub, Some(journal + 100));
    for _ in 0..5 {
        one(&mut run, &mut live);
    }
    told(&mut live, "not stored at present");
    assert_eq!(health(&hub)["status"], "degraded");
    limit(&hub, None);
    told(&mut live, "stored again");
    for _ in 0..50 {
        one(&mut run, &mut live);
    }
    run.end(hub);
}

/// The file system that `cargo xtask soak disk` has mounted, small enough to be filled.
fn mounted() -> PathBuf {
    let dir = std::env::var_os("CHOO_DISK").map(PathBuf::from);
    dir.unwrap_or_else(|| panic!("run it by `cargo xtask soak disk`, which mounts a small disk"))
}

/// A hub whose data lie in this folder.
fn hub_on(data: &PathBuf) -> Hub {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(data).unwrap();
    symlink(data, dir.path().join("data")).unwrap();
    Hub::start_again(dir)
}

#[test]
#[ignore = "`cargo xtask soak disk` mounts what it needs"]
fn a_full_disk_stops_the_history_alone_and_until_there_is_room() {
    let filler = mounted().join("filler");
    let fill = |_: &Hub| {
        let mut file = File::create(&filler).unwrap();
        let mut size = 1 << 20;
        while size > 0 {
            if file.write_all(&vec![b'x'; size]).is_err() {
                size /= 2;
            }
        }
        println!("filled up with {} bytes", file.metadata().unwrap().len());
    };
    fill_and_free(hub_on(&mounted().join("full")), fill, |_| fs::remove_file(&filler).unwrap());
}

#[test]
#[ignore = "`cargo xtask soak disk` mounts what it needs"]
fn a_read_only_disk_is_read_and_stored_to_once_it_can_be() {
    let remount = |how: &str| {
        let status = Command::new("mount").args(["-o", how]).arg(mounted()).status().unwrap();
        assert!(status.success(), "mount -o {how}");
    };
    // A hub that is killed leaves its log beside the file, one that ends well has moved it there.
    for how in [Signal::KILL, Signal::TERM] {
        let hub = hub_on(&mounted().join(format!("read-only-{}", how.as_raw())));
        let mut run = Run::start(&hub);
        run.go_on(&mut hub.follow("?since=earliest"));
        let before = run.pusher.run().to_string();
        assert!(run.pusher.close(WATCHDOG).is_complete());
        let dir = hub.end(how);
        remount("remount,ro");
        let hub = Hub::start_again(dir);
        let mut live = hub.follow("?since=earliest");
        live.wait("what was stored", |line| line["seq"] == EVENTS);
        assert!(numbers(live.seen(), &before).into_iter().eq(1..=EVENTS), "yesterday's run can be read");
        assert_eq!(health(&hub)["status"], "degraded");
        let mut run = Run::start(&hub);
        run.go_on(&mut live);
        assert_eq!(run.pusher.stats().acked, 0);
        remount("remount,rw");
        told(&mut live, "stored again");
        assert_eq!(health(&hub)["status"], "ok");
        run.go_on(&mut live);
        run.end(hub);
    }
}
