//! What the answers are, by content type.

use serde_json::{Value, json};

pub(super) fn nothing() -> Value {
    Value::Null
}

pub(super) fn as_json(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

pub(super) fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

pub(super) fn lines() -> Value {
    let lines = |what: &str| json!({ "schema": { "type": "string", "description": what } });
    json!({
        "application/x-ndjson": lines("A line of `write/event.schema.json` each, and `hub.cursor` behind each block."),
        "text/event-stream": lines("A line of `write/event.schema.json` in each event, its `id` the cursor."),
    })
}

pub(super) fn patches() -> Value {
    json!({
        "text/event-stream": { "schema": {
            "type": "string",
            "description": "`data` of an event without a name is `{run, base, version, patch}`: whoever has version \
                            `base` of the run's state applies the RFC 6902 `patch` and has `version`. With the base 0 \
                            it is the whole state. The events `hello`, `end` and `bye` have the payload of \
                            `hub.hello`, `hub.end` and `hub.bye`.",
        } },
    })
}

pub(super) fn task_patches() -> Value {
    events(
        "an RFC 6902 patch of `{tasks: {ID: {run, unit, task, status, …}}}`, an id being `run~unit~task`; the first \
         begins anew",
    )
}

/// A stream whose events without a name are this.
pub(super) fn events(what: &str) -> Value {
    json!({
        "text/event-stream": { "schema": {
            "type": "string",
            "description": format!(
                "`data` of an event without a name is {what}. The events `gap`, `lost`, `end` and `bye` have the \
                 payloads of `hub.gap`, `link.lost`, `hub.end` and `hub.bye`."
            ),
        } },
    })
}

pub(super) fn page() -> Value {
    json!({
        "application/x-ndjson": { "schema": {
            "type": "string",
            "description": "A line of `write/event.schema.json` each; `hub.gap` says what is missing. The header \
                            `Choo-Next` has the cursor of the next page, if there is one.",
        } },
    })
}
