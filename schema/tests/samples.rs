//! The schema files against the types, and samples against the schemas.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::PathBuf;

use choo_schema::{compare, documents, outline, payload_types};
use jsonschema::Validator;
use serde_json::Value;

fn validator(file: &str) -> Validator {
    let document = documents().into_iter().find(|document| document.file == file).unwrap();
    jsonschema::draft202012::options().should_validate_formats(true).build(&document.schema).unwrap()
}

fn vector(name: &str) -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors").join(name);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn the_files_say_what_the_types_say() {
    for document in documents() {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(document.file);
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
fn s0_41_the_example_lines_fit_both_schemas() {
    let (line, event) = (validator("read/line.schema.json"), validator("write/event.schema.json"));
    for name in ["s0-example.ndjson", "s0-example.document-order.ndjson"] {
        for text in vector(name).lines() {
            let sample = serde_json::from_str(text).unwrap();
            assert!(line.is_valid(&sample), "{text}");
            assert!(event.is_valid(&sample), "{text}");
        }
    }
}

#[test]
fn what_the_validator_accepts_fits_and_what_it_refuses_for_its_shape_does_not() {
    let line = validator("read/line.schema.json");
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
            Some("not-an-object" | "missing-type") => {
                assert!(!line.is_valid(&sample), "{}: {sample}", case["name"]);
                refused += 1;
            }
            Some(_) => {}
        }
    }
    assert!(accepted > 10 && refused > 3, "{accepted} {refused}");
}

#[test]
fn a_payload_that_does_not_fit_its_type_is_told() {
    let event = validator("read/event.schema.json");
    for (good, bad) in [
        (
            r#"{"type":"log.stdout","payload":{"content":"a","n":1}}"#,
            r#"{"type":"log.stdout","payload":{"content":1,"n":1}}"#,
        ),
        (
            r#"{"type":"hub.cursor","payload":{"cursor":"1:2"}}"#,
            r#"{"type":"hub.cursor","payload":{"cursor":7}}"#,
        ),
        (r#"{"type":"x.acme.any","payload":[1]}"#, r#"{"payload":[1]}"#),
    ] {
        assert!(event.is_valid(&serde_json::from_str(good).unwrap()), "{good}");
        assert!(!event.is_valid(&serde_json::from_str(bad).unwrap()), "{bad}");
    }
}

#[test]
fn every_payload_has_its_definition() {
    let documents = documents();
    let event = documents.iter().find(|document| document.file == "write/event.schema.json").unwrap();
    for (kind, name) in payload_types() {
        assert!(event.schema["$defs"][name].is_object(), "{kind}: {name}");
        assert!(choo_protocol::kind::ALL.contains(&kind), "{kind}");
    }
}
