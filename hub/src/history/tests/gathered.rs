//! Small batches, which the SQLite store gathers in a journal: hubs that are killed at any point, and journals that are
//! not what was written.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;

use super::*;
use crate::core::{Hole, HoleReason};
use crate::history::sqlite::Sqlite;
use crate::history::store::Excess;

const FILES: [&str; 3] = ["history.db", "history.db-wal", "history.db.journal"];

fn open(dir: &Path) -> Desk<Sqlite> {
    Desk::open(Sqlite::new(dir.join("history.db")), 1 << 20, start())
}

fn journal(dir: &Path) -> PathBuf {
    dir.join("history.db.journal")
}

/// A hub that has settled ten events of `r` and gathered as many as there are `parts`, one batch each.
fn hub(dir: &Path, parts: u64) -> (Desk<Sqlite>, Ingest) {
    let mut desk = open(dir);
    let mut producer = desk.core.connect(Some(1));
    for seq in 1..=10 {
        desk.send(&mut producer, &event("task.started", "r", seq));
    }
    desk.store();
    desk.settle();
    for seq in 11..=10 + parts {
        desk.send(&mut producer, &event("log.stdout", "r", seq));
        desk.store();
    }
    (desk, producer)
}

/// What lies on the disk now, as a process that is killed leaves it.
fn killed(dir: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in FILES {
        if dir.join(name).exists() {
            fs::copy(dir.join(name), copy.path().join(name)).unwrap();
        }
    }
    copy
}

fn told(desk: &Desk<Sqlite>) -> Vec<String> {
    let told = |piece: &Piece| match piece {
        Piece::Record(record) => format!("{}@{}", describe_record(record), record.offset),
        Piece::Hole(Hole { from, to, why }) => format!("{}:{from}-{to}", why.as_str()),
    };
    desk.read_all().iter().map(told).collect()
}

/// The same of the next hub, behind whose last event offsets have jumped.
fn tail(desk: &Desk<Sqlite>) -> Vec<String> {
    told(desk).split_off(10)
}

fn settled(dir: &Path) -> u64 {
    let connection = rusqlite::Connection::open(dir.join("history.db")).unwrap();
    let last = connection.query_row("SELECT max(last) FROM block", [], |row| row.get::<_, i64>(0));
    u64::try_from(last.unwrap()).unwrap()
}

#[test]
fn what_was_gathered_is_acknowledged_read_and_outlives_the_process() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 3);
    desk.send(&mut producer, &event("log.stdout", "other", 1));
    desk.store();
    assert_eq!((desk.core.have("r"), desk.core.have("other")), (Some(13), Some(1)));
    assert_eq!(settled(dir.path()), 10, "the rest is in the journal");
    let all = told(&desk);
    assert_eq!(all[10..], ["log.stdout#11@11", "log.stdout#12@12", "log.stdout#13@13", "log.stdout#1@14"]);
    let states = ["r", "other"].map(|run| desk.state(run));

    let copy = killed(dir.path());
    let next = open(copy.path());
    assert_eq!(told(&next), all);
    assert_eq!(["r", "other"].map(|run| next.state(run)), states);
    assert_eq!((next.core.have("r"), next.core.have("other")), (Some(13), Some(1)));
    assert_eq!(next.core.epochs().count(0, next.core.history().last()), 14, "the epoch ended behind them");
    assert_eq!(settled(copy.path()), 14);
}

#[test]
fn a_reader_gets_settled_and_gathered_events_in_one_order() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 4);
    let all = told(&desk);
    for after in 0..14 {
        for through in after + 1..=14 {
            let fetch = Fetch { after, through, run: None, only: None };
            let offsets = |piece: &Piece| match piece {
                Piece::Record(record) => record.offset,
                Piece::Hole(hole) => panic!("{hole:?}"),
            };
            let wanted: Vec<u64> = desk.read(fetch).iter().map(offsets).filter(|it| *it <= through).collect();
            assert!(wanted.into_iter().eq(after + 1..=through), "{after} {through}");
        }
    }
    // One that was asked for before a commit and looks at the file after it.
    let mut reader = desk.store.reader();
    let fetch = Fetch { after: 0, through: 14, run: None, only: None };
    assert_eq!(reader.page(&fetch).unwrap().through, 10);
    desk.settle();
    assert_eq!(told(&desk), all);
    assert_eq!(reader.page(&Fetch { after: 10, ..fetch }).unwrap().pieces.len(), 4);
    // In one page as well as in many.
    let long = "x".repeat(5_000);
    for seq in 15..60 {
        let line = format!(
            r#"{{"type":"log.stdout","payload":{{"content":"{long}","n":1}},"run":"r","seq":{seq}}}"#
        );
        desk.send(&mut producer, &line);
        desk.store();
    }
    let page = desk.fetch(&Fetch { after: 14, through: 60, run: None, only: None });
    assert!(page.pieces.len() < 20 && page.through < 40, "{}", page.through);
    assert_eq!(told(&desk).len(), desk.core.history().len());
}

#[test]
fn a_hub_that_is_killed_anywhere_has_the_batches_that_are_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = hub(dir.path(), 0).0;
    let mut producer = desk.core.connect(Some(1));
    let mut lens = vec![0];
    for seq in 11..=13 {
        desk.send(&mut producer, &event("log.stdout", "r", seq));
        desk.store();
        lens.push(fs::read(journal(dir.path())).unwrap().len());
    }
    let bytes = fs::read(journal(dir.path())).unwrap();
    let points = lens.iter().flat_map(|len| [len.saturating_sub(1), *len, len + 1, len + 13, len + 300]);
    for len in points.filter(|len| *len <= bytes.len()) {
        let copy = killed(dir.path());
        fs::write(journal(copy.path()), &bytes[..len]).unwrap();
        let whole = lens.iter().filter(|end| **end <= len).count() as u64 - 1;
        let mut next = open(copy.path());
        assert_eq!(next.core.have("r"), Some(10 + whole), "{len}");
        let expected: Vec<String> = (11..=10 + whole).map(|n| format!("log.stdout#{n}@{n}")).collect();
        assert_eq!(tail(&next), expected, "{len}");
        // And it goes on.
        let mut producer = next.core.connect(Some(1));
        next.send(&mut producer, &event("log.stdout", "r", 11 + whole));
        next.store();
        assert_eq!(next.core.have("r"), Some(11 + whole));
        let again = killed(copy.path());
        assert_eq!(open(again.path()).core.have("r"), Some(11 + whole), "{len}");
    }
}

#[test]
fn a_hub_that_is_killed_between_the_commit_and_the_new_journal_has_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 4);
    let old = fs::read(journal(dir.path())).unwrap();
    let all = told(&desk);
    desk.settle();
    assert_eq!(fs::read(journal(dir.path())).unwrap().len(), 0);
    let copy = killed(dir.path());
    fs::write(journal(copy.path()), &old).unwrap();
    let next = open(copy.path());
    assert_eq!((told(&next), next.core.have("r")), (all, Some(14)));
    drop(next);
    // An epoch later it belongs even less to what is there.
    fs::write(journal(copy.path()), &old).unwrap();
    assert_eq!(open(copy.path()).core.have("r"), Some(14));

    // A new journal of which only the head has come so far, and one with a part of a frame.
    desk.send(&mut producer, &event("log.stdout", "r", 15));
    desk.store();
    let new = fs::read(journal(dir.path())).unwrap();
    for len in [32, 40, new.len() - 1] {
        let copy = killed(dir.path());
        fs::write(journal(copy.path()), &new[..len]).unwrap();
        assert_eq!(open(copy.path()).core.have("r"), Some(14), "{len}");
    }
    assert_eq!(open(killed(dir.path()).path()).core.have("r"), Some(15));
}

#[test]
fn a_hub_that_is_killed_again_and_again_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut path = killed(dir.path());
    for seq in 1..=20 {
        let mut desk = open(path.path());
        let mut producer = desk.core.connect(Some(1));
        assert_eq!(desk.core.have("r").unwrap_or(0), seq - 1);
        desk.send(&mut producer, &event("log.stdout", "r", seq));
        desk.store();
        if seq % 3 == 0 {
            desk.settle();
        }
        path = killed(path.path());
    }
    let desk = open(path.path());
    assert_eq!(told(&desk).len(), 20);
    assert_eq!(desk.core.epochs().count(0, desk.core.history().last()), 20);
}

#[test]
fn what_is_damaged_in_the_journal_is_a_hole_and_the_rest_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, _) = hub(dir.path(), 4);
    let bytes = fs::read(journal(dir.path())).unwrap();
    drop(desk);
    for at in (32..bytes.len()).step_by(29) {
        let copy = killed(dir.path());
        let mut damaged = bytes.clone();
        damaged[at] ^= 0xff;
        fs::write(journal(copy.path()), damaged).unwrap();
        let next = open(copy.path());
        let told = tail(&next);
        let lost = (11..=14).find(|n| !told.contains(&format!("log.stdout#{n}@{n}"))).unwrap();
        let end = if lost == 14 { 13 } else { 14 };
        let mut expected: Vec<String> = (11..=end).map(|n| format!("log.stdout#{n}@{n}")).collect();
        if lost < 14 {
            expected[usize::try_from(lost).unwrap() - 11] = format!("damaged:{lost}-{lost}");
        }
        assert_eq!(told, expected, "{at}");
        let run = Some("r".parse().unwrap());
        let of_run = next.read(Fetch { after: 0, through: next.core.history().last(), run, only: None });
        let hole = |piece: &Piece| matches!(piece, Piece::Hole(hole) if hole.why == HoleReason::Damaged);
        assert_eq!(of_run.iter().any(hole), lost < 14, "whoever follows the run is told as well");
    }
    // A journal that is nothing of the kind.
    let copy = killed(dir.path());
    fs::write(journal(copy.path()), "not a journal, ".repeat(100)).unwrap();
    assert_eq!(tail(&open(copy.path())), [""; 0]);
}

#[test]
fn a_disk_that_can_only_be_read_gives_what_is_in_the_journal() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 3);
    desk.send(&mut producer, &event("log.stdout", "other", 1));
    desk.store();
    let all = told(&desk);
    let states = ["r", "other"].map(|run| desk.state(run));
    let copy = killed(dir.path());
    let mut store = Sqlite::new(copy.path().join("history.db"));
    store.set_read_only(true);
    let (restored, _) = recover(&mut store).unwrap();
    let core = Core::new(0, 7, start()).restore(restored, KEEP, start());
    assert!(store.begin(core.epochs().now()).is_err());
    let mut next = Desk { core, store, now: start() };
    assert_eq!(told(&next), all);
    assert_eq!(["r", "other"].map(|run| next.state(run)), states);
    assert_eq!(next.core.epochs().count(0, next.core.history().last()), 14);
    assert_eq!(settled(copy.path()), 10);
    let mode = fs::metadata(journal(dir.path())).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    // Once it can be written to, all of it is stored.
    next.store.set_read_only(false);
    let mut producer = next.core.connect(Some(1));
    next.send(&mut producer, &event("log.stdout", "r", 14));
    next.store();
    assert_eq!(next.core.have("r"), Some(14));
    assert_eq!(told(&next)[..14], all);
    assert_eq!(told(&open(killed(copy.path()).path())).len(), 15);
}

#[test]
fn a_journal_that_is_removed_costs_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 4);
    fs::remove_file(journal(dir.path())).unwrap();
    desk.send(&mut producer, &event("log.stdout", "r", 15));
    desk.store();
    assert_eq!(settled(dir.path()), 15, "memory had what was in it");
    desk.send(&mut producer, &event("log.stdout", "r", 16));
    desk.store();
    assert!(journal(dir.path()).exists(), "and there is a new one");
    assert_eq!(open(killed(dir.path()).path()).core.have("r"), Some(16));
}

#[test]
fn a_journal_that_cannot_be_written_is_done_without() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(journal(dir.path())).unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 4);
    assert_eq!((desk.core.have("r"), settled(dir.path())), (Some(14), 14));
    fs::remove_dir(journal(dir.path())).unwrap();
    desk.send(&mut producer, &event("log.stdout", "r", 15));
    desk.store();
    assert_eq!((desk.core.have("r"), settled(dir.path())), (Some(15), 14));
}

#[test]
fn a_hub_that_ends_leaves_no_journal_and_one_that_is_removed_takes_it_along() {
    let dir = tempfile::tempdir().unwrap();
    let (desk, _) = hub(dir.path(), 4);
    let (_, now) = desk.close();
    assert!(!journal(dir.path()).exists());
    assert_eq!(settled(dir.path()), 14);
    drop(Desk::open(Sqlite::new(dir.path().join("history.db")), 0, now));

    let dir = tempfile::tempdir().unwrap();
    let (mut desk, _) = hub(dir.path(), 4);
    fs::remove_file(dir.path().join("history.db")).unwrap();
    assert!(desk.store.settle().is_err());
    assert!(!journal(dir.path()).exists(), "nobody could do anything with it");
}

#[test]
fn a_file_damaged_in_use_takes_its_journal_along_and_nothing_that_was_gathered_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 4);
    desk.store.damage();
    desk.send(&mut producer, &event("log.stdout", "r", 15));
    while desk.store() {}
    assert!(dir.path().join("history.db.damaged-1.journal").exists());
    let read = told(&desk);
    assert_eq!(read[..2], ["evicted:1-10", "log.stdout#11@11"]);
    assert_eq!(desk.core.have("r"), Some(15));
    let next = open(killed(dir.path()).path());
    assert_eq!(next.state("r"), desk.state("r"));
}

#[test]
fn what_may_go_goes_though_it_was_only_gathered_and_offsets_go_on_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 4);
    let mut removable = desk.core.removable();
    removable.unowned = 14;
    let removed = desk.store.remove(&Excess { before: None, bytes: None, removable }).unwrap();
    assert_eq!((removed.events, removed.floor), (14, 14));

    producer.handle_end(&mut desk.core, desk.now);
    desk.pass(Duration::from_secs(31));
    desk.core.runs_mut().forget_before(later(desk.now, Duration::from_secs(1)).time);
    desk.store();
    let removable = desk.core.removable();
    let last = desk.core.history().last();
    assert_eq!(removable.unowned, last);
    desk.store.remove(&Excess { before: None, bytes: None, removable }).unwrap();
    let (_, now) = desk.close();
    let next = Desk::open(Sqlite::new(dir.path().join("history.db")), 0, now);
    assert_eq!(next.core.history().last(), last, "no offset is given twice, though nothing is there");
}

#[test]
fn large_batches_states_and_what_comes_behind_a_hole_are_commits() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 1);
    assert_eq!(settled(dir.path()), 10);
    for seq in 12..=800 {
        desk.send(&mut producer, &event("log.stdout", "r", seq));
    }
    desk.store();
    assert_eq!(settled(dir.path()), 800, "with what was gathered before");
    // So much at a time that the journal is full at some point.
    let mut longest = 0;
    for seq in 801..=10_000 {
        desk.send(&mut producer, &event("log.stdout", "r", seq));
        if seq % 40 == 0 {
            desk.store();
            longest = longest.max(fs::metadata(journal(dir.path())).unwrap().len());
        }
    }
    assert!((400 << 10..=512 << 10).contains(&longest), "{longest}");
    assert!(settled(dir.path()) > 5_000);
    assert_eq!(told(&desk).len(), 10_000);
    assert_eq!(told(&open(killed(dir.path()).path())).len(), 10_000);
}

/// What happens to a hub whose run sends events.
#[derive(Clone, Copy, Debug)]
enum Act {
    /// So many events of so many bytes.
    Send(u64, usize),
    Store,
    Settle,
    /// The process is killed, and another goes on with what it left.
    Kill,
    /// It ends in good order, and another goes on.
    End,
    /// Somebody removes the journal, and the hub goes on.
    Remove,
    /// The file cannot be opened again for a while, or can.
    ReadOnly(bool),
    Pass(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        8 => (1..5u64, prop_oneof![0..200usize, 20_000..40_000usize]).prop_map(|(n, bytes)| Act::Send(n, bytes)),
        8 => Just(Act::Store),
        2 => Just(Act::Settle),
        2 => Just(Act::Kill),
        1 => Just(Act::End),
        1 => Just(Act::Remove),
        1 => any::<bool>().prop_map(Act::ReadOnly),
        1 => (1..70u64).prop_map(Act::Pass),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// What was acknowledged is there for the next hub, all that memory and the file have can be read, and nothing
    /// comes twice.
    #[test]
    fn nothing_is_lost_or_doubled_whatever_happens_in_between(acts in prop::collection::vec(act(), 1..60)) {
        let mut path = tempfile::tempdir().unwrap();
        let open = |path: &Path, now| Desk::open(Sqlite::new(path.join("history.db")), 1 << 30, now);
        let mut desk = open(path.path(), start());
        let mut producer = desk.core.connect(Some(1));
        // What the run has sent to this hub or to one before that had stored it.
        let mut seq = 0;
        let line = |seq, bytes| {
            let text = noise(bytes);
            format!(r#"{{"type":"log.stdout","payload":{{"content":"{text}","n":1}},"run":"r","seq":{seq}}}"#)
        };
        let mut writable = true;
        for act in acts {
            match act {
                Act::Send(events, bytes) => for _ in 0..events {
                    seq += 1;
                    desk.send(&mut producer, &line(seq, bytes));
                },
                Act::Store => drop(desk.store()),
                Act::Settle => desk.settle(),
                Act::Kill => {
                    let stored = desk.core.have("r");
                    let now = desk.now;
                    path = killed(path.path());
                    (desk, writable) = (open(path.path(), now), true);
                    prop_assert_eq!(desk.core.have("r"), stored, "what was acknowledged");
                    seq = stored.unwrap_or(0);
                    producer = desk.core.connect(Some(1));
                }
                Act::End => {
                    desk.store.set_read_only(false);
                    writable = true;
                    let (_, now) = desk.close();
                    prop_assert!(!journal(path.path()).exists());
                    desk = open(path.path(), now);
                    prop_assert_eq!(desk.core.have("r").unwrap_or(0), seq);
                    producer = desk.core.connect(Some(1));
                }
                Act::Remove if writable => {
                    drop(fs::remove_file(journal(path.path())));
                    seq += 1;
                    desk.send(&mut producer, &line(seq, 10));
                    while desk.store() {}
                }
                Act::Remove => {}
                Act::ReadOnly(read_only) => {
                    desk.store.set_read_only(read_only);
                    writable = !read_only;
                }
                Act::Pass(secs) => desk.pass(Duration::from_secs(secs)),
            }
        }
        desk.store.set_read_only(false);
        while desk.store() {}
        let of_run = |piece: &Piece| match piece {
            Piece::Record(record) => match &record.body {
                Body::Line { kind, json, .. } if kind == "log.stdout" => {
                    serde_json::from_slice::<serde_json::Value>(json).unwrap()["seq"].as_u64()
                }
                _ => None,
            },
            Piece::Hole(hole) => panic!("{hole:?}"),
        };
        let seqs: Vec<u64> = desk.read_all().iter().filter_map(of_run).collect();
        prop_assert_eq!(seqs, (1..=seq).collect::<Vec<_>>());
    }
}
