//! Examples in the schemas, taken from the golden vectors.

use std::collections::BTreeMap;

use choo_protocol::{Limits, Line, RunState, WireEvent};
use serde_json::{Map, Value};

use crate::outline::map_values;

/// Sample lines of every known event type; also the vectors of other tests.
const LINES: &[&str] = &[
    include_str!("../../tests/vectors/s0-example.ndjson"),
    include_str!("../../tests/vectors/events.ndjson"),
    include_str!("../../tests/vectors/late-hub.ndjson"),
];

/// The run of the sample lines.
const RUN: &str = "01JHZX5E0B";

/// At most this many examples of one definition, each told from the others by its members.
const MAX_EXAMPLES: usize = 2;

/// Longer values show less than they hide, in bytes.
const MAX_BYTES: usize = 4096;

/// The sample lines, each as it is written.
pub fn sample_lines() -> Vec<&'static str> {
    LINES.iter().flat_map(|file| lines_of(file)).collect()
}

fn lines_of(file: &str) -> Vec<&str> {
    file.lines().collect()
}

/// Puts the sample lines and what is found in them beside the definitions that they are examples of.
pub(crate) fn add(root: &mut Value) {
    let Value::Object(mut definitions) = root["$defs"].take() else { return };
    let mut found = Found::default();
    for sample in sample_lines().into_iter().filter_map(as_written) {
        found.walk(root, &definitions, &sample);
        if let Some(kind) = sample["type"].as_str().filter(|kind| definitions.contains_key(*kind)) {
            found.note(kind, &sample);
            found.walk(&definitions[kind], &definitions, &sample);
        }
    }
    let state = definitions.get("RunState").unwrap_or(root);
    for file in LINES {
        found.walk(state, &definitions, &folded(&lines_of(file)));
    }
    for (name, examples) in found.examples {
        if let Some(Value::Object(definition)) = definitions.get_mut(&name) {
            definition.insert("examples".to_owned(), examples.into());
        }
    }
    root["$defs"] = definitions.into();
}

/// The state of a small run.
pub(crate) fn state() -> Value {
    LINES.first().map(|file| folded(&lines_of(file))).unwrap_or_default()
}

/// The state that lines fold to, all of them taken for one run's.
pub fn folded(lines: &[&str]) -> Value {
    let limits = Limits::default();
    let Ok(run) = RUN.parse() else { return Value::Null };
    let mut state = RunState::new(run);
    for line in lines.iter().filter_map(|text| Line::parse(text.as_bytes(), &limits).ok()) {
        state.apply(&line);
    }
    serde_json::to_value(state).unwrap_or_default()
}

/// The line as the envelope's type writes it.
fn as_written(text: &str) -> Option<Value> {
    let line = Line::parse(text.as_bytes(), &Limits::default()).ok()?;
    serde_json::to_value(WireEvent::from(&line)).ok()
}

#[derive(Default)]
struct Found {
    examples: BTreeMap<String, Vec<Value>>,
}

impl Found {
    fn note(&mut self, name: &str, value: &Value) {
        let examples = self.examples.entry(name.to_owned()).or_default();
        let is_told = |known: &Value| match (known, value) {
            (Value::Object(known), Value::Object(new)) => known.keys().eq(new.keys()),
            _ => known == value,
        };
        if examples.len() < MAX_EXAMPLES
            && !examples.iter().any(is_told)
            && value.to_string().len() <= MAX_BYTES
        {
            examples.push(value.clone());
        }
    }

    /// Notes every value inside `value` that a definition describes.
    fn walk(&mut self, schema: &Value, definitions: &Map<String, Value>, value: &Value) {
        if value.is_null() {
            return;
        }
        if let Some(name) = schema["$ref"].as_str().and_then(|name| name.strip_prefix("#/$defs/"))
            && let Some(definition) = definitions.get(name)
        {
            self.note(name, value);
            self.walk(definition, definitions, value);
        }
        for keyword in ["anyOf", "oneOf"] {
            for choice in schema[keyword].as_array().into_iter().flatten() {
                self.walk(choice, definitions, value);
            }
        }
        match value {
            Value::Object(members) => {
                for (key, member) in members {
                    let named = &schema["properties"][key];
                    let schema = if named.is_null() { map_values(schema) } else { named };
                    self.walk(schema, definitions, member);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.walk(&schema["items"], definitions, item);
                }
            }
            _ => {}
        }
    }
}
