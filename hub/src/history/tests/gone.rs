//! A file that is taken away while it is in use.

use std::fs;
use std::path::Path;

use super::*;
use crate::history::sqlite::Sqlite;
use crate::history::store::StoreError;

/// A hub that has stored six events of a run in `dir/history.db`.
fn hub(dir: &Path, hot: usize) -> (Desk<Sqlite>, Ingest) {
    let mut desk = Desk::open(Sqlite::new(dir.join("history.db")), hot, start());
    let mut producer = desk.core.connect(Some(1));
    for seq in 1..=6 {
        desk.send(&mut producer, &event("x.a", "r", seq));
        desk.store();
    }
    assert_eq!(desk.core.have("r"), Some(6));
    (desk, producer)
}

/// Stores as the history's thread does; says what the store said first.
fn store_all(desk: &mut Desk<Sqlite>) -> Option<StoreError> {
    let mut trouble = None;
    while let Some(batch) = desk.core.take_unstored(false, desk.now) {
        match desk.store.append(&batch) {
            Ok(stored) => desk.core.handle_stored(&batch, stored, desk.now),
            Err(error) => {
                desk.core.handle_unstored(batch, &error.to_string(), desk.now);
                if matches!(error, StoreError::Gone(_)) {
                    desk.core.handle_gone();
                }
                assert!(trouble.is_none(), "{error} after {trouble:?}");
                trouble = Some(error);
            }
        }
    }
    trouble
}

#[test]
fn what_was_written_to_a_file_that_is_gone_is_not_acknowledged_and_is_stored_anew() {
    type Way = (&'static str, fn(&Path));
    let ways: [Way; 4] = [
        ("deleted", |file| fs::remove_file(file).unwrap()),
        ("directory removed", |file| fs::remove_dir_all(file.parent().unwrap()).unwrap()),
        ("directory moved", |file| {
            let dir = file.parent().unwrap();
            fs::rename(dir, dir.with_extension("moved")).unwrap();
        }),
        ("replaced", |file| {
            let other = file.with_extension("other");
            fs::write(&other, "something else, ".repeat(1000)).unwrap();
            fs::rename(other, file).unwrap();
        }),
    ];
    for (how, take_away) in ways {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let path = data.join("history.db");
        let (mut desk, mut producer) = hub(&data, 1 << 20);
        let mut live = desk.reader(Since::Now);
        desk.drain(&mut live);
        take_away(&path);
        desk.send(&mut producer, &event("x.a", "r", 7));
        let batch = desk.core.take_unstored(false, desk.now).unwrap();
        let error = desk.store.append(&batch).unwrap_err();
        assert!(matches!(error, StoreError::Gone(_)), "{how}: {error}");
        desk.core.handle_unstored(batch, &error.to_string(), desk.now);
        desk.core.handle_gone();
        assert_eq!(desk.core.have("r"), None, "{how}: nothing of it is stored");
        assert!(desk.core.storing().unwrap().trouble().is_some());

        desk.send(&mut producer, &event("x.a", "r", 8));
        assert!(store_all(&mut desk).is_none(), "{how}");
        assert_eq!(desk.core.have("r"), Some(8), "{how}");
        let storing = desk.core.storing().unwrap();
        assert_eq!((storing.trouble(), storing.anew_since()), (None, Some(desk.now.time)), "{how}");
        let told = desk.drain(&mut live);
        assert_eq!(told, ["x.a#7", "hub.error", "x.a#8", "hub.error"], "{how}: the live stream went on");

        // What memory had is in the new file, and a hub goes on with it.
        let state = desk.state("r");
        let (_, now) = desk.close();
        let next = Desk::open(Sqlite::new(path.clone()), 1 << 20, now);
        assert_eq!(next.state("r"), state, "{how}");
        let told = next.drain(&mut next.reader(Since::Earliest));
        assert_eq!(told[..8], ["hub.hello", "x.a#1", "x.a#2", "x.a#3", "x.a#4", "x.a#5", "x.a#6", "x.a#7"]);
        let aside = path.with_extension("db.replaced-1");
        assert_eq!(aside.exists(), how == "replaced");
        assert!(!aside.exists() || fs::read_to_string(aside).unwrap().starts_with("something else"));
    }
}

#[test]
fn what_memory_no_longer_had_is_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 600);
    let floor = desk.core.history().floor();
    assert!(floor > 2, "{floor}");
    fs::remove_file(dir.path().join("history.db")).unwrap();
    desk.send(&mut producer, &event("x.a", "r", 7));
    assert!(matches!(store_all(&mut desk), Some(StoreError::Gone(_))));
    assert_eq!(desk.core.have("r"), Some(7));
    let told = desk.drain(&mut desk.reader(Since::Earliest));
    assert!(told[1].starts_with("hub.gap:evicted:"), "{told:?}");
    assert_eq!(told[2], "snapshot:r");
    let state = desk.state("r");
    let (store, now) = desk.close();
    drop(store);
    let next = Desk::open(Sqlite::new(dir.path().join("history.db")), 600, now);
    assert_eq!(next.state("r"), state, "as it was, though its first events are gone");
}

#[test]
fn a_file_that_went_while_it_was_closed_is_missed_too() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 1 << 20);
    desk.store.fail_once();
    fs::remove_file(dir.path().join("history.db")).unwrap();
    desk.send(&mut producer, &event("x.a", "r", 7));
    assert!(matches!(store_all(&mut desk), Some(StoreError::Gone(_))));
    assert_eq!(desk.core.have("r"), Some(7));
    assert_eq!(desk.read_all().iter().filter(|item| matches!(item, Piece::Hole(_))).count(), 0);
}

#[test]
fn an_idle_hub_misses_its_file_when_it_looks_for_old_events() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, _producer) = hub(dir.path(), 1 << 20);
    fs::remove_file(dir.path().join("history.db")).unwrap();
    let removable = desk.core.removable();
    let nothing = crate::history::store::Excess { before: None, bytes: None, removable };
    assert!(matches!(desk.store.remove(&nothing), Err(StoreError::Gone(_))));
    desk.core.handle_trouble("gone", desk.now);
    desk.core.handle_gone();
    assert!(store_all(&mut desk).is_none());
    assert_eq!(desk.core.have("r"), Some(6));
    assert!(dir.path().join("history.db").exists());
}

#[test]
fn a_reader_goes_on_in_the_file_that_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let (mut desk, mut producer) = hub(dir.path(), 1 << 20);
    desk.settle();
    let mut reader = desk.store.reader();
    let all =
        |desk: &Desk<Sqlite>| Fetch { after: 0, through: desk.core.history().last(), run: None, only: None };
    assert_eq!(reader.page(&all(&desk)).unwrap().pieces.len(), 6);
    fs::remove_file(dir.path().join("history.db")).unwrap();
    assert_eq!(reader.page(&all(&desk)).unwrap().pieces.len(), 6, "what it has open is still there");
    desk.send(&mut producer, &event("x.a", "r", 7));
    store_all(&mut desk);
    desk.settle();
    let page = reader.page(&all(&desk)).unwrap();
    assert!(page.pieces.iter().all(|piece| matches!(piece, Piece::Record(_))), "{page:?}");
    assert_eq!(page.through, desk.core.history().last());
}
