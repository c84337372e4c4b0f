//! What a producer left out is spliced in before the closing brace, and nothing else is touched.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use choo_protocol::{Fill, Limits, Line, RunId, Timestamp};

fn completed(line: &str) -> String {
    let run: RunId = "r1".parse().unwrap();
    let time: Timestamp = "2025-01-18T10:30:15Z".parse().unwrap();
    let fill = Fill { run: Some(&run), seq: Some(7), time: Some(time) };
    let mut out = Vec::new();
    Line::parse(line.as_bytes(), &Limits::default()).unwrap().complete(&fill, &mut out);
    // Whatever comes out is a line again, and names what was missing.
    let again = Line::parse(&out, &Limits::default()).unwrap();
    assert_eq!(again.seq, Some(7));
    assert!(again.run.is_some() && again.time.is_some());
    String::from_utf8(out).unwrap()
}

#[test]
fn s0_b31_a_line_without_run_gets_one() {
    assert_eq!(
        completed(r#"{"type":"a","unit":"u"}"#),
        r#"{"type":"a","unit":"u","time":"2025-01-18T10:30:15Z","run":"r1","seq":7}"#
    );
}

#[test]
fn what_is_there_stays() {
    assert_eq!(
        completed(r#" {"timestamp":"2020-01-01T00:00:00Z","x": 1 ,"run":"mine","type":"a" } "#),
        r#" {"timestamp":"2020-01-01T00:00:00Z","x": 1 ,"run":"mine","type":"a","seq":7}"#
    );
}

#[test]
fn a_seq_without_run_is_renumbered_in_place() {
    assert_eq!(
        completed(r#"{"seq":123456,"type":"a","time":"2020-01-01T00:00:00Z"}"#),
        r#"{"seq":7,"type":"a","time":"2020-01-01T00:00:00Z","run":"r1"}"#
    );
}

#[test]
fn nulls_are_written_over_never_repeated() {
    assert_eq!(
        completed(r#"{"run":null,"seq":null,"type":"a","time":null}"#),
        r#"{"run":"r1","seq":7,"type":"a","time":"2025-01-18T10:30:15Z"}"#
    );
}

#[test]
fn nothing_missing_means_nothing_changed() {
    let line = r#"{"type":"a","time":"2020-01-01T00:00:00Z","run":"r","seq":3}"#;
    let mut out = Vec::new();
    Line::parse(line.as_bytes(), &Limits::default()).unwrap().complete(&Fill::default(), &mut out);
    assert_eq!(out, line.as_bytes());
}
