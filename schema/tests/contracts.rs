//! Samples against the two contracts, as the reader itself and a validator that is not ours see them.
//! `schema/ajv` asks a second one the same.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use choo_protocol::{Limits, Line, kind};
use choo_schema::{PayloadType, documents, sample_lines};
use jsonschema::Validator;
use serde_json::{Map, Value, json};
use support::{validator, vector};

/// What a sample fits, from the most lenient to the strictest.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fits {
    Nothing,
    Line,
    Read,
    Write,
}

/// What our reader makes of a sample.
fn read(text: &str) -> Fits {
    let Ok(line) = Line::parse(text.as_bytes(), &Limits::default()) else { return Fits::Nothing };
    let payload = PayloadType::of(&line.kind).and_then(|payload| payload.read(&line));
    if payload.is_some_and(|read| read.is_err()) { Fits::Line } else { Fits::Read }
}

#[test]
fn each_contract_admits_what_it_should_and_refuses_the_rest() {
    let schemas = ["read/line", "read/event", "write/event"].map(validator);
    let cases: Vec<Value> = serde_json::from_str(&vector("contracts.json")).unwrap();
    for case in &cases {
        let (why, event) = (&case["why"], &case["event"]);
        let expected = match case["fits"].as_str() {
            Some("nothing") => Fits::Nothing,
            Some("line") => Fits::Line,
            Some("read") => Fits::Read,
            Some("write") => Fits::Write,
            other => panic!("{other:?}: {why}"),
        };
        let admitted = schemas.each_ref().map(|schema| schema.is_valid(event));
        let told = match admitted {
            [false, false, false] => Fits::Nothing,
            [true, false, false] => Fits::Line,
            [true, true, false] => Fits::Read,
            [true, true, true] => Fits::Write,
            other => panic!("a stricter contract admits what a more lenient one refuses: {other:?}: {why}"),
        };
        assert_eq!(told, expected, "by schema: {why}: {event}");
        assert_eq!(read(&event.to_string()), expected.min(Fits::Read), "by reader: {why}: {event}");
    }
    assert!(cases.len() > 60, "{}", cases.len());
}

#[test]
fn s0_41_every_sample_line_is_one_that_we_write_and_read() {
    let schemas = ["read/line", "read/event", "write/event"].map(validator);
    for text in sample_lines() {
        let sample = serde_json::from_str(text).unwrap();
        for schema in &schemas {
            let errors: Vec<String> = schema.iter_errors(&sample).map(|error| error.to_string()).collect();
            assert!(errors.is_empty(), "{text}: {errors:?}");
        }
        assert_eq!(read(text), Fits::Read, "{text}");
        // What the reader understood is what was written.
        let line = Line::parse(text.as_bytes(), &Limits::default()).unwrap();
        if let Some(Ok(payload)) = PayloadType::of(&line.kind).and_then(|payload| payload.read(&line)) {
            assert_eq!(payload, sample["payload"], "{text}");
        }
    }
}

#[test]
fn the_event_schemas_describe_the_known_types_and_no_others() {
    for file in ["read/event.schema.json", "write/event.schema.json"] {
        let documents = documents();
        let schema = &documents.iter().find(|document| document.file == file).unwrap().schema;
        let told: Vec<&str> = schema["allOf"]
            .as_array()
            .unwrap()
            .iter()
            .map(|condition| condition["if"]["properties"]["type"]["const"].as_str().unwrap())
            .collect();
        assert_eq!(told, kind::ALL, "{file}");
        let is_kind = |name: &&String| name.starts_with(|c: char| c.is_ascii_lowercase());
        let defined = schema["$defs"].as_object().unwrap().keys().filter(is_kind);
        assert_eq!(defined.count(), kind::ALL.len(), "{file}");
    }
}

#[test]
fn every_structure_on_the_wire_has_an_example_that_fits() {
    for document in documents().iter().filter(|document| document.contract.is_some()) {
        let definitions = document.schema["$defs"].as_object().unwrap();
        let validator = by_definition(definitions);
        for (name, definition) in definitions {
            let examples = definition["examples"].as_array().cloned().unwrap_or_default();
            let is_structure = definition["properties"].is_object();
            assert!(!(is_structure && examples.is_empty()), "{}: no example of {name}", document.file);
            for example in &examples {
                assert!(
                    validator.is_valid(&json!({ name: example })),
                    "{}: {name}: {example}",
                    document.file
                );
            }
        }
    }
}

/// Takes objects whose members have the names of definitions. Compiled once, where one validator for
/// each would compile all of them again.
fn by_definition(definitions: &Map<String, Value>) -> Validator {
    let reference = |name: &String| (name.clone(), json!({ "$ref": format!("#/$defs/{name}") }));
    let properties: Map<String, Value> = definitions.keys().map(reference).collect();
    let schema = json!({ "properties": properties, "$defs": definitions });
    jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
}

#[test]
fn descriptions_are_for_people_who_do_not_read_rust() {
    fn texts<'a>(schema: &'a Value, found: &mut Vec<&'a str>) {
        match schema {
            Value::Object(object) => {
                found.extend(object.get("description").and_then(Value::as_str));
                object.values().for_each(|inner| texts(inner, found));
            }
            Value::Array(list) => list.iter().for_each(|inner| texts(inner, found)),
            _ => {}
        }
    }
    for document in documents() {
        let mut found = Vec::new();
        texts(&document.schema, &mut found);
        for text in found {
            for foreign in ["```", "[`", "::", "choo_protocol"] {
                assert!(!text.contains(foreign), "{}: {foreign:?} in {text:?}", document.file);
            }
        }
    }
}
