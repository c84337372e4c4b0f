//! What the wire is here, written down: the same list is run by `@choo/wire` in Node and in Chromium, which
//! have to say the same.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use choo_protocol::{Frame, Limits, Line, LineDecoder, RunStore};
use choo_tests::{repository, skipped};
use serde_json::{Map, Value, json};

/// Where the bytes of a case are.
#[derive(Clone, Copy)]
enum Source {
    /// In the list itself.
    Here,
    /// A file of `tests/vectors`.
    Vectors,
    /// A file of the public `JSONTestSuite`, which is not part of the project, as it is or as a payload.
    Suite { payload: bool },
}

struct Case {
    name: String,
    source: Source,
    bytes: Vec<u8>,
}

const LIST: &str = "verdicts.ndjson";

fn vectors() -> PathBuf {
    repository().join("tests/vectors")
}

fn here(name: String, mut bytes: Vec<u8>) -> Case {
    bytes.push(b'\n');
    Case { name, source: Source::Here, bytes }
}

fn as_payload(document: &[u8]) -> Vec<u8> {
    [&br#"{"type":"a","payload":"#[..], document, b"}"].concat()
}

/// What a file of vectors has under `text`, or in hexadecimal.
fn bytes_of(vector: &Value, text: &str) -> Vec<u8> {
    if let Some(text) = vector[text].as_str() {
        return text.as_bytes().to_vec();
    }
    let hex = vector["hex"].as_str().unwrap();
    hex.as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

fn has_extension(name: &str, extension: &str) -> bool {
    Path::new(name).extension().is_some_and(|found| found == extension)
}

/// Every vector that is there, in an order of its own.
fn cases() -> Vec<Case> {
    let read = |name: &str| -> Vec<Value> {
        serde_json::from_slice(&fs::read(vectors().join(name)).unwrap()).unwrap()
    };
    let mut cases = Vec::new();
    for vector in read("lines.json") {
        let name = format!("lines.json: {}", vector["name"].as_str().unwrap());
        cases.push(here(name, bytes_of(&vector, "line")));
    }
    for vector in read("json.json") {
        let name = format!("json.json: {}", vector["name"].as_str().unwrap());
        let document = bytes_of(&vector, "json");
        cases.push(here(format!("{name}, as a payload"), as_payload(&document)));
        cases.push(here(name, document));
    }
    // As a hub passes it on, so that there is a state to compare.
    let example = fs::read_to_string(vectors().join("s0-example.ndjson")).unwrap();
    let mut stream = Vec::new();
    for (at, line) in example.lines().enumerate() {
        let open = line.strip_suffix('}').unwrap();
        stream.extend(format!("{open},\"run\":\"demo\",\"seq\":{}}}\n", at + 1).bytes());
    }
    cases.push(Case {
        name: "s0-example.ndjson through a hub".to_owned(),
        source: Source::Here,
        bytes: stream,
    });
    for folder in ["", "go", "fold"] {
        let Ok(files) = fs::read_dir(vectors().join(folder)) else { continue };
        let mut names: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            // The cases of Go's encoder are no lines.
            .filter(|name| has_extension(name, "ndjson") && name != LIST && name != "cases.ndjson")
            .collect();
        names.sort();
        for name in names {
            let name = if folder.is_empty() { name } else { format!("{folder}/{name}") };
            let bytes = fs::read(vectors().join(&name)).unwrap();
            cases.push(Case { name, source: Source::Vectors, bytes });
        }
    }
    cases
}

/// The public suite, where it is.
fn suite() -> Option<Vec<Case>> {
    let dir = repository().join("../shared/data/json-test-suite");
    let mut names: Vec<String> = fs::read_dir(&dir)
        .ok()?
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .filter(|name| has_extension(name, "json"))
        .collect();
    names.sort();
    let both = |name: String| {
        let document = fs::read(dir.join(&name)).unwrap();
        [true, false].map(|payload| {
            let bytes = if payload { as_payload(&document) } else { document.clone() };
            Case { source: Source::Suite { payload }, ..here(name.clone(), bytes) }
        })
    };
    Some(names.into_iter().flat_map(both).collect())
}

/// What comes of a case: line by line 0 for one that is an event as it stands, the event where it means
/// something else, or why it is bad and where; and the states that they fold to.
fn verdict(case: &Case) -> Value {
    let limits = Limits::default();
    let mut lines = Vec::new();
    LineDecoder::new(limits).feed(&case.bytes, |frame| {
        lines.push(match frame {
            Frame::Oversized { .. } => json!(["oversized"]),
            Frame::Line(bytes) => match Line::parse(bytes, &limits) {
                Err(error) => json!([error.kind.as_str(), error.offset]),
                Ok(line) if *line.canonical() == *line.text() => json!(0),
                Ok(line) => serde_json::from_str(&line.canonical()).unwrap(),
            },
        });
    });
    let mut store = RunStore::new(RunStore::DEFAULT_JOURNAL_BYTES);
    store.push(&case.bytes);
    let runs: Vec<Value> = store
        .summaries()
        .into_iter()
        .map(|summary| serde_json::to_value(store.state(summary.run.as_str()).unwrap()).unwrap())
        .collect();
    let mut verdict = Map::new();
    verdict.insert("case".to_owned(), json!(case.name));
    match (case.source, str::from_utf8(&case.bytes)) {
        (Source::Here, Ok(text)) => verdict.insert("text".to_owned(), json!(text)),
        (Source::Here, Err(_)) => {
            let mut hex = String::new();
            case.bytes.iter().for_each(|byte| write!(hex, "{byte:02x}").unwrap());
            verdict.insert("hex".to_owned(), json!(hex))
        }
        (Source::Vectors, _) => verdict.insert("vectors".to_owned(), json!(true)),
        (Source::Suite { payload }, _) => verdict.insert("suite".to_owned(), json!({ "payload": payload })),
    };
    let as_they_stand = lines.iter().all(|line| *line == 0);
    verdict.insert("lines".to_owned(), if as_they_stand { json!(lines.len()) } else { json!(lines) });
    verdict.insert("runs".to_owned(), json!(runs));
    Value::Object(verdict)
}

#[test]
fn the_list_that_browsers_run_says_what_happens_here() {
    let path = vectors().join(LIST);
    let written = fs::read_to_string(&path).unwrap_or_default();
    let mut cases = cases();
    let own = cases.len();
    let suite = suite();
    let said: Vec<&str> = written.lines().skip(1).collect();
    let mut lines: Vec<String> = Vec::new();
    if let Some(suite) = suite {
        cases.extend(suite);
    } else {
        skipped("verdicts on the public JSONTestSuite", "it is not beside this checkout");
        lines.extend(said.iter().skip(own).map(|line| (*line).to_owned()));
    }
    let verdicts = cases.iter().map(|case| verdict(case).to_string());
    let lines: Vec<String> = verdicts.chain(lines).collect();
    let list = format!("{}\n{}\n", json!({ "cases": lines.len() }), lines.join("\n"));
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        fs::write(&path, &list).unwrap();
        return;
    }
    for (line, said) in lines.iter().zip(&said) {
        assert_eq!(
            line, said,
            "run `UPDATE_VECTORS=1 cargo test -p choo-tests --test verdicts` if that is meant"
        );
    }
    assert_eq!(list.lines().count(), written.lines().count());
}
