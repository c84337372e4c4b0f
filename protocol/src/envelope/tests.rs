//! Members known by their first bytes mean what the general reader says they mean.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};
use serde_json::Value;

use super::*;

/// Reads a line with and without the short way and compares all that comes of it, errors and places
/// included.
fn agree(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let read = |known: bool| {
        let mut line = Line::unread(text);
        let json = Checker::new(text, 64);
        let envelope = Envelope { text, json, seen: 0, line: &mut line };
        let result = if known { envelope.read::<true>() } else { envelope.read::<false>() };
        result.map(|()| format!("{line:?}")).map_err(|error| format!("{error:?}"))
    };
    assert_eq!(read(true), read(false), "{text}");
}

/// The same for all that differs in one byte, for some bytes that matter.
fn agree_around(bytes: &[u8]) {
    agree(bytes);
    for at in 0..bytes.len().min(200) {
        agree(&bytes[..at]);
        for byte in *b"\"\\,:} \n0.n\0" {
            let mut changed = bytes.to_vec();
            changed[at] = byte;
            agree(&changed);
            changed.insert(at, bytes[at]);
            agree(&changed);
        }
    }
}

fn beside(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

#[test]
fn on_every_vector_and_all_that_is_near_to_one() {
    let vectors = std::fs::read(beside("tests/vectors/lines.json")).unwrap();
    let cases: Vec<Value> = serde_json::from_slice(&vectors).unwrap();
    let lines: Vec<&str> = cases.iter().filter_map(|case| case["line"].as_str()).collect();
    assert!(lines.len() > 50);
    for line in lines {
        agree_around(line.as_bytes());
    }
}

/// The public suite, where it is at hand, as lines and as what lines carry.
#[test]
fn on_the_json_test_suite() {
    let Ok(files) = std::fs::read_dir(beside("../shared/data/json-test-suite")) else { return };
    for path in files.map(|file| file.unwrap().path()).filter(|path| path.is_file()) {
        let bytes = std::fs::read(path).unwrap();
        agree(&bytes);
        for (before, after) in [
            (&b"{\"type\":\"a\",\"payload\":"[..], &b",\"seq\":1}"[..]),
            (b"{\"unit\":", b",\"type\":\"a\"}"),
            (b"{\"type\":\"a\",\"z\":", b"}"),
        ] {
            agree(&[before, &bytes, after].concat());
        }
    }
}

#[test]
fn on_what_stands_at_the_edges_of_the_short_way() {
    for line in [
        r#"{"type":"a","time":"2025-01-18T10:30:15.123456789Z","unit":"u","task":1,"pr":2,"payload":{"content":"c","n":1},"error":"e","run":"01JHZX3V9K5T8Q2W4E6R7Y1U0P","seq":7}"#,
        r#"{"seq":7,"run":"r","error":"e","payload":[1],"pr":2,"task":1,"unit":"u","time":"2025-01-18T10:30:15+02:00","type":"a"}"#,
        r#"{"type":"a","payload":"p"}"#,
        r#"{"type":"a","payload":null}"#,
        r#"{"type":"a","payload":{"a":{"b":[1e3,-0,0.5,1e400]}}}"#,
        r#"{"type":"a","task":999999999999999,"pr":1000000000000000}"#,
        r#"{"type":"a","task":9007199254740991,"pr":9007199254740992}"#,
        r#"{"type":"a","task":-1,"pr":00,"seq":0}"#,
        r#"{"type":"a","data":1,"payload":2}"#,
        r#"{"type":"\u0061","unit":"\n","error":"\"","run":"\u0061"}"#,
        r#"{"type":"ä","unit":"ä","error":"ä"}"#,
        r#"{"type":"a","seq":1}"#,
        r#"{"type":"a","pr":1}"#,
        "{}",
    ] {
        agree_around(line.as_bytes());
    }
    for len in [0, 1, 127, 128, 129] {
        agree(format!(r#"{{"type":"{}"}}"#, "k".repeat(len)).as_bytes());
        agree(format!(r#"{{"type":"k","run":"{}"}}"#, "r".repeat(len / 2)).as_bytes());
    }
}

/// Members of all kinds, most of them good.
const MEMBERS: &[&str] = &[
    r#""type":"task.log""#,
    r#""type" : "task.log""#,
    r#""time":"2025-01-18T10:30:15Z""#,
    r#""time":"2025-01-18T10:30:15.120Z""#,
    r#""time":"2025-02-30T10:30:15Z""#,
    r#""timestamp":"2025-01-18T10:30:15Z""#,
    r#""unit":"app-shell""#,
    r#""unit":"app \"shell\"""#,
    r#""Unit":"x""#,
    r#""task":12"#,
    r#""task":1.5"#,
    r#""pr":null"#,
    r#""payload":{"content":"Compiling \u001b[1mserde","n":12}"#,
    r#""payload":{"files":["a",{"b":[[]]}],"x":-1.5e3}"#,
    r#""data":[]"#,
    r#""error":"exit status 1""#,
    r#""run":"01JHZX3V9K5T8Q2W4E6R7Y1U0P""#,
    r#""run":"two words""#,
    r#""seq":77777"#,
    r#""seq":0"#,
    r#""x":{"y":1}"#,
    r#""x":2"#,
    r#""":"""#,
];

proptest! {
    #[test]
    fn on_members_in_any_order(
        members in subsequence(MEMBERS, 1..8).prop_shuffle(),
        comma in select(&[",", ", ", " ,", ",\t", ";"][..]),
        changes in prop::collection::vec((any::<Index>(), any::<u8>()), 0..3),
    ) {
        let mut bytes = format!("{{{}}}", members.join(comma)).into_bytes();
        agree(&bytes);
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            agree(&bytes);
            bytes.remove(at);
            agree(&bytes);
        }
    }
}
