//! A schema as a few lines of text: for people who review a change, and for messages about one.

use std::fmt::Write as _;

use serde_json::Value;

/// One line for each member of each structure; prose and examples left out.
///
/// A `?` behind a name means that the member may be absent.
pub fn outline(schema: &Value) -> String {
    let mut out = String::new();
    write_members(&mut out, "(root)", schema);
    for (name, definition) in schema["$defs"].as_object().into_iter().flatten() {
        write_members(&mut out, name, definition);
    }
    out
}

fn write_members(out: &mut String, name: &str, schema: &Value) {
    let Some(properties) = schema["properties"].as_object() else {
        let _ = writeln!(out, "{name}: {}", shape(schema));
        return;
    };
    let closed = schema["additionalProperties"] == Value::Bool(false);
    let _ = writeln!(out, "{name}{}", if closed { " (closed)" } else { "" });
    for (member, schema_of_member) in properties {
        let mark = if is_required(schema, member) { "" } else { "?" };
        let _ = writeln!(out, "  {member}{mark}: {}", shape(schema_of_member));
    }
}

/// Whether a structure always has a member.
pub(crate) fn is_required(schema: &Value, member: &str) -> bool {
    schema["required"].as_array().is_some_and(|names| names.iter().any(|name| name == member))
}

/// What fits a schema, in a few words.
pub(crate) fn shape(schema: &Value) -> String {
    let Value::Object(object) = schema else { return "any".to_owned() };
    if let Some(name) = schema["$ref"].as_str() {
        return name.trim_start_matches("#/$defs/").to_owned();
    }
    if let Some(value) = object.get("const") {
        return value.to_string();
    }
    if let Some(names) = schema["enum"].as_array() {
        return joined(names.iter().map(Value::to_string));
    }
    if let Some(choices) = ["anyOf", "oneOf"].iter().find_map(|keyword| schema[*keyword].as_array()) {
        return joined(choices.iter().map(shape));
    }
    match &schema["type"] {
        Value::String(name) => of_type(name, schema),
        Value::Array(names) => {
            joined(names.iter().filter_map(Value::as_str).map(|name| of_type(name, schema)))
        }
        _ => "any".to_owned(),
    }
}

fn of_type(name: &str, schema: &Value) -> String {
    match name {
        "integer" | "number" => match (schema.get("minimum"), schema.get("maximum")) {
            (None, None) => name.to_owned(),
            (least, most) => {
                let text = |bound: Option<&Value>| bound.map(Value::to_string).unwrap_or_default();
                format!("{name} {}..={}", text(least), text(most))
            }
        },
        "string" => {
            let mut text = schema.get("format").and_then(Value::as_str).unwrap_or("string").to_owned();
            for keyword in ["minLength", "maxLength", "pattern"] {
                if let Some(value) = schema.get(keyword) {
                    let _ = write!(text, " {keyword} {value}");
                }
            }
            text
        }
        "array" => format!("[{}]", schema.get("items").map_or_else(|| "any".to_owned(), shape)),
        "object" => match map_values(schema) {
            inner @ Value::Object(_) => format!("{{{}}}", shape(inner)),
            _ => "object".to_owned(),
        },
        other => other.to_owned(),
    }
}

/// What the values of a map are: an object whose keys are not named, or named by one pattern as numbers
/// are. `null` or a truth value if it is no map.
pub(crate) fn map_values(schema: &Value) -> &Value {
    let patterns = schema["patternProperties"].as_object();
    let by_pattern = patterns.and_then(|patterns| patterns.values().next());
    by_pattern.unwrap_or(&schema["additionalProperties"])
}

fn joined(choices: impl Iterator<Item = String>) -> String {
    choices.collect::<Vec<_>>().join(" | ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn members_are_told_by_name_and_shape() {
        let schema = json!({
            "properties": {
                "id": { "type": "string", "minLength": 1 },
                "when": { "type": ["string", "null"], "format": "date-time" },
                "tags": { "type": "array", "items": { "$ref": "#/$defs/Tag" } },
                "count": { "type": "object", "additionalProperties": { "type": "integer", "minimum": 0 } },
                "by_number": { "type": "object", "patternProperties": { "^\\d+$": { "type": "string" } } },
                "any": true,
            },
            "required": ["id"],
            "additionalProperties": false,
            "$defs": { "Tag": { "anyOf": [{ "type": "string", "enum": ["a", "b"] }, { "type": "string" }] } },
        });
        let expected = "(root) (closed)\n  any?: any\n  by_number?: {string}\n  count?: {integer 0..=}\n  id: string minLength 1\n  \
                        tags?: [Tag]\n  when?: date-time | null\nTag: \"a\" | \"b\" | string\n";
        assert_eq!(outline(&schema), expected);
    }
}
