//! `docs/wire.md` lists every event type, with the members that its payload has in the schema.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use choo_protocol::kind;
use choo_schema::PAYLOADS;
use choo_tests::repository;
use serde_json::Value;

/// The rows of the table of event types: the types, and the payload as it is written there.
fn rows() -> Vec<(Vec<String>, String)> {
    let text = std::fs::read_to_string(repository().join("docs/wire.md")).unwrap();
    let table = text.lines().skip_while(|line| !line.starts_with("## Event types")).skip(1);
    let rows = table.take_while(|line| !line.starts_with("## ")).filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let mut cells = row.split('|').map(str::trim).skip(1);
        let types = cells.next().unwrap().split(", ").map(|name| name.trim_matches('`').to_owned()).collect();
        (types, cells.next().unwrap().trim_matches('`').to_owned())
    })
    .collect()
}

/// The outermost members of `{a, b?: {c}}`, each with whether it may be left out.
fn members(payload: &str) -> BTreeMap<String, bool> {
    let mut depth = 0;
    let mut outermost = String::new();
    for c in payload.chars() {
        depth += i32::from(matches!(c, '{' | '[')) - i32::from(matches!(c, '}' | ']'));
        if depth == 1 && !matches!(c, '{' | '}' | '[' | ']') {
            outermost.push(c);
        }
    }
    let names = outermost.split(',').map(|member| member.split(':').next().unwrap_or_default().trim());
    names.map(|name| (name.trim_end_matches('?').to_owned(), name.ends_with('?'))).collect()
}

#[test]
fn every_type_is_in_the_table_once() {
    let rows = rows();
    let listed: Vec<&str> = rows.iter().flat_map(|(types, _)| types).map(String::as_str).collect();
    let unique: BTreeSet<&str> = listed.iter().copied().collect();
    assert_eq!(unique.len(), listed.len(), "a type is there twice");
    let known: BTreeSet<&str> = kind::ALL.iter().copied().chain(["x.<vendor>.*"]).collect();
    assert_eq!(unique, known);
}

#[test]
fn payloads_have_the_members_of_the_schema() {
    let schema = std::fs::read_to_string(repository().join("schema/write/event.schema.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    for (types, written) in rows() {
        let payload = PAYLOADS.iter().find(|payload| payload.kinds.contains(&&*types[0]));
        let Some(payload) = payload else {
            assert!(matches!(&*written, "none" | "yours"), "{types:?} has no payload");
            continue;
        };
        let types: BTreeSet<&str> = types.iter().map(String::as_str).collect();
        assert_eq!(types, payload.kinds.iter().copied().collect(), "{}", payload.name);
        let definition = &schema["$defs"][payload.name];
        let required = definition["required"].as_array().cloned().unwrap_or_default();
        let properties = definition["properties"].as_object().unwrap();
        let members_of: BTreeMap<String, bool> =
            properties.keys().map(|key| (key.clone(), !required.contains(&key.as_str().into()))).collect();
        assert_eq!(members(&written), members_of, "{}", payload.name);
    }
}
