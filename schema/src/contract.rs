//! The two contracts of the wire, and what each makes of the schemas that schemars derives.

use choo_protocol::MAX_INTEGER;
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::prose::prose;

/// Which side of the wire a schema is for.
///
/// The two are kept apart on purpose: what our programs write is strict, so that a change cannot go
/// unseen; what they read is lenient, so that neither an older nor a newer peer is turned away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contract {
    /// What our programs produce: every member named, none beside them, nothing that is `null`.
    Write,
    /// What our readers accept: aliases, `null` for absent, members and names that are not known.
    Read,
}

impl Contract {
    /// The folder of its files in `schema/`.
    pub fn folder(self) -> &'static str {
        match self {
            Contract::Write => "write",
            Contract::Read => "read",
        }
    }

    pub(crate) fn generator(self) -> SchemaGenerator {
        let settings = SchemaSettings::draft2020_12();
        match self {
            Contract::Write => settings.for_serialize(),
            Contract::Read => settings.for_deserialize(),
        }
        .into_generator()
    }

    /// A schema as this contract puts it, with all the schemas in it.
    pub(crate) fn tidy(self, schema: &mut Value) {
        let Value::Object(object) = schema else { return };
        if let Some(Value::String(text)) = object.get_mut("description") {
            *text = prose(text);
        }
        bound_integer(object);
        open_names(object);
        if self == Contract::Write {
            object.remove("default");
            close(object);
        }
        for (keyword, value) in object {
            match (keyword.as_str(), value) {
                ("properties" | "$defs" | "patternProperties", Value::Object(schemas)) => {
                    for schema in schemas.values_mut() {
                        self.tidy(schema);
                    }
                }
                ("anyOf" | "oneOf" | "allOf" | "prefixItems", Value::Array(schemas)) => {
                    for schema in schemas {
                        self.tidy(schema);
                    }
                }
                ("items" | "additionalProperties" | "not" | "if" | "then" | "else", schema) => {
                    self.tidy(schema);
                }
                _ => {}
            }
        }
    }
}

/// The widths of Rust's integers are no formats of JSON Schema; what they mean are bounds. No reader
/// takes more than 53 bits.
fn bound_integer(object: &mut Map<String, Value>) {
    let Some(format) = object.get("format").and_then(Value::as_str) else { return };
    let (least, most) = match format {
        "uint8" => (0, i64::from(u8::MAX)),
        "uint16" => (0, i64::from(u16::MAX)),
        "uint32" => (0, i64::from(u32::MAX)),
        "uint64" | "uint" => (0, MAX_INTEGER),
        "int32" => (i64::from(i32::MIN), i64::from(i32::MAX)),
        "int64" | "int" => (-MAX_INTEGER, MAX_INTEGER),
        "float" | "double" => {
            object.remove("format");
            return;
        }
        _ => return,
    };
    object.remove("format");
    object.entry("minimum").or_insert(least.into());
    object.entry("maximum").or_insert(most.into());
}

/// A string with examples is a set of names that may grow: the known ones are listed, and any other
/// string fits as well.
fn open_names(object: &mut Map<String, Value>) {
    if object.get("type") == Some(&json!("string"))
        && let Some(names) = object.remove("examples")
    {
        object.remove("type");
        object.insert("anyOf".to_owned(), json!([{ "type": "string", "enum": names }, { "type": "string" }]));
    }
}

/// A structure has its members and no others; those that may be absent are absent rather than `null`.
fn close(object: &mut Map<String, Value>) {
    let required = object.get("required").cloned().unwrap_or_default();
    let is_required = |name: &str| required.as_array().is_some_and(|list| list.iter().any(|r| r == name));
    let Some(Value::Object(properties)) = object.get_mut("properties") else { return };
    for (name, schema) in properties {
        if !is_required(name) {
            refuse_null(schema);
        }
    }
    object.entry("additionalProperties").or_insert(Value::Bool(false));
}

fn refuse_null(schema: &mut Value) {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = &types[..] {
            schema["type"] = only.clone();
        }
    }
    let Some(Value::Array(choices)) = schema.get_mut("anyOf") else { return };
    choices.retain(|choice| choice.get("type") != Some(&json!("null")));
    if let [only] = &choices[..] {
        let only = only.clone();
        if let (Some(object), Value::Object(members)) = (schema.as_object_mut(), only) {
            object.remove("anyOf");
            for (key, value) in members {
                object.entry(key).or_insert(value);
            }
        }
    }
}

/// Lets `null` stand for a value of the schema.
pub(crate) fn accept_null(schema: &mut Value) {
    if takes_null(schema) {
        return;
    }
    let Value::Object(object) = schema else { return };
    match object.get("type") {
        Some(Value::String(name)) if !object.contains_key("enum") && !object.contains_key("const") => {
            let types = json!([name, "null"]);
            object.insert("type".to_owned(), types);
        }
        _ => {
            let mut outer = Map::new();
            for keyword in ["description", "default"] {
                if let Some(value) = object.remove(keyword) {
                    outer.insert(keyword.to_owned(), value);
                }
            }
            let inner = std::mem::take(object);
            outer.insert("anyOf".to_owned(), json!([inner, { "type": "null" }]));
            *object = outer;
        }
    }
}

/// Whether the schema itself says that `null` fits; references are not followed.
pub(crate) fn takes_null(schema: &Value) -> bool {
    let Value::Object(object) = schema else { return schema == &Value::Bool(true) };
    let says_nothing = object.keys().all(|key| ["description", "default"].contains(&key.as_str()));
    let named = |value: &Value| match value {
        Value::String(name) => name == "null",
        Value::Array(names) => names.iter().any(|name| name == "null"),
        _ => false,
    };
    let chosen = |value: &Value| value.as_array().is_some_and(|choices| choices.iter().any(takes_null));
    says_nothing || object.get("type").is_some_and(named) || object.get("anyOf").is_some_and(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tidied(contract: Contract, mut schema: Value) -> Value {
        contract.tidy(&mut schema);
        schema
    }

    #[test]
    fn what_is_written_is_closed_and_never_null() {
        let made = json!({
            "type": "object",
            "properties": {
                "n": { "type": ["integer", "null"], "format": "uint32", "minimum": 0, "default": null },
                "graph": { "anyOf": [{ "$ref": "#/$defs/G" }, { "type": "null" }] },
                "any": { "description": "Any [`Value`](x)." },
            },
        });
        let expected = json!({
            "type": "object",
            "properties": {
                "n": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
                "graph": { "$ref": "#/$defs/G" },
                "any": { "description": "Any `Value`." },
            },
            "additionalProperties": false,
        });
        assert_eq!(tidied(Contract::Write, made), expected);
    }

    #[test]
    fn what_is_read_stays_open() {
        let made =
            json!({ "type": "object", "properties": { "n": { "type": "integer", "format": "uint64" } } });
        let expected = json!({
            "type": "object",
            "properties": { "n": { "type": "integer", "minimum": 0, "maximum": MAX_INTEGER } },
        });
        assert_eq!(tidied(Contract::Read, made), expected);
    }

    #[test]
    fn an_open_set_of_names_lists_the_known_ones() {
        let made = json!({ "type": "string", "examples": ["a", "b"] });
        let expected = json!({ "anyOf": [{ "type": "string", "enum": ["a", "b"] }, { "type": "string" }] });
        assert_eq!(tidied(Contract::Write, made), expected);
    }

    #[test]
    fn null_can_be_let_in_once() {
        let mut number = json!({ "type": "integer", "minimum": 0 });
        accept_null(&mut number);
        assert_eq!(number, json!({ "type": ["integer", "null"], "minimum": 0 }));
        let mut reference = json!({ "$ref": "#/$defs/A", "description": "a" });
        accept_null(&mut reference);
        let expected = json!({ "description": "a", "anyOf": [{ "$ref": "#/$defs/A" }, { "type": "null" }] });
        assert_eq!(reference, expected);
        accept_null(&mut reference);
        assert_eq!(reference, expected);
        assert!(takes_null(&json!({ "description": "anything" })));
    }
}
