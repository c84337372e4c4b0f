//! The files in `schema/`.

use choo_protocol::{EventFilter, GraphLayout, LogLine, RunState, RunSummary, StoreChanges, StoreFault};
use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};

use crate::contract::Contract;
use crate::event::{self, definitions};
use crate::examples;

/// One schema file.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Its place in `schema/`, such as `write/event.schema.json`.
    pub file: &'static str,
    /// The contract it belongs to; `None` for what goes over no wire.
    pub contract: Option<Contract>,
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
    let (read, write) = (Some(Contract::Read), Some(Contract::Write));
    vec![
        finish(
            "read/event.schema.json",
            read,
            "Event",
            "An event as our readers understand it: a line, and for each known type the shape of its payload. Types \
             that are not named here carry any payload.",
            event::event(Contract::Read),
        ),
        finish(
            "read/line.schema.json",
            read,
            "Line",
            "A line that the hub takes from a producer. A payload that does not fit its type is kept as it is: \
             see event.schema.json for what is understood. Beyond what JSON Schema can say, a line is UTF-8 \
             without byte order mark, at most 512 KiB long (16 MiB if it carries a graph or a state) and 64 \
             levels deep, has no key twice, no lone surrogate and no number beyond a double.",
            event::line(),
        ),
        finish("read/state.schema.json", read, "RunState", STATE, state(Contract::Read)),
        finish("store.schema.json", None, "Store", "What the run store of @choo/wire answers with.", store()),
        finish(
            "write/event.schema.json",
            write,
            "Event",
            "An event as our programs write it: the envelope, and for each known type the shape of its payload. \
             Types that are not named here carry any payload.",
            event::event(Contract::Write),
        ),
        finish("write/state.schema.json", write, "RunState", STATE, state(Contract::Write)),
    ]
}

const STATE: &str =
    "The state of a run, folded from its events: in `GET /api/v1/runs/{run}` and in snapshots.";

fn state(contract: Contract) -> Value {
    let mut generator = contract.generator();
    let reference = generator.subschema_for::<RunState>().to_value();
    let mut definitions = definitions(contract, &mut generator);
    let mut root = definitions.remove("RunState").unwrap_or(reference);
    root["$defs"] = definitions.into();
    examples::add(&mut root);
    root["examples"] = json!([examples::state()]);
    root
}

/// What the browser's store answers. It does not go over a wire; its TypeScript types come from here.
fn store() -> Value {
    let mut generator = Contract::Write.generator();
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
    json!({ "$defs": definitions(Contract::Write, &mut generator) })
}

fn finish(
    file: &'static str,
    contract: Option<Contract>,
    title: &str,
    description: &str,
    root: Value,
) -> Document {
    let mut schema = Map::new();
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    schema.insert("title".to_owned(), title.into());
    schema.insert("description".to_owned(), description.into());
    if let Value::Object(root) = root {
        for (key, value) in root {
            schema.entry(key).or_insert(value);
        }
    }
    Document { file, contract, schema: Value::Object(schema) }
}
