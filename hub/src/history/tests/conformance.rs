//! What every store does. Each test is run on all of them.

use choo_protocol::RunId;

use super::*;
use crate::core::{Hole, HoleReason, Logs, Only, OpenSpan, Removable};
use crate::history::memory::Memory;
use crate::history::recovery::JUMP;
use crate::history::sqlite::Sqlite;
use crate::history::store::{Excess, PAGE_BYTES, StoreError};

/// Runs a test on each store; it is handed a way to open the same one again.
fn on_all(test: impl Fn(&dyn Fn() -> Box<dyn Store>)) {
    let memory = Memory::default();
    test(&|| Box::new(memory.clone()));
    let dir = tempfile::tempdir().unwrap();
    test(&|| Box::new(Sqlite::new(dir.path().join("data/history.db"))));
}

impl Store for Box<dyn Store> {
    fn recover(&mut self) -> Result<crate::history::store::Found, StoreError> {
        (**self).recover()
    }
    fn begin(&mut self, span: OpenSpan) -> Result<(), StoreError> {
        (**self).begin(span)
    }
    fn append(&mut self, batch: &crate::core::Batch) -> Result<crate::core::Stored, StoreError> {
        (**self).append(batch)
    }
    fn settle(&mut self) -> Result<(), StoreError> {
        (**self).settle()
    }
    fn remove(&mut self, excess: &Excess) -> Result<crate::history::store::Removed, StoreError> {
        (**self).remove(excess)
    }
    fn end(&mut self) -> Result<(), StoreError> {
        (**self).end()
    }
    fn reader(&self) -> Box<dyn crate::history::store::Reader> {
        (**self).reader()
    }
}

fn desk(open: &dyn Fn() -> Box<dyn Store>) -> Desk<Box<dyn Store>> {
    Desk::open(open(), 1 << 30, start())
}

/// A mix of runs and kinds, `n` events of each run, stored every few of them.
fn fill(desk: &mut Desk<Box<dyn Store>>, n: u64) {
    fill_settling(desk, n, |_| {});
}

/// The same, and what is done after each time.
fn fill_settling(desk: &mut Desk<Box<dyn Store>>, n: u64, settle: impl Fn(&mut Desk<Box<dyn Store>>)) {
    let mut producer = desk.core.connect(Some(1));
    for seq in 1..=n {
        for run in ["a", "b", "c"] {
            let kind = ["log.stdout", "unit.started", "task.started", "log.stderr"][(seq % 4) as usize];
            desk.send(&mut producer, &event(kind, run, seq));
        }
        if seq % 7 == 0 {
            desk.send(&mut producer, "nonsense");
        }
        if seq % 5 == 0 {
            desk.store();
            settle(desk);
        }
    }
    producer.handle_end(&mut desk.core, desk.now);
    desk.pass(Duration::from_secs(31));
    desk.store();
}

fn as_told(items: &[Piece]) -> Vec<(u64, Option<RunId>, String)> {
    let told = |item: &Piece| match item {
        Piece::Record(record) => {
            let body = match &record.body {
                Body::Line { kind, unit, task, json } => {
                    format!("{kind} {unit} {task:?} {}", String::from_utf8_lossy(json))
                }
                Body::State(state) => format!("{state:?}"),
            };
            (record.offset, record.run.clone(), body)
        }
        Piece::Hole(hole) => panic!("{hole:?}"),
    };
    items.iter().map(told).collect()
}

/// What memory has of it.
fn truth(desk: &Desk<Box<dyn Store>>) -> Vec<Piece> {
    desk.core.history().after(0).cloned().map(Piece::Record).collect()
}

#[test]
fn what_was_stored_is_read_as_it_was() {
    on_all(|open| {
        let mut desk = desk(open);
        fill(&mut desk, 100);
        assert!(desk.core.is_stored());
        let truth = as_told(&truth(&desk));
        assert!(truth.iter().any(|(_, _, body)| body.contains("Stale")), "states among it");
        assert_eq!(as_told(&desk.read_all()), truth);
        let behind = desk.read(Fetch { after: 200, through: 250, run: None, only: None });
        assert_eq!(as_told(&behind)[..50], truth[200..250]);
    });
}

#[test]
fn what_is_settled_is_read_as_before() {
    on_all(|open| {
        let mut desk = desk(open);
        let mut producer = desk.core.connect(Some(1));
        for seq in 1..=30 {
            desk.send(&mut producer, &event("log.stdout", "r", seq));
            desk.store();
            let read = as_told(&desk.read_all());
            assert_eq!(read.len() as u64, seq, "what is stored can be read");
            assert!(read.ends_with(&as_told(&truth(&desk))));
            if seq % 7 == 0 {
                desk.settle();
                desk.settle();
                assert_eq!(as_told(&desk.read_all()), read);
            }
            if seq % 10 == 0 {
                let next = self::desk(open);
                assert_eq!((desk.core.have("r"), next.core.have("r")), (Some(seq), Some(seq)));
                desk = next;
                producer = desk.core.connect(Some(1));
            }
        }
    });
}

#[test]
fn pages_are_bounded() {
    on_all(|open| {
        let mut desk = desk(open);
        let mut producer = desk.core.connect(None);
        let long = "x".repeat(10_000);
        for seq in 1..=200 {
            desk.send(
                &mut producer,
                &format!(
                    r#"{{"type":"log.stdout","payload":{{"content":"{long}","n":1}},"run":"r","seq":{seq}}}"#
                ),
            );
        }
        desk.store();
        let page = desk.fetch(&Fetch { after: 0, through: 200, run: None, only: None });
        assert!(page.pieces.len() * 10_000 < 2 * PAGE_BYTES, "{}", page.pieces.len());
        assert_eq!(desk.read_all().len(), 200);
    });
}

#[test]
fn one_run_is_read_without_the_others() {
    on_all(|open| {
        let mut desk = desk(open);
        fill(&mut desk, 100);
        let mut producer = desk.core.connect(None);
        for seq in 1..=5000 {
            desk.send(&mut producer, &event("log.stdout", "much", seq));
        }
        desk.store();
        let run: RunId = "b".parse().unwrap();
        let through = desk.core.history().last();
        let items = desk.read(Fetch { after: 0, through, run: Some(run.clone()), only: None });
        let wanted = |told: &(u64, Option<RunId>, String)| told.1.is_none() || told.1.as_ref() == Some(&run);
        let of_run: Vec<_> = as_told(&items).into_iter().filter(wanted).collect();
        let all: Vec<_> = as_told(&truth(&desk)).into_iter().filter(wanted).collect();
        assert_eq!(of_run, all);
        assert!(items.len() < 2500, "{} of 5,300", items.len());
        let nobody = desk.read(Fetch { after: 0, through, run: Some("nobody".parse().unwrap()), only: None });
        assert!(as_told(&nobody).iter().all(|told| told.1.as_ref() != Some(&"nobody".parse().unwrap())));
    });
}

#[test]
fn output_is_found_by_unit_and_task() {
    on_all(|open| {
        let mut desk = desk(open);
        let mut producer = desk.core.connect(None);
        for seq in 1..=4000_u64 {
            let (unit, task) = if seq % 1000 == 0 { ("rare", 7) } else { ("usual", 1) };
            let line = format!(
                r#"{{"type":"log.stdout","unit":"{unit}","task":{task},"payload":{{"content":"x","n":1}},"run":"r","seq":{seq}}}"#
            );
            desk.send(&mut producer, &line);
            if seq % 100 == 0 {
                desk.store();
            }
        }
        let through = desk.core.history().last();
        let logs = |unit: &str, task| {
            let only = Some(Only::Logs(Logs { unit: Some(unit.to_owned()), task }));
            let run = Some("r".parse().unwrap());
            as_told(&desk.read(Fetch { after: 0, through, run, only }))
        };
        let rare = |told: &[(u64, _, String)]| told.iter().filter(|told| told.2.contains("rare")).count();
        assert_eq!(rare(&logs("rare", None)), 4);
        assert_eq!(rare(&logs("rare", Some(7))), 4);
        assert_eq!(logs("usual", Some(1)).iter().filter(|told| told.2.contains("usual")).count(), 3996);
    });
}

#[test]
fn a_hub_that_ended_well_is_gone_on_with() {
    on_all(|open| {
        let mut first = desk(open);
        fill(&mut first, 50);
        let (last, epoch) = (first.core.history().last(), first.core.epoch());
        let states = ["a", "b", "c"].map(|run| first.state(run));
        let (store, now) = first.close();
        drop(store);
        let next = Desk::open(open(), 1 << 30, now);
        assert_eq!(next.core.history().last(), last, "offsets go on");
        assert!(next.core.epoch() > epoch);
        assert_eq!(["a", "b", "c"].map(|run| next.state(run)), states);
        assert_eq!(next.core.have("a"), Some(50));
        assert_eq!(
            next.core.runs().get("a").unwrap().summary(),
            next.core.runs().get("a").unwrap().summary()
        );
    });
}

#[test]
fn after_a_crash_what_was_stored_is_there_and_no_offset_is_used_twice() {
    on_all(|open| {
        let mut first = desk(open);
        fill(&mut first, 50);
        let stored = first.core.history().last();
        let state = first.state("a");
        let mut producer = first.core.connect(Some(1));
        first.send(&mut producer, &event("unit.failed", "a", 51));
        drop(first);
        let mut next = desk(open);
        assert_eq!(next.core.history().last(), stored + JUMP);
        assert_eq!(next.core.epochs().count(0, stored + JUMP), stored);
        assert_eq!((next.state("a"), next.core.have("a")), (state, Some(50)));
        fill(&mut next, 60);
        assert_eq!(next.core.have("a"), Some(60));
        let items = as_told(&next.read_all());
        let of_a = items.iter().filter(|told| told.2.contains(r#""run":"a","seq""#)).count();
        assert_eq!(of_a, 60, "what was stored before is not stored again");
    });
}

#[test]
fn what_came_while_the_store_took_nothing_is_a_hole() {
    on_all(|open| {
        let mut desk = Desk::open(open(), 2000, start());
        let mut producer = desk.core.connect(None);
        desk.send(&mut producer, &event("x.a", "r", 1));
        desk.store();
        let batch = desk.core.take_unstored(false, desk.now);
        assert!(batch.is_none());
        desk.send(&mut producer, &event("x.a", "r", 2));
        let batch = desk.core.take_unstored(false, desk.now).unwrap();
        desk.core.handle_unstored(batch, "no", desk.now);
        for seq in 3..=50 {
            desk.send(&mut producer, &event("x.a", "r", seq));
        }
        desk.store();
        let items = desk.read_all();
        let Piece::Hole(Hole { from, to, why }) = items[1] else { panic!("{items:?}") };
        assert_eq!((from, why), (2, HoleReason::Unstored));
        assert!(to > 30 && to < 50);
        let Piece::Record(record) = &items[2] else { panic!("{items:?}") };
        assert_eq!(record.offset, to + 1);
        let run = Some("r".parse().unwrap());
        let of_run = desk.read(Fetch { after: 0, through: desk.core.history().last(), run, only: None });
        assert!(of_run.iter().any(|item| matches!(item, Piece::Hole(hole) if hole.from == 2)));
    });
}

#[test]
fn the_oldest_go_first_and_only_what_may_go() {
    on_all(|open| {
        let mut desk = desk(open);
        fill_settling(&mut desk, 100, Desk::settle);
        let all = Removable { unowned: 0, ended: 150, any: 150 };
        let mut excess = Excess { before: None, bytes: None, removable: all };
        assert_eq!(desk.store.remove(&excess).unwrap().events, 0, "nothing is too old or too much");
        excess.before = Some(later(desk.now, Duration::from_secs(1)).time);
        let mut events = 0;
        let floor = loop {
            let removed = desk.store.remove(&excess).unwrap();
            events += removed.events;
            if !removed.more {
                break removed.floor;
            }
        };
        assert_eq!(events, floor);
        assert!((100..=150).contains(&floor), "{floor}");
        let items = desk.read_all();
        assert!(
            matches!(items[0], Piece::Hole(Hole { from: 1, to, why: HoleReason::Evicted }) if to == floor),
            "{:?}",
            items[0]
        );
        excess = Excess { before: None, bytes: Some(0), removable: Removable { any: 200, ..all } };
        let removed = desk.store.remove(&excess).unwrap();
        assert!(removed.floor > 150 && removed.floor <= 200);
        excess.removable.unowned = 210;
        excess.bytes = None;
        let removed = desk.store.remove(&excess).unwrap();
        assert!(removed.floor > 200 && removed.floor <= 210);
        drop(desk);
        let next = self::desk(open);
        assert_eq!(next.core.storing().unwrap().floor(), removed.floor);
    });
}

#[test]
fn a_forgotten_run_is_gone() {
    on_all(|open| {
        let mut desk = desk(open);
        fill(&mut desk, 10);
        desk.core.runs_mut().forget_before(later(desk.now, Duration::from_secs(1)).time);
        assert!(desk.store());
        drop(desk);
        let next = self::desk(open);
        assert_eq!(next.core.runs().len(), 0);
        assert_eq!(next.core.removable().unowned, next.core.storing().unwrap().through());
    });
}

#[test]
fn an_epoch_does_not_begin_before_what_is_there() {
    on_all(|open| {
        let mut desk = desk(open);
        fill(&mut desk, 10);
        let OpenSpan { epoch, .. } = desk.core.epochs().now();
        let span = OpenSpan { epoch: epoch.next(), start: 5 };
        assert!(matches!(open().begin(span), Err(StoreError::Unread(_))));
    });
}
