//! How files differ, found in a store among much else.

use std::collections::BTreeMap;

use choo_protocol::kind;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::core::{DiffFilter, DiffSearch, Looking, Only};
use crate::history::memory::Memory;
use crate::history::sqlite::Sqlite;

/// What a run says next.
#[derive(Clone, Copy, Debug)]
enum Say {
    /// So many lines of output.
    Output(u64),
    Diff {
        unit: usize,
        file: usize,
    },
    Removed {
        unit: usize,
        file: usize,
    },
}

fn say() -> impl Strategy<Value = (usize, Say)> {
    let file = || (0..3usize, 0..4usize);
    let say = prop_oneof![
        2 => (1..120u64).prop_map(Say::Output),
        3 => file().prop_map(|(unit, file)| Say::Diff { unit, file }),
        1 => file().prop_map(|(unit, file)| Say::Removed { unit, file }),
    ];
    (0..2usize, say)
}

/// Two runs that one process sends, and what of their files should be found.
struct Talk<S> {
    desk: Desk<S>,
    producer: Ingest,
    seqs: [u64; 2],
    /// The newest text of each file, by run, unit and name.
    texts: BTreeMap<(usize, usize, usize), String>,
}

impl<S: Store> Talk<S> {
    fn new(store: S) -> Self {
        // A store's history is what is read: memory holds next to nothing.
        let mut desk = Desk::open(store, 2000, start());
        let producer = desk.core.connect(Some(1));
        Talk { desk, producer, seqs: [0; 2], texts: BTreeMap::new() }
    }

    fn send(&mut self, run: usize, kind: &str, unit: usize, payload: &str) {
        self.seqs[run] += 1;
        let seq = self.seqs[run];
        let line = format!(
            r#"{{"type":"{kind}","time":"2025-01-18T10:30:15Z","unit":"u{unit}","task":1,"payload":{payload},"run":"r{run}","seq":{seq}}}"#
        );
        self.desk.send(&mut self.producer, &line);
    }

    fn say(&mut self, run: usize, say: Say) {
        match say {
            Say::Output(lines) => {
                for n in 0..lines {
                    let payload = format!(r#"{{"content":"{}","n":{n}}}"#, "x".repeat(200));
                    self.send(run, kind::LOG_STDOUT, 0, &payload);
                }
            }
            Say::Diff { unit, file } => {
                let text = format!("@@ {}", self.seqs[run] + 1);
                self.send(run, kind::DIFF_FILE, unit, &format!(r#"{{"file":"f{file}","diff":"{text}"}}"#));
                self.texts.insert((run, unit, file), text);
            }
            Say::Removed { unit, file } => {
                self.send(run, kind::DIFF_REMOVED, unit, &format!(r#"{{"file":"f{file}"}}"#));
                self.texts.remove(&(run, unit, file));
            }
        }
        self.desk.store();
    }

    /// What is found of a run, by unit and name, and how many records were read for it.
    fn search(&self, run: usize) -> (BTreeMap<(String, String), Value>, usize) {
        let core = &self.desk.core;
        let Some(known) = core.runs().get(&format!("r{run}")) else { return (BTreeMap::new(), 0) };
        let mut search = DiffSearch::new(core, known, &DiffFilter::default());
        let mut read = 0;
        let diffs = loop {
            match search.poll(core) {
                Looking::Take(found) => search.handle_found(found),
                Looking::Fetch(fetch) => {
                    let page = self.desk.fetch(&fetch);
                    assert!(page.through > fetch.after, "a page leads on: {page:?}");
                    read += page.pieces.len();
                    search.handle_page(page);
                }
                Looking::Done(diffs) => break serde_json::to_value(&diffs).unwrap(),
            }
        };
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let files = diffs["files"].as_array().unwrap().iter();
        (files.map(|file| ((text(&file["unit"]), text(&file["file"])), file["diff"].clone())).collect(), read)
    }

    fn wanted(&self, run: usize) -> BTreeMap<(String, String), Value> {
        let of_run = self.texts.iter().filter(|((of, ..), _)| *of == run);
        of_run
            .map(|((_, unit, file), text)| ((format!("u{unit}"), format!("f{file}")), Value::from(&**text)))
            .collect()
    }
}

fn sqlite() -> (tempfile::TempDir, Sqlite) {
    let dir = tempfile::tempdir().unwrap();
    let store = Sqlite::new(dir.path().join("history.db"));
    (dir, store)
}

fn every_newest_text_is_found<S: Store>(store: S, talk: &[(usize, Say)]) {
    let mut said = Talk::new(store);
    for (run, say) in talk {
        said.say(*run, *say);
    }
    for run in 0..2 {
        assert_eq!(said.search(run).0, said.wanted(run), "r{run}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_newest_text_of_each_file_is_found(talk in prop::collection::vec(say(), 0..30)) {
        every_newest_text_is_found(Memory::default(), &talk);
        let (_dir, store) = sqlite();
        every_newest_text_is_found(store, &talk);
    }
}

#[test]
fn blocks_without_what_is_wanted_are_not_read() {
    let (_dir, store) = sqlite();
    let mut talk = Talk::new(store);
    talk.say(0, Say::Diff { unit: 0, file: 0 });
    talk.say(0, Say::Output(20_000));
    // Of these only the last is wanted.
    for _ in 0..50 {
        talk.say(0, Say::Diff { unit: 0, file: 1 });
        talk.say(0, Say::Output(400));
    }
    talk.say(1, Say::Output(400));
    let (found, read) = talk.search(0);
    assert_eq!(found, talk.wanted(0));
    assert!(read < 1000, "{read} of {} records were read", talk.desk.core.history().last());

    let everything = Fetch {
        after: 0,
        through: talk.desk.core.history().last(),
        run: Some("r1".parse().unwrap()),
        only: Some(Only::Diffs([1].into())),
    };
    assert!(talk.desk.read(everything).is_empty(), "the other run has none");
}
