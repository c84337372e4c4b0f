//! Files that are not what was written.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::core::{Hole, HoleReason};
use crate::history::sqlite::Sqlite;
use crate::history::store::StoreError;

fn filled(path: &Path) -> u64 {
    let mut desk = Desk::open(Sqlite::new(path.to_owned()), 1 << 30, start());
    let mut producer = desk.core.connect(None);
    for seq in 1..=100 {
        desk.send(&mut producer, &event("task.started", "r", seq));
        if seq % 10 == 0 {
            desk.store();
            desk.settle();
        }
    }
    let last = desk.core.history().last();
    desk.close();
    last
}

fn holes(items: &[Piece]) -> Vec<Hole> {
    let hole = |item: &Piece| match item {
        Piece::Hole(hole) => Some(*hole),
        Piece::Record(_) => None,
    };
    items.iter().filter_map(hole).collect()
}

#[test]
fn a_block_that_is_not_whole_is_stated_and_skipped() {
    for sql in [
        "UPDATE block SET lines = zeroblob(length(lines)) WHERE first = 31",
        "UPDATE block SET lines = 17 WHERE first = 31",
        "UPDATE block SET lines = substr(lines, 1, length(lines) / 2) WHERE first = 31",
        "UPDATE block SET length = length - 1 WHERE first = 31",
        "UPDATE block SET length = 1 << 40 WHERE first = 31",
        "UPDATE block SET logs = '{}' WHERE first = 31",
        "DELETE FROM block WHERE first = 31",
    ] {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("history.db");
        filled(&path);
        Connection::open(&path).unwrap().execute(sql, []).unwrap();
        let desk = Desk::open(Sqlite::new(path), 0, start());
        let items = desk.read_all();
        let damaged = Hole { from: 31, to: 40, why: HoleReason::Damaged };
        assert_eq!(holes(&items), [damaged], "{sql}");
        assert_eq!(items.len(), 91, "{sql}");
        let told = desk.drain(&mut desk.reader(Since::Earliest));
        assert_eq!(told[0], "hub.hello");
        assert_eq!(told[31..33], ["hub.gap:damaged:10", "snapshot:r"], "{sql}: {told:?}");
        assert_eq!(told.last().unwrap(), "task.started#100");
        assert_eq!(desk.state("r").seq, 100, "the state is not folded from there");
    }
}

#[test]
fn a_database_with_a_torn_middle_is_read_around() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    let mut desk = Desk::open(Sqlite::new(path.clone()), 1 << 30, start());
    let mut producer = desk.core.connect(None);
    let long = noise(20_000);
    for seq in 1..=100 {
        let line = format!(
            r#"{{"type":"log.stdout","payload":{{"content":"{long}","n":1}},"run":"r","seq":{seq}}}"#
        );
        desk.send(&mut producer, &line);
        desk.store();
        desk.settle();
    }
    let (_, now) = desk.close();
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 40_000].fill(0xaa);
    fs::write(&path, bytes).unwrap();
    let desk = Desk::open(Sqlite::new(path), 0, now);
    let items = desk.read_all();
    let holes = holes(&items);
    assert!(!holes.is_empty() && holes.iter().all(|hole| hole.why == HoleReason::Damaged), "{holes:?}");
    let missing: u64 = holes.iter().map(|hole| hole.to + 1 - hole.from).sum();
    let records = (items.len() - holes.len()) as u64;
    assert_eq!(records + missing, desk.core.epochs().count(0, desk.core.history().last()));
    assert!(records > 50, "{records} of 100 are left");
}

#[test]
fn what_is_no_database_is_put_aside() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    fs::write(&path, "not a database, ".repeat(1000)).unwrap();
    let mut store = Sqlite::new(path.clone());
    let (restored, aside) = recover(&mut store).unwrap();
    assert_eq!((restored.start, restored.runs.len()), (0, 0));
    let aside = aside.unwrap();
    assert_eq!(aside, dir.path().join("history.db.damaged-1"));
    assert!(fs::read_to_string(&aside).unwrap().starts_with("not a database"));
    drop(store);
    assert_eq!(filled(&path), 100, "a new one works");
    let mut bytes = fs::read(&path).unwrap();
    bytes[..4096].fill(0);
    fs::write(&path, bytes).unwrap();
    let (_, aside) = recover(&mut Sqlite::new(path)).unwrap();
    assert_eq!(aside.unwrap(), dir.path().join("history.db.damaged-2"));
}

#[test]
fn what_a_later_version_wrote_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    filled(&path);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let found = recover(&mut Sqlite::new(path.clone()));
    assert!(matches!(found, Err(StoreError::Later { version: 99, .. })));
    assert!(path.exists());
}

#[test]
fn a_damaged_state_is_folded_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    filled(&path);
    let connection = Connection::open(&path).unwrap();
    assert_eq!(connection.execute("UPDATE state SET state = replace(state, 'running', 'failed')", []), Ok(1));
    drop(connection);
    let desk = Desk::open(Sqlite::new(path), 0, start());
    let state = desk.state("r");
    assert_eq!(state.seq, 100);
    let mut tasks = state.units.values().flat_map(|unit| unit.tasks.values());
    assert!(tasks.all(|task| task.status == choo_protocol::TaskStatus::Running), "{state:?}");
}

#[test]
fn the_file_is_for_its_user_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("data/history.db");
    filled(&path);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
}
