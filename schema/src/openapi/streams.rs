//! Who is connected, as JSON.

use serde_json::{Map, Value, json};

/// Who is connected.
pub(super) fn streams() -> Value {
    let object = |properties: Value| {
        let names: Vec<&String> = properties.as_object().into_iter().flat_map(Map::keys).collect();
        json!({ "type": "object", "required": names, "properties": properties })
    };
    let list = |items: &Value| json!({ "type": "array", "items": items });
    let count = |what: &str| json!({ "type": "integer", "minimum": 0, "description": what });
    let maybe = |what: &str| json!({ "type": ["integer", "null"], "minimum": 0, "description": what });
    let (text, flag) =
        (json!({ "type": "string" }), |what: &str| json!({ "type": "boolean", "description": what }));
    let text_or_null = json!({ "type": ["string", "null"] });
    let since = json!({ "type": "string", "format": "date-time" });
    let behind = "How many events it has still to look at; `null` while they are being looked up.";
    let subscription = object(json!({
        "id": text_or_null, "run": text_or_null, "types": list(&text), "units": list(&text), "repositories": list(&text),
        "of": { "enum": ["events", "newest run", "patches", "process"] },
        "state": { "enum": ["live", "behind", "reading"] },
        "behind": maybe(behind),
    }));
    let run = object(json!({
        "run": text, "have": maybe("Up to which `seq` the hub has it; `null` where the hub counts."),
        "stored": maybe("... and has it stored."),
    }));
    object(json!({
        "cursor": text,
        "readers": list(&object(json!({
            "id": count("Its number while it is here."), "pid": maybe("The process, on the Unix socket."),
            "encoding": { "enum": ["ndjson", "sse", "sse-batch", "sse-named", "patches", "tasks", "process", "websocket"] },
            "from": { "type": "string", "description": "The address of its end; `unix` for the Unix socket." },
            "since": since, "waiting": count("Bytes that its socket has not taken."),
            "blocked": flag("Its socket takes nothing at present."), "ending": flag("Its stream is over."),
            "behind": maybe(behind), "subscriptions": list(&subscription),
            "topic": { "type": ["string", "null"], "description": "What it watches instead, by the type of its messages." },
        }))),
        "producers": list(&object(json!({
            "id": count("Its number while it is here."), "pid": maybe("The process."), "since": since,
            "listens": flag("It is told what is stored, and can be given commands."),
            "lines": count("Lines that it sent."), "bytes": count("Bytes that the hub has read."),
            "unread": maybe("Bytes that it sent and the hub has not read."),
            "waiting": count("Bytes for it that its socket has not taken."), "runs": list(&run),
        }))),
    }))
}
