//! The validator against a second opinion: what it accepts, `serde_json` reads with the same meaning.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use choo_protocol::{Frame, Limits, Line, LineDecoder, LineErrorKind};
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Text that is nearly JSON: a valid line with a few bytes changed.
fn nearly_a_line() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), any::<u8>());
    (any_json(), prop::collection::vec(change, 0..4)).prop_map(|(payload, changes)| {
        let event = json!({ "type": "a", "unit": "\u{e4}", "seq": 12, "payload": payload, "z": [1, {}] });
        let mut bytes = serde_json::to_vec(&event).unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes
    })
}

/// A line of exactly so many bytes.
fn line_of(kind: &str, bytes: usize) -> Vec<u8> {
    let empty = format!("{{\"type\":\"{kind}\",\"error\":\"\"}}").len();
    format!("{{\"type\":\"{kind}\",\"error\":\"{}\"}}", "e".repeat(bytes - empty)).into_bytes()
}

#[test]
fn sizes_are_exact_and_depend_on_the_type() {
    let limits = Limits::default();
    for (kind, limit) in [
        ("log.stdout", 512 << 10),
        ("orch.started", 16 << 20),
        ("graph", 16 << 20),
        ("orch.snapshot", 16 << 20),
        ("orch.completed", 512 << 10),
    ] {
        let longest = line_of(kind, limit);
        assert_eq!(longest.len(), limit);
        assert!(Line::parse(&longest, &limits).is_ok(), "{kind}");
        let error = Line::parse(&line_of(kind, limit + 1), &limits).unwrap_err();
        assert_eq!(error.kind, LineErrorKind::TooLong { bytes: limit as u64 + 1, limit }, "{kind}");
    }
}

proptest! {
    #[test]
    fn any_json_is_a_payload(payload in any_json()) {
        let event = json!({ "type": "a", "payload": payload });
        let bytes = serde_json::to_vec(&event).unwrap();
        let line = Line::parse(&bytes, &Limits::default()).unwrap();
        let read = line.payload::<Value>().map_or(Value::Null, Result::unwrap);
        prop_assert_eq!(read, payload);
    }

    #[test]
    fn what_is_accepted_is_json_and_what_is_not_json_is_refused(bytes in nearly_a_line()) {
        let read = serde_json::from_slice::<Value>(&bytes);
        match Line::parse(&bytes, &Limits::default()) {
            Ok(line) => {
                let read = read.unwrap();
                prop_assert_eq!(&read["type"], &*line.kind);
                prop_assert_eq!(read["unit"].as_str().unwrap_or_default(), &*line.unit);
                prop_assert_eq!(read["seq"].as_u64(), line.seq);
            }
            Err(error) => {
                prop_assert!(error.offset <= bytes.len());
                // Only our own rules are stricter than JSON itself.
                let own = !matches!(error.kind, LineErrorKind::Syntax { .. } | LineErrorKind::NotUtf8);
                prop_assert!(own || read.is_err(), "{}", error);
            }
        }
    }

    #[test]
    fn any_cut_of_any_bytes_gives_the_same_frames(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), Just(b'\r'), Just(b'{'), any::<u8>()], 0..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut limits = Limits::default();
        (limits.line, limits.graph_line) = (20, 20);
        let frames = |cuts: &[usize]| {
            let mut decoder = LineDecoder::new(limits);
            let mut frames = Vec::new();
            let ends = cuts.iter().copied().chain([bytes.len()]);
            let mut start = 0;
            for end in ends {
                decoder.feed(&bytes[start..end], |frame| frames.push(match frame {
                    Frame::Line(line) => (line.to_vec(), 0),
                    Frame::Oversized { bytes } => (Vec::new(), bytes),
                }));
                start = end;
            }
            (frames, decoder.finish())
        };
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        prop_assert_eq!(frames(&cuts), frames(&[]));
    }
}
