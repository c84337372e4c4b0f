//! Where a reader takes `null` for an absent member.
//!
//! A derived schema does not know what `deserialize_with` forgives, so the reader itself is asked: each
//! member of a plain value is set to `null` in turn.

use choo_protocol::{Limits, Line};
use serde_json::{Map, Value, json};

use crate::contract::accept_null;
use crate::payloads::{self, PayloadType};

/// Lets `null` into those members of the definitions that may be `null` for their reader.
pub(crate) fn accept(definitions: &mut Map<String, Value>) {
    for kind in payloads::all() {
        let Some(plain) = plain_value(definitions, kind.name) else { continue };
        let Some(Value::Object(members)) =
            definitions.get_mut(kind.name).and_then(|definition| definition.get_mut("properties"))
        else {
            continue;
        };
        for (name, schema) in members {
            if forgives(kind, &plain, name) {
                accept_null(schema);
            }
        }
    }
}

/// A value that fits a definition: its required members, each as plain as can be.
pub(crate) fn plain_value(definitions: &Map<String, Value>, name: &str) -> Option<Value> {
    definitions.get(name).map(|schema| plain(definitions, schema))
}

/// Whether the reader takes the value with `null` for this member.
pub(crate) fn forgives(kind: &PayloadType, plain: &Value, member: &str) -> bool {
    let mut value = plain.clone();
    value[member] = Value::Null;
    reads(kind, &value)
}

/// Whether the reader takes a value.
pub(crate) fn reads(kind: &PayloadType, value: &Value) -> bool {
    let text = json!({ "type": "x", "payload": value }).to_string();
    let line = Line::parse(text.as_bytes(), &Limits::default());
    line.ok().and_then(|line| kind.read(&line)).is_some_and(|read| read.is_ok())
}

fn plain(definitions: &Map<String, Value>, schema: &Value) -> Value {
    if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/")) {
        return plain_value(definitions, name).unwrap_or_default();
    }
    if let Some(value) = schema.get("const") {
        return value.clone();
    }
    if let Some(choices) = ["anyOf", "oneOf"].iter().find_map(|keyword| schema[*keyword].as_array()) {
        return choices.first().map(|choice| plain(definitions, choice)).unwrap_or_default();
    }
    if let Some(names) = schema["enum"].as_array() {
        return names.first().cloned().unwrap_or_default();
    }
    let name = match &schema["type"] {
        Value::Array(names) => names.first().and_then(Value::as_str),
        name => name.as_str(),
    };
    match name {
        Some("object") => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            required.map(|name| (name.to_owned(), plain(definitions, &schema["properties"][name]))).collect()
        }
        Some("array") => json!([]),
        Some("string") if schema["format"] == "date-time" => json!("2025-01-18T10:30:00Z"),
        Some("string") => json!("x"),
        Some("integer" | "number") => json!(1),
        Some("boolean") => json!(true),
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::{Contract, documents};

    /// Values of every type, and on both sides of every bound.
    fn probes() -> Vec<Value> {
        vec![
            json!(null),
            json!(true),
            json!(0),
            json!(-1),
            json!(4_294_967_295_u64),
            json!(4_294_967_296_u64),
            json!(9_007_199_254_740_991_u64),
            json!(9_007_199_254_740_992_u64),
            json!(-9_007_199_254_740_992_i64),
            json!(1.5),
            json!(""),
            json!("a b"),
            json!("running"),
            json!("2025-01-18T10:30:00+01:00"),
            json!("2025-01-18t10:30:00z"),
            json!([]),
            json!([null]),
            json!(["a"]),
            json!({}),
            json!({ "1": 1 }),
            json!({ "a": "b" }),
        ]
    }

    #[test]
    fn the_read_contract_takes_what_the_reader_takes() {
        let documents = documents();
        let event = documents.iter().find(|document| document.file == "read/event.schema.json").unwrap();
        let definitions = event.schema["$defs"].as_object().unwrap();
        assert_eq!(event.contract, Some(Contract::Read));
        // One validator for all: to compile one for each definition takes seconds.
        let reference = |kind: &PayloadType| (kind.name, json!({ "$ref": format!("#/$defs/{}", kind.name) }));
        let properties: BTreeMap<&str, Value> = payloads::all().map(reference).collect();
        let validator = jsonschema::draft202012::options()
            .should_validate_formats(true)
            .build(&json!({ "properties": properties, "$defs": definitions }))
            .unwrap();
        for (name, _) in definitions.iter().filter(|(_, definition)| definition["properties"].is_object()) {
            let is_kind = choo_protocol::kind::ALL.contains(&name.as_str());
            let is_listed = payloads::all().any(|kind| kind.name == name);
            assert!(is_kind || is_listed, "{name} is missing in PARTS (schema/src/payloads.rs)");
        }
        let mut checked = 0;
        for kind in payloads::all() {
            let plain = plain_value(definitions, kind.name).unwrap();
            assert!(reads(kind, &plain), "{}: {plain}", kind.name);
            let members = definitions[kind.name]["properties"].as_object().unwrap();
            for member in members.keys().map(String::as_str).chain(["unknown_member"]) {
                let mut less = plain.clone();
                less.as_object_mut().unwrap().remove(member);
                let with = |value: Value| {
                    let mut more = plain.clone();
                    more[member] = value;
                    more
                };
                for value in probes().into_iter().map(with).chain([less]) {
                    let fits = validator.is_valid(&json!({ kind.name: value }));
                    assert_eq!(fits, reads(kind, &value), "{}: {value}", kind.name);
                    checked += 1;
                }
            }
        }
        assert!(checked > 2000, "{checked}");
    }
}
