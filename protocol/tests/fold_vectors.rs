//! The states that the lines of `tests/vectors/fold` make; `@choo/wire` is held to the same.
//!
//! `UPDATE_VECTORS=1 cargo test -p choo-protocol --test fold_vectors` writes the states anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};

use choo_protocol::{Limits, Line, RunState, RunStore};

fn vectors() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/fold");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut lines: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|e| e == "ndjson")).collect();
    lines.sort();
    lines
}

#[test]
fn the_lines_make_the_states_of_the_vectors() {
    let vectors = vectors();
    assert!(vectors.len() >= 5);
    for path in vectors {
        let name = path.display();
        let lines = std::fs::read_to_string(&path).unwrap();
        let mut state = RunState::new("fold".parse().unwrap());
        for line in lines.lines() {
            let parsed = Line::parse(line.as_bytes(), &Limits::default());
            state.apply(&parsed.unwrap_or_else(|error| panic!("{name}: {error}: {line}")));
        }
        let json = serde_json::to_string(&state).unwrap();
        let expected = path.with_extension("state.json");
        if std::env::var_os("UPDATE_VECTORS").is_some() {
            std::fs::write(&expected, json.clone() + "\n").unwrap();
        }
        assert_eq!(std::fs::read_to_string(&expected).unwrap().trim_end(), json, "{name}");
        assert_eq!(serde_json::from_str::<RunState>(&json).unwrap(), state, "{name}");

        let mut store = RunStore::new(1 << 20);
        for chunk in lines.as_bytes().chunks(7) {
            store.push(chunk);
        }
        assert_eq!(store.state("fold"), Some(&state), "{name}");
        assert_eq!(store.faults().count(), 0, "{name}");
    }
}
