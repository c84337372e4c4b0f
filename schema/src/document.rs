//! The files in `schema/`.

use choo_protocol::{
    EventFilter, GraphLayout, LogLine, RunState, RunSummary, StoreChanges, StoreFault, WireEvent,
};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use crate::payloads;

/// One schema file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its name in `schema/`.
    pub file: &'static str,
    /// The schema.
    pub schema: Value,
}

impl Document {
    /// The text of the file.
    pub fn text(&self) -> String {
        format!("{:#}\n", self.schema)
    }
}

/// Every schema file, by name.
pub fn documents() -> Vec<Document> {
    vec![event(), line(), state(), store()]
}

/// What our own programs write: the envelope, and for each known type the payload.
fn event() -> Document {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut root = generator.root_schema_for::<WireEvent>().to_value();
    let rows = payloads::table(&mut generator);
    let mut known = Map::new();
    let mut conditions = Vec::new();
    for (kind, name, schema) in rows {
        known.insert(kind.to_owned(), name.into());
        conditions.push(json!({
            "if": { "properties": { "type": { "const": kind } }, "required": ["type"] },
            "then": { "properties": { "payload": schema } },
        }));
    }
    root["allOf"] = conditions.into();
    // Which definition describes the payload of which type, for programs that generate code.
    root["x-payloads"] = known.into();
    root["$defs"] = definitions(&mut generator);
    let text = "An event as choo writes it: the envelope, and for each known type the shape of its payload. \
                Types that are not named here carry any payload.";
    finish("event.schema.json", "Event", text, root)
}

/// What the hub takes: the envelope alone. An alias counts as its key; a payload may be anything.
fn line() -> Document {
    let mut generator = SchemaSettings::draft2020_12().for_deserialize().into_generator();
    let root = with_definitions::<WireEvent>(&mut generator);
    let text = "A line that the hub takes from a producer, as far as JSON Schema can say it. A payload that \
                does not fit its type is kept as it is. `timestamp` is read as `time` and `data` as `payload`; \
                `null` counts as absent.";
    finish("line.schema.json", "Line", text, accept_nulls(root))
}

/// The state of a run, as in `GET /api/v1/runs/{run}` and in snapshots.
fn state() -> Document {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let root = with_definitions::<RunState>(&mut generator);
    finish("state.schema.json", "RunState", "The state of a run, folded from its events.", root)
}

/// What the browser's store answers. It does not go over a wire; its TypeScript types come from here.
fn store() -> Document {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    for add in [
        SchemaGenerator::subschema_for::<StoreChanges>,
        SchemaGenerator::subschema_for::<StoreFault>,
        SchemaGenerator::subschema_for::<RunSummary>,
        SchemaGenerator::subschema_for::<GraphLayout>,
        SchemaGenerator::subschema_for::<LogLine>,
        SchemaGenerator::subschema_for::<EventFilter>,
    ] {
        add(&mut generator);
    }
    let root = json!({ "$defs": definitions(&mut generator) });
    finish("store.schema.json", "Store", "What the run store of @choo/wire answers with.", root)
}

fn with_definitions<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    let mut root = generator.root_schema_for::<T>().to_value();
    root["$defs"] = definitions(generator);
    root
}

fn definitions(generator: &mut SchemaGenerator) -> Value {
    Value::Object(generator.take_definitions(true))
}

/// Members that may be absent may also be `null`.
fn accept_nulls(mut root: Value) -> Value {
    if let Some(properties) = root["properties"].as_object_mut() {
        for (key, schema) in properties {
            if key != "type"
                && let Some(kind) = schema.get("type").and_then(Value::as_str).map(str::to_owned)
            {
                schema["type"] = json!([kind, "null"]);
            }
        }
    }
    root
}

fn finish(file: &'static str, title: &str, description: &str, root: Value) -> Document {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".to_owned(), title.into());
    schema.insert("description".to_owned(), description.into());
    if let Value::Object(root) = root {
        for (key, value) in root {
            schema.entry(key).or_insert(value);
        }
    }
    Document { file, schema: Value::Object(schema) }
}
