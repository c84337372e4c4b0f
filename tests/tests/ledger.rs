//! The ledger's defects of the source designs, each to be proven absent by a test that names it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::path::Path;

use choo_tests::repository;

/// Where Rust tests are.
const PLACES: [&str; 8] = ["protocol", "transport", "hub", "cli", "wasm", "schema", "tests", "bench"];

/// How many defects of each source the ledger lists, from 1 on.
const DEFECTS: [(&str, u8); 5] = [("s0", 32), ("s1", 3), ("s2", 7), ("s3", 10), ("s4", 11)];

/// Such as `s0_b01`.
fn defects() -> BTreeSet<String> {
    DEFECTS.iter().flat_map(|(source, last)| (1..=*last).map(move |n| format!("{source}_b{n:02}"))).collect()
}

/// The names of the test functions below a folder.
fn tests(folder: &Path, names: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let skipped = path.file_name().is_some_and(|name| name == "target" || name == "node_modules");
            if !skipped {
                tests(&path, names);
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(tests_of(&std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// A function counts if it is marked as a test.
fn tests_of(source: &str) -> Vec<String> {
    let mut names = Vec::new();
    let mut marked = false;
    for line in source.lines().map(str::trim) {
        let name =
            line.strip_prefix("fn ").or(line.strip_prefix("async fn ")).and_then(|l| l.split_once('('));
        match name {
            Some((name, _)) if std::mem::take(&mut marked) => names.push(name.to_owned()),
            _ => marked = line == "#[test]" || (marked && line.starts_with('#')),
        }
    }
    names
}

#[test]
fn every_defect_of_the_sources_has_a_test_by_its_name() {
    let mut names = Vec::new();
    for place in PLACES {
        tests(&repository().join(place), &mut names);
    }
    let missing: Vec<_> =
        defects().into_iter().filter(|id| !names.iter().any(|name| name.contains(id.as_str()))).collect();
    assert!(missing.is_empty(), "no test names {missing:?}");
}

#[test]
fn only_a_function_marked_as_a_test_counts() {
    let source = "
        #[test]
        #[cfg(unix)]
        fn s0_b01_one() {}
        fn s0_b02_two() {}
        // s0_b03
        #[test]
        fn three(
    ";
    assert_eq!(tests_of(source), ["s0_b01_one", "three"]);
}
