//! What the validator lets in, every reader reads, with the same meaning: V8, Python, jq and Go. And
//! what it refuses is refused, for the same reason, by the rules written again on top of V8's `JSON.parse`
//! and by `@choo/wire` in Node.
//!
//! The lines are ours, the public `JSONTestSuite`'s where it is at hand, and generated ones. The same
//! meaning is promised for the envelope and for typed payloads. For the rest it is checked that each
//! reader gets the same value, numbers as doubles.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Debug;
use std::path::PathBuf;

use choo_protocol::{Fill, Frame, Limits, Line, LineDecoder, LineErrorKind, RunId, RunStore, Timestamp};
use choo_schema::PayloadType;
use choo_tests::{Oracle, Random, line_text, repository, skipped};
use serde_json::{Value, json};

#[path = "../../fuzz/checks/v8.rs"]
#[allow(dead_code, unreachable_pub, reason = "the fuzzer asks in batches, this test all at once")]
mod v8;

/// How many lines to make up. Half a second of work for the slowest reader.
const GENERATED: usize = 8000;

fn limits() -> Limits {
    Limits::default()
}

/// Asks every reader about those of the lines that the validator lets in, and those who know our rules
/// about all; says how many it lets in.
fn judge(candidates: Vec<Vec<u8>>) -> usize {
    verdicts(&candidates);
    wire(&candidates);
    let lines: Vec<Vec<u8>> =
        candidates.into_iter().filter(|line| Line::parse(line, &limits()).is_ok()).collect();
    for oracle in Oracle::OF_JSON {
        let Some(said) = oracle.ask(&lines) else { continue };
        let wrong: Vec<String> = lines
            .iter()
            .zip(&said)
            .filter_map(|(line, said)| {
                let why = disagreement(oracle, &Line::parse(line, &limits()).unwrap(), said)?;
                Some(format!("{why}\n  line: {}\n  said: {said}", String::from_utf8_lossy(line)))
            })
            .collect();
        agreed(oracle, &wrong);
    }
    lines.len()
}

fn agreed(oracle: Oracle, wrong: &[String]) {
    let shown = &wrong[..wrong.len().min(5)];
    assert!(wrong.is_empty(), "{oracle:?} disagrees on {}:\n{}", wrong.len(), shown.join("\n"));
}

/// Asks the rules on top of V8 about every line, good or bad.
fn verdicts(candidates: &[Vec<u8>]) {
    let Some(said) = Oracle::Rules.ask(candidates) else { return };
    let wrong: Vec<String> = candidates
        .iter()
        .zip(&said)
        .filter_map(|(line, said)| {
            let why = v8::Verdict::of(line).difference(said)?;
            Some(format!("{why}\n  line: {}", String::from_utf8_lossy(line)))
        })
        .collect();
    agreed(Oracle::Rules, &wrong);
}

/// Asks `@choo/wire` about every line, and about what it folds those to that are lines.
fn wire(candidates: &[Vec<u8>]) {
    let run: RunId = "r1".parse().unwrap();
    let mut inputs = candidates.to_vec();
    // A hub's stream names the run of every line.
    for line in candidates.iter().filter_map(|line| Line::parse(line, &limits()).ok()) {
        let mut complete = Vec::new();
        line.complete(&Fill { run: Some(&run), seq: Some(1), time: None }, &mut complete);
        inputs.push(complete);
    }
    let Some(said) = Oracle::Wasm.ask(&inputs) else { return };
    let wrong: Vec<String> = inputs
        .iter()
        .zip(&said)
        .filter_map(|(input, said)| {
            let (mut ours, mut theirs) = (reading(input), serde_json::from_str::<Value>(said).unwrap());
            without_empty(&mut ours);
            without_empty(&mut theirs);
            let input = String::from_utf8_lossy(input);
            (!same(&ours, &theirs)).then(|| format!("  line: {input}\n  ours: {ours}\n  said: {said}"))
        })
        .collect();
    agreed(Oracle::Wasm, &wrong);
}

/// Empty means absent: a decoder may leave it out of an event or not.
fn without_empty(reading: &mut Value) {
    for event in reading["events"].as_array_mut().unwrap() {
        event
            .as_object_mut()
            .unwrap()
            .retain(|key, value| !matches!(&**key, "unit" | "error") || *value != "");
    }
}

/// What `tests/oracles/wasm.mjs` says, natively: what the decoder reads and what the store folds, with the
/// typed payloads in it.
fn reading(input: &[u8]) -> Value {
    let stream = [input, b"\n"].concat();
    let (mut events, mut faults) = (Vec::new(), Vec::new());
    LineDecoder::new(limits()).feed(&stream, |frame| match frame {
        Frame::Line(bytes) => match Line::parse(bytes, &limits()) {
            Ok(line) => events.push(serde_json::from_str::<Value>(&line.canonical()).unwrap()),
            Err(error) => faults.push(json!({
                "kind": error.kind.as_str(), "message": error.to_string(), "offset": error.offset,
            })),
        },
        Frame::Oversized { .. } => panic!("no line here is that long"),
    });
    let mut store = RunStore::new(RunStore::DEFAULT_JOURNAL_BYTES);
    store.push(&stream);
    let runs: Vec<String> = store.summaries().into_iter().map(|summary| summary.run.to_string()).collect();
    let states: Vec<_> = runs.iter().filter_map(|run| store.state(run)).collect();
    json!({
        "events": events,
        "faults": faults,
        "states": states.iter().map(|state| state.without_units()).collect::<Vec<_>>(),
        "units": states.iter().map(|state| &state.units).collect::<Vec<_>>(),
        "storeFaults": store.faults().collect::<Vec<_>>(),
    })
}

/// In what a reader differs from us.
fn disagreement(oracle: Oracle, line: &Line<'_>, said: &str) -> Option<String> {
    if said.starts_with('!') {
        return Some("it is refused".to_owned());
    }
    let (said, millis) = said.split_once('\t').unwrap_or((said, ""));
    let said: Value = serde_json::from_str(said).unwrap();
    if oracle == Oracle::Go {
        return envelope(line, &said["event"])
            .or_else(|| members(line, &said["value"]))
            .or_else(|| typed(line, &said["typed"], true));
    }
    let payload = said.get("payload").or(said.get("data")).unwrap_or(&Value::Null);
    let ours = line.time.map(Timestamp::unix_millis);
    envelope(line, &said).or_else(|| members(line, &said)).or_else(|| typed(line, payload, false)).or_else(
        || {
            differs("Date", &ours.map(|ms| ms.to_string()), &Some(millis.to_owned()))
                .filter(|_| oracle == Oracle::V8 && ours.is_some())
        },
    )
}

fn differs<T: PartialEq + Debug>(what: &str, ours: &T, theirs: &T) -> Option<String> {
    (ours != theirs).then(|| format!("{what} is {ours:?} here and {theirs:?} there"))
}

/// Compares the envelope.
fn envelope(line: &Line<'_>, said: &Value) -> Option<String> {
    let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
    let time = said.get("time").or(said.get("timestamp")).and_then(Value::as_str);
    let time = time.map(|text| text.parse::<Timestamp>().unwrap());
    let integer = |key: &str| said[key].as_f64();
    #[allow(clippy::cast_precision_loss, reason = "at most 53 bits, as the validator has seen to")]
    let double = |n: Option<i64>| n.map(|n| n as f64);
    differs("type", &line.kind.clone().into_owned(), &text("type"))
        .or_else(|| {
            differs("time", &line.time.map(|time| time.to_string()), &time.map(|time| time.to_string()))
        })
        .or_else(|| differs("unit", &line.unit.clone().into_owned(), &text("unit")))
        .or_else(|| differs("error", &line.error.clone().into_owned(), &text("error")))
        .or_else(|| differs("run", &line.run.clone().unwrap_or_default().into_owned(), &text("run")))
        .or_else(|| differs("task", &double(line.task), &integer("task")))
        .or_else(|| differs("pr", &double(line.pr), &integer("pr")))
        .or_else(|| differs("seq", &double(line.seq.map(u64::cast_signed)), &integer("seq")))
}

/// Compares the payload and the unknown members, as values.
fn members(line: &Line<'_>, said: &Value) -> Option<String> {
    let payload = said.get("payload").or(said.get("data")).unwrap_or(&Value::Null);
    let ours: Value = line.payload_json().map_or(Value::Null, |json| serde_json::from_str(json).unwrap());
    if !same(&ours, payload) {
        return Some("payload".to_owned());
    }
    line.extra()
        .find(|(key, json)| {
            let ours: Value = serde_json::from_str(json).unwrap();
            !said.get(*key).is_some_and(|theirs| same(&ours, theirs))
        })
        .map(|(key, _)| format!("member {key:?}"))
}

/// Equal, numbers as doubles.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

/// Compares the typed payload, where ours can be read as its type, with the reader's, typed or not.
fn typed(line: &Line<'_>, said: &Value, by_type: bool) -> Option<String> {
    let ours = PayloadType::of(&line.kind)?.read(line)?.ok()?;
    // Into a struct, Go puts equal keys together where every other reader takes the last one. What it has
    // no struct for it does not read.
    if by_type && (said.is_null() || has_duplicate_keys(line.payload_json()?)) {
        return None;
    }
    (!fits(&ours, said)).then(|| format!("typed payload, here {ours}"))
}

/// Whether a reader finds in `theirs` what we found: the same members, absent ones as their default.
fn fits(ours: &Value, theirs: &Value) -> bool {
    let default = match ours {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        // The first of the words that a state may have.
        Value::String(text) => matches!(text.as_str(), "" | "waiting" | "pending"),
        Value::Array(list) => list.is_empty(),
        Value::Object(map) => map.values().all(|value| fits(value, &Value::Null)),
    };
    match (ours, theirs) {
        (_, Value::Null) => default,
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.iter().all(|(key, ours)| fits(ours, theirs.get(key).unwrap_or(&Value::Null)))
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| fits(ours, theirs))
        }
        (Value::Number(ours), Value::Number(theirs)) => ours.as_f64() == theirs.as_f64(),
        // A time is written back without the zeros at its end.
        (Value::String(ours), Value::String(theirs)) if ours != theirs => {
            let time = |text: &str| text.parse::<Timestamp>().ok();
            time(ours).is_some() && time(ours) == time(theirs)
        }
        (ours, theirs) => ours == theirs,
    }
}

fn has_duplicate_keys(json: &str) -> bool {
    let value: Value = serde_json::from_str(json).unwrap();
    // Colons outside strings: one for each member that is written, against those that are kept.
    let mut outside = true;
    let mut escaped = false;
    let mut written = 0;
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => outside = !outside,
            b':' if outside => written += 1,
            _ => {}
        }
    }
    written != kept(&value)
}

fn kept(value: &Value) -> usize {
    match value {
        Value::Array(list) => list.iter().map(kept).sum(),
        Value::Object(map) => map.len() + map.values().map(kept).sum::<usize>(),
        _ => 0,
    }
}

/// An event of every type.
fn events() -> Vec<Vec<u8>> {
    let text = std::fs::read(repository().join("tests/vectors/events.ndjson")).unwrap();
    text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(<[u8]>::to_vec).collect()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}

#[test]
fn our_vectors_mean_the_same_to_all() {
    let text = std::fs::read_to_string(repository().join("tests/vectors/lines.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let lines = cases.iter().map(|case| match case["line"].as_str() {
        Some(line) => line.as_bytes().to_vec(),
        None => bytes_of(case["hex"].as_str().unwrap()),
    });
    let text = std::fs::read_to_string(repository().join("tests/vectors/go/lines.ndjson")).unwrap();
    let of_go = text.lines().map(|line| line.as_bytes().to_vec());
    assert!(judge(lines.chain(of_go).chain(events()).collect()) > 1500);
}

#[test]
fn generated_lines_mean_the_same_to_all() {
    let mut random = Random::new(3);
    let mut lines: Vec<Vec<u8>> = (0..GENERATED).map(|_| line_text::line(&mut random)).collect();
    let events = events();
    lines.extend((0..GENERATED / 4).map(|_| {
        let mut line = random.pick_one(&events).clone();
        line_text::mutate(&mut random, &mut line);
        line
    }));
    let all = lines.len();
    let accepted = judge(lines);
    assert!((all / 4..all * 9 / 10).contains(&accepted), "{accepted} of {all} are lines");
}

#[test]
fn our_documents_are_judged_as_they_say_and_mean_the_same_to_all() {
    let text = std::fs::read_to_string(repository().join("tests/vectors/json.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_str(&text).unwrap();
    let documents: Vec<Vec<u8>> = cases
        .iter()
        .map(|case| match case["json"].as_str() {
            Some(json) => json.as_bytes().to_vec(),
            None => bytes_of(case["hex"].as_str().unwrap()),
        })
        .collect();
    for (case, document) in cases.iter().zip(&documents) {
        for line in &as_lines(document)[..3] {
            let verdict = Line::parse(line, &limits());
            let text = String::from_utf8_lossy(line);
            assert_eq!(
                Some(verdict.is_ok()),
                case["good"].as_bool(),
                "{}: {text}: {verdict:?}",
                case["name"]
            );
        }
    }
    assert!(judge(documents.iter().flat_map(|document| as_lines(document)).collect()) > 200);
}

/// The files of the suite with their names, which begin with the verdict; `None` where it is not.
fn json_test_suite() -> Option<Vec<(String, Vec<u8>)>> {
    let dir: PathBuf = repository().join("../shared/data/json-test-suite");
    let Ok(entries) = std::fs::read_dir(&dir) else {
        skipped("JSONTestSuite", "it is not in ../shared/data");
        return None;
    };
    let mut files: Vec<(String, Vec<u8>)> = entries
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .filter(|(name, _)| name != "LICENSE")
        .collect();
    files.sort();
    Some(files)
}

/// A document at each place that a line has for a value.
fn as_lines(document: &[u8]) -> [Vec<u8>; 4] {
    let around = |before: &str, after: &str| [before.as_bytes(), document, after.as_bytes()].concat();
    [
        around("{\"type\":\"a\",\"payload\":", "}"),
        around("{\"x\":", ",\"type\":\"a\"}"),
        around("{\"type\":\"unit.started\",\"data\":{\"a\":[0,", "]}}"),
        around("", ""),
    ]
}

#[test]
fn json_test_suite_is_judged_as_it_says_and_means_the_same_to_all() {
    let Some(mut files) = json_test_suite() else { return };
    assert!(files.len() > 280);
    for (name, document) in &mut files {
        if name.starts_with("y_") && document.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            // A document may have line breaks, a line may not.
            for line in &as_lines(document)[..3] {
                let error = Line::parse(line, &limits()).unwrap_err();
                assert_eq!(error.kind, LineErrorKind::LineBreak, "{name}: {error}");
            }
            document.iter_mut().filter(|byte| matches!(byte, b'\n' | b'\r')).for_each(|byte| *byte = b' ');
        }
        for line in &as_lines(document)[..3] {
            let verdict = Line::parse(line, &limits());
            let text = String::from_utf8_lossy(line);
            assert_eq!(verdict.is_ok(), name.starts_with("y_"), "{name}: {text}: {verdict:?}");
        }
    }
    let accepted = judge(files.iter().flat_map(|(_, document)| as_lines(document)).collect());
    assert!(accepted > 280, "{accepted}");
}
