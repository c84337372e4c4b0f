//! The schemas of lines.

use choo_protocol::{MAX_KIND, WireEvent, kind};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::contract::{Contract, accept_null};
use crate::payloads::{self, PayloadType};
use crate::{examples, nulls};

/// Characters that an event type does not have: white space (Unicode's `White_Space`) and controls.
const PLAIN: &str =
    "^[^\\u0000-\\u0020\\u007f-\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+$";

/// Other names that readers take for a member of the envelope.
const ALIASES: [(&str, &str); 2] = [("time", "timestamp"), ("payload", "data")];

/// An event: the envelope, and for each known type what it carries.
pub(crate) fn event(contract: Contract) -> Value {
    let mut generator = contract.generator();
    let mut root = envelope(contract, &mut generator);
    let payloads: Vec<(&PayloadType, Value)> = payloads::PAYLOADS
        .iter()
        .map(|payload| (payload, (payload.schema)(&mut generator).to_value()))
        .collect();
    let mut definitions = definitions(contract, &mut generator);
    let mut conditions = Vec::new();
    for name in kind::ALL {
        let payload = payloads.iter().find(|(payload, _)| payload.kinds.contains(name));
        let described = payload.and_then(|(payload, _)| definitions[payload.name]["description"].as_str());
        let entry = of_kind(contract, name, payload.map(|(_, schema)| schema), described);
        definitions.insert((*name).to_owned(), entry);
        conditions.push(json!({
            "if": { "properties": { "type": { "const": name } }, "required": ["type"] },
            "then": { "$ref": format!("#/$defs/{name}") },
        }));
    }
    root["allOf"] = conditions.into();
    root["$defs"] = definitions.into();
    examples::add(&mut root);
    root
}

/// A line as the hub takes it from a producer: the envelope alone.
pub(crate) fn line() -> Value {
    let contract = Contract::Read;
    let mut generator = contract.generator();
    let mut root = envelope(contract, &mut generator);
    root["$defs"] = definitions(contract, &mut generator).into();
    root
}

/// The definitions that were asked for so far.
pub(crate) fn definitions(contract: Contract, generator: &mut SchemaGenerator) -> Map<String, Value> {
    let mut definitions = generator.take_definitions(true);
    for definition in definitions.values_mut() {
        contract.tidy(definition);
    }
    if contract == Contract::Read {
        nulls::accept(&mut definitions);
    }
    definitions
}

fn envelope(contract: Contract, generator: &mut SchemaGenerator) -> Value {
    let mut root = generator.root_schema_for::<WireEvent>().to_value();
    // Taken with the others, at the end.
    root["$defs"].take();
    root["properties"]["type"]["maxLength"] = MAX_KIND.into();
    root["properties"]["type"]["pattern"] = PLAIN.into();
    match contract {
        Contract::Write => {
            // The flattened rest of the type is what others wrote; ours have none.
            root["additionalProperties"] = false.into();
            root["required"] = json!(["type"]);
            for name in ["unit", "error"] {
                root["properties"][name]["minLength"] = 1.into();
            }
            contract.tidy(&mut root);
            root["required"] = json!(["type", "time"]);
        }
        Contract::Read => {
            contract.tidy(&mut root);
            forgive(&mut root);
        }
    }
    root
}

/// What a reader of the envelope forgives, and what it does not.
fn forgive(root: &mut Value) {
    let Value::Object(properties) = &mut root["properties"] else { return };
    for (name, schema) in properties.iter_mut() {
        if name != "type" {
            accept_null(schema);
        }
    }
    for (name, alias) in ALIASES {
        let mut schema = properties[name].clone();
        schema["description"] = format!("Another name of `{name}`.").into();
        properties.insert(alias.to_owned(), schema);
    }
    let names: Vec<String> = properties.keys().cloned().collect();
    let alike: Vec<String> = names.iter().map(|name| any_case(name)).collect();
    root["propertyNames"] = json!({
        "anyOf": [{ "enum": names }, { "not": { "pattern": format!("^(?:{})$", alike.join("|")) } }],
    });
    let alone = ALIASES.map(|(name, alias)| (alias.to_owned(), json!({ "properties": { name: false } })));
    root["dependentSchemas"] = Value::Object(alone.into_iter().collect());
}

/// A pattern for a name in capitals or small letters, and in those that other alphabets fold to them.
fn any_case(name: &str) -> String {
    let letter = |c: char| match c {
        'k' => "[kK\\u212a]".to_owned(),
        's' => "[sS\\u017f]".to_owned(),
        c => format!("[{c}{}]", c.to_ascii_uppercase()),
    };
    name.chars().map(letter).collect()
}

/// What is particular to events of one type.
fn of_kind(contract: Contract, name: &str, payload: Option<&Value>, described: Option<&str>) -> Value {
    let mut entry = json!({ "type": "object", "properties": {} });
    if let Some(text) = described {
        entry["description"] = text.into();
    }
    if let Some(schema) = payload {
        entry["properties"]["payload"] = schema.clone();
    }
    match contract {
        Contract::Write => {
            let required = always_written(name, payload.is_some());
            for member in &required {
                if entry["properties"][member].is_null() {
                    entry["properties"][member] = true.into();
                }
            }
            if !required.is_empty() {
                entry["required"] = json!(required);
            }
        }
        Contract::Read => {
            if let Some(schema) = entry["properties"].get_mut("payload") {
                accept_null(schema);
                let same = schema.clone();
                entry["properties"]["data"] = same;
            }
        }
    }
    entry
}

/// The members that an event of a type makes no sense without.
fn always_written(name: &str, has_payload: bool) -> Vec<&'static str> {
    let family = name.split('.').next().unwrap_or_default();
    let mut members = Vec::new();
    let is_record = matches!(name, kind::TASK_CREATED | kind::TASK_UPDATED | kind::TASK_DELETED);
    if matches!(family, "unit" | "task") && !is_record {
        members.push("unit");
    }
    if family == "pr" {
        members.push("pr");
    }
    // Where the payload is what the event is about, rather than more about it.
    let is_content =
        matches!(family, "graph" | "log" | "diff" | "link" | "hub" | "cmd") || name == kind::ORCH_SNAPSHOT;
    if has_payload && (is_content || is_record) {
        members.push("payload");
    }
    members
}
