//! What we write for `wire = seed` is what Go writes (S0-32), byte for byte.
//!
//! The vectors in `tests/vectors/go` hold what Go 1.19 wrote. Where `go` is installed it is asked again,
//! about them and about more; `UPDATE_VECTORS=1` then writes them anew.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use choo_protocol::{Limits, Line};
use choo_tests::{Random, go, json_text, not_installed, repository};

fn vector(name: &str) -> Vec<String> {
    let path = repository().join("tests/vectors/go").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.lines().map(str::to_owned).collect()
}

fn ours(cases: &[go::Case]) -> Vec<Option<String>> {
    cases.iter().map(go::Case::line).collect()
}

/// Compares with what Go says, and names the case that differs.
fn compare(cases: &[go::Case], expected: &[String]) {
    assert_eq!(cases.len(), expected.len());
    for ((case, ours), expected) in cases.iter().zip(ours(cases)).zip(expected) {
        match ours {
            Some(ours) => assert!(ours == *expected, "{case:?}\n  Go: {expected}\nours: {ours}"),
            // Of what no reader takes no event can be made.
            None => assert!(Line::parse(expected.as_bytes(), &Limits::default()).is_err(), "{case:?}"),
        }
    }
}

/// The cases about which this version of Go has the same opinion as 1.19; `None` without Go.
fn for_go(cases: Vec<go::Case>) -> Option<Vec<go::Case>> {
    let Some(version) = go::version() else {
        not_installed("what real Go writes", "go is not installed");
        return None;
    };
    let same = |case: &go::Case| version < (1, 22) || !case.depends_on_go_version();
    Some(cases.into_iter().filter(same).collect())
}

#[test]
fn s0_32_the_committed_lines_of_go_are_ours() {
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        update();
    }
    let cases: Vec<go::Case> =
        vector("cases.ndjson").iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(cases, go::cases(), "cases.ndjson is out of date: run this test with UPDATE_VECTORS=1");
    compare(&cases, &vector("lines.ndjson"));
}

fn update() {
    assert!(
        go::version().is_some_and(|version| version < (1, 22)),
        "the vectors are those of Go before 1.22"
    );
    let cases = go::cases();
    let mut text = String::new();
    for case in &cases {
        writeln!(text, "{}", serde_json::to_string(case).unwrap()).unwrap();
    }
    let dir = repository().join("tests/vectors/go");
    std::fs::write(dir.join("cases.ndjson"), text).unwrap();
    std::fs::write(dir.join("lines.ndjson"), go::encode(&cases).join("\n") + "\n").unwrap();
}

#[test]
fn s0_32_real_go_writes_the_committed_lines() {
    let Some(cases) = for_go(go::cases()) else { return };
    compare(&cases, &go::encode(&cases));
}

#[test]
fn s0_32_real_go_agrees_on_every_character_and_on_random_payloads() {
    let case = go::Case { kind: "x".into(), time: "2025-01-18T10:30:00Z".into(), ..go::Case::default() };
    let mut cases: Vec<go::Case> = (0..0x11_0000)
        .step_by(0x1000)
        .map(|first| go::Case { chars: Some((first, first + 0xFFF)), ..case.clone() })
        .collect();
    let mut random = Random::new(1);
    cases.extend(go::floats(5000, &mut random));
    cases.extend((0..2000).map(|_| {
        let raw = json_text::value(&mut random, 6);
        go::Case { raw: Some(raw), ..case.clone() }
    }));
    let Some(cases) = for_go(cases) else { return };
    compare(&cases, &go::encode(&cases));
}
