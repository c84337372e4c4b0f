//! A disk that takes nothing for a while.

use super::*;
use crate::core::{HoleReason, OpenSpan};
use crate::history::sqlite::Sqlite;
use crate::history::store::{Excess, Found, Reader, Removed, StoreError};

/// A store that fails when told.
struct Faulty {
    inner: Sqlite,
    full: bool,
}

impl Faulty {
    fn check(&self) -> Result<(), StoreError> {
        if self.full { Err(StoreError::Full) } else { Ok(()) }
    }
}

impl Store for Faulty {
    fn recover(&mut self) -> Result<Found, StoreError> {
        self.inner.recover()
    }
    fn begin(&mut self, span: OpenSpan) -> Result<(), StoreError> {
        self.check()?;
        self.inner.begin(span)
    }
    fn append(&mut self, batch: &crate::core::Batch) -> Result<crate::core::Stored, StoreError> {
        self.check()?;
        self.inner.append(batch)
    }
    fn settle(&mut self) -> Result<(), StoreError> {
        self.check()?;
        self.inner.settle()
    }
    fn remove(&mut self, excess: &Excess) -> Result<Removed, StoreError> {
        self.inner.remove(excess)
    }
    fn end(&mut self) -> Result<(), StoreError> {
        self.inner.end()
    }
    fn reader(&self) -> Box<dyn Reader> {
        self.inner.reader()
    }
}

fn send(desk: &mut Desk<impl Store>, producer: &mut Ingest, seqs: std::ops::RangeInclusive<u64>) {
    for seq in seqs {
        desk.send(producer, &event("x.a", "r", seq));
    }
}

#[test]
fn a_full_disk_stops_acknowledgements_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let store = Faulty { inner: Sqlite::new(dir.path().join("history.db")), full: false };
    let mut desk = Desk::open(store, 2000, start());
    let mut producer = desk.core.connect(Some(1));
    send(&mut desk, &mut producer, 1..=3);
    assert_eq!(desk.core.have("r"), None, "not stored yet");
    desk.store();
    assert_eq!(desk.core.have("r"), Some(3));
    let mut live = desk.reader(Since::Now);
    desk.drain(&mut live);

    desk.store.full = true;
    send(&mut desk, &mut producer, 4..=5);
    desk.store();
    let mut told = desk.drain(&mut live);
    send(&mut desk, &mut producer, 6..=40);
    desk.store();
    assert_eq!(desk.core.have("r"), Some(3), "nobody is told that it is stored");
    assert!(desk.core.storing().unwrap().trouble().unwrap().message.contains("disk is full"));
    told.extend(desk.drain(&mut live));
    assert_eq!(told.iter().filter(|told| *told == "hub.error").count(), 1, "told once: {told:?}");

    desk.store.full = false;
    send(&mut desk, &mut producer, 41..=42);
    while desk.store() {}
    assert_eq!(desk.core.have("r"), Some(42));
    assert_eq!(desk.core.storing().unwrap().trouble(), None);
    let told = desk.drain(&mut live);
    assert_eq!(told[told.len() - 3..], ["x.a#41", "x.a#42", "hub.error"], "and that it is over");

    let told = desk.drain(&mut desk.reader(Since::Earliest));
    let gap = told.iter().position(|told| told.starts_with("hub.gap:unstored:")).unwrap();
    assert_eq!(told[gap - 1], "x.a#3");
    assert_eq!(told[told.len() - 2], "x.a#42");
}

#[test]
fn whoever_stores_rests_until_something_comes_and_not_while_it_is_in_trouble() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(Sqlite::new(dir.path().join("history.db")), 2000, start());
    let mut producer = desk.core.connect(Some(1));
    send(&mut desk, &mut producer, 1..=1);
    assert!(!desk.core.rest_storing(), "something is to be stored");
    assert!(!desk.core.rouse_storing(), "nobody rests");
    desk.store();
    assert!(desk.core.rest_storing());
    assert!(!desk.core.rouse_storing(), "nothing came");
    send(&mut desk, &mut producer, 2..=2);
    assert!(desk.core.rouse_storing());
    assert!(!desk.core.rouse_storing(), "told once");
    desk.store();
    assert!(desk.core.rest_storing());
    desk.core.handle_trouble("no", desk.now);
    assert!(!desk.core.rest_storing(), "it is tried again");
    while desk.store() {}
    assert!(desk.core.rest_storing());
}

#[test]
fn a_reader_far_behind_a_full_disk_is_told_what_it_misses() {
    let dir = tempfile::tempdir().unwrap();
    let store = Faulty { inner: Sqlite::new(dir.path().join("history.db")), full: false };
    let mut desk = Desk::open(store, 2000, start());
    let mut producer = desk.core.connect(Some(1));
    send(&mut desk, &mut producer, 1..=3);
    desk.store();
    let mut slow = desk.reader(Since::Earliest);
    desk.store.full = true;
    send(&mut desk, &mut producer, 4..=4);
    desk.store();
    send(&mut desk, &mut producer, 5..=100);
    let told = desk.drain(&mut slow);
    assert_eq!(told[..4], ["hub.hello", "x.a#1", "x.a#2", "x.a#3"]);
    assert!(told[4].starts_with("hub.gap:unstored:"), "{told:?}");
    assert_eq!(told.last().unwrap(), "x.a#100");
}

#[test]
fn a_database_that_may_not_grow_is_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::open(Sqlite::new(dir.path().join("history.db")), 1 << 20, start());
    let pages = desk.store.limit_pages(0);
    desk.store.limit_pages(pages + 40);
    let mut producer = desk.core.connect(Some(1));
    let long = noise(10_000);
    let line = |seq| {
        format!(r#"{{"type":"log.stdout","payload":{{"content":"{long}","n":1}},"run":"r","seq":{seq}}}"#)
    };
    for seq in 1..=60 {
        desk.send(&mut producer, &line(seq));
        desk.store();
        desk.settle();
    }
    let trouble = desk.core.storing().unwrap().trouble().unwrap().clone();
    assert_eq!(trouble.message, "the disk is full");
    let had = desk.core.have("r").unwrap();
    assert!((10..40).contains(&had), "{had}");
    desk.store.limit_pages(1_000_000);
    while desk.store() {}
    assert_eq!(desk.core.have("r"), Some(60), "what memory still had is stored now");
    assert!(desk.read_all().iter().all(|item| matches!(item, Piece::Record(_))));
}

#[test]
fn a_file_damaged_in_use_is_put_aside_and_the_runs_are_stored_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("history.db");
    let mut desk = Desk::open(Sqlite::new(path.clone()), 2000, start());
    let mut producer = desk.core.connect(Some(1));
    send(&mut desk, &mut producer, 1..=50);
    desk.store();
    desk.store.damage();
    send(&mut desk, &mut producer, 51..=52);
    while desk.store() {}
    assert!(dir.path().join("history.db.damaged-1").exists());
    assert_eq!(desk.core.have("r"), Some(52));
    let told = desk.drain(&mut desk.reader(Since::Earliest));
    assert!(told[1].starts_with("hub.gap:evicted:"), "{told:?}");
    let state = desk.state("r");
    drop(desk);
    let next = Desk::open(Sqlite::new(path), 2000, start());
    assert_eq!(next.state("r"), state, "as it was, though its first events are gone");
    let hole = |item: &Piece| matches!(item, Piece::Hole(hole) if hole.why != HoleReason::Evicted);
    assert!(!next.read_all().iter().any(hole));
}

#[test]
fn a_place_that_cannot_be_written_to_is_used_once_it_can() {
    use std::fs;
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("data");
    fs::write(&place, "in the way").unwrap();
    let mut store = Sqlite::new(place.join("history.db"));
    assert!(recover(&mut store).is_err());
    let core = Core::new(1 << 20, 7, start()).restore(crate::core::Restored::default(), KEEP, start());
    let mut desk = Desk { core, store, now: start() };
    let mut producer = desk.core.connect(Some(1));
    send(&mut desk, &mut producer, 1..=2);
    desk.store();
    assert!(desk.core.storing().unwrap().trouble().is_some());
    fs::remove_file(&place).unwrap();
    while desk.store() {}
    assert_eq!(desk.core.storing().unwrap().trouble(), None);
    assert_eq!(desk.core.have("r"), Some(2));
}
