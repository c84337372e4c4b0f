//! The schema files against the types.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::path::Path;

use choo_schema::{compare, documents, openapi, outline};
use serde_json::Value;
use support::{validator, vector};

#[test]
fn the_files_say_what_the_types_say() {
    for document in documents().into_iter().chain([openapi()]) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(document.file);
        let written = std::fs::read_to_string(&path).unwrap_or_default();
        let written: Value = serde_json::from_str(&written).unwrap_or_default();
        if let Some(drift) = compare(document.file, &written, &document.schema) {
            panic!("{drift}run `cargo xtask schema` if the change of the wire is meant");
        }
    }
}

#[test]
fn every_change_of_the_wire_shows_in_a_snapshot() {
    for document in documents() {
        let name = document.file.replace(".schema.json", "").replace('/', "-");
        insta::assert_snapshot!(name, outline(&document.schema));
    }
}

#[test]
fn the_schemas_are_valid_themselves() {
    for document in documents() {
        assert!(jsonschema::meta::is_valid(&document.schema), "{}", document.file);
    }
}

#[test]
fn what_the_validator_accepts_fits_and_what_it_refuses_for_its_shape_does_not() {
    let line = validator("read/line");
    let cases: Vec<Value> = serde_json::from_str(&vector("lines.json")).unwrap();
    let (mut accepted, mut refused) = (0, 0);
    for case in &cases {
        // What is no JSON, or ambiguous as JSON, no schema can judge.
        let Some(sample) = case["line"].as_str().and_then(|text| serde_json::from_str::<Value>(text).ok())
        else {
            continue;
        };
        match case["error"].as_str() {
            None => {
                assert!(line.is_valid(&sample), "{}: {sample}", case["name"]);
                accepted += 1;
            }
            Some("not-an-object" | "missing-type" | "ambiguous-key") => {
                assert!(!line.is_valid(&sample), "{}: {sample}", case["name"]);
                refused += 1;
            }
            Some(_) => {}
        }
    }
    assert!(accepted > 10 && refused > 3, "{accepted} {refused}");
}
