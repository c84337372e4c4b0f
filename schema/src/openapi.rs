//! The hub's HTTP API as an `OpenAPI` 3.1 document (<https://spec.openapis.org/oas/v3.1.0>).

use serde_json::{Map, Value, json};

use crate::document::Document;

/// One address of the API.
struct Route {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    parameters: &'static [&'static str],
    /// What is sent, if anything: JSON.
    body: Option<fn() -> Value>,
    status: u16,
    /// What the answer is, for each content type.
    answer: fn() -> Value,
    /// Errors beside 401, 403 and 405, which any may have.
    errors: &'static [u16],
}

impl Route {
    const fn get(path: &'static str, summary: &'static str, answer: fn() -> Value) -> Self {
        Route { method: "get", path, summary, parameters: &[], body: None, status: 200, answer, errors: &[] }
    }

    const fn with(self, parameters: &'static [&'static str], errors: &'static [u16]) -> Self {
        Route { parameters, errors, ..self }
    }
}

const STREAM: &[&str] = &["since", "run", "types", "units", "repositories"];

const ROUTES: &[Route] = &[
    Route::get("/api/v1/events", "The lines, as they come.", lines).with(
        &["since", "run", "types", "units", "repositories", "batch", "Last-Event-ID"],
        &[204, 400, 503],
    ),
    Route {
        status: 101,
        ..Route::get("/api/v1/ws", "The same over a WebSocket, subprotocol `choo.v1`.", nothing)
            .with(STREAM, &[400, 426, 503])
    },
    Route {
        status: 101,
        ..Route::get("/api/v1/ws/{topic}", "A view, told anew over a WebSocket whenever it has changed.", nothing)
            .with(&["topic"], &[404, 426, 503])
    },
    Route::get("/api/v1/patches", "How the states of runs change, as JSON Patch.", patches)
        .with(&["patches_since", "run", "Last-Event-ID"], &[204, 400, 503]),
    Route::get("/api/v1/runs", "The runs, newest first, page by page.", || as_json(&reference("RunPage")))
        .with(&["runs_from", "runs_limit"], &[400]),
    Route::get("/api/v1/runs/{run}", "How a run stands.", || {
        as_json(&json!({ "$ref": "write/state.schema.json" }))
    })
    .with(&["run_id"], &[404]),
    Route::get("/api/v1/runs/{run}/graph", "A run's graph.", || {
        as_json(&json!({ "$ref": "write/event.schema.json#/$defs/GraphPayload" }))
    })
    .with(&["run_id"], &[404]),
    Route::get("/api/v1/runs/{run}/events", "A run's lines, oldest first, page by page.", page)
        .with(&["run_id", "from", "limit"], &[400, 404]),
    Route::get("/api/v1/runs/{run}/logs", "A run's output, by unit, task and text, page by page.", page)
        .with(&["run_id", "unit", "task", "q", "from", "limit"], &[400, 404]),
    Route::get("/api/v1/runs/{run}/export", "All lines of a run, as a file.", page)
        .with(&["run_id", "from"], &[400, 404]),
    Route::get("/api/v1/runs/{run}/diff", "How files differ now from where their units began.", || {
        as_json(&reference("Diffs"))
    })
    .with(&["run_id", "diff_unit", "diff_task", "diff_file"], &[400, 404]),
    Route {
        method: "post",
        body: Some(|| reference("CommandBody")),
        status: 202,
        ..Route::get(
            "/api/v1/runs/{run}/commands",
            "Has something done by a run's orchestrator; events `cmd.*` of the run tell what became of it.",
            || as_json(&reference("Commanded")),
        )
        .with(&["run_id", "Idempotency-Key"], &[400, 404, 408, 409, 413, 415, 422, 503])
    },
    Route::get("/api/v1/streams", "Who is connected, and how far behind.", || as_json(&reference("Streams"))),
    Route {
        method: "post",
        status: 201,
        ..Route::get("/api/v1/tickets", "Leave to read for who can send no header.", || {
            as_json(&reference("Ticket"))
        })
        .with(&[], &[409])
    },
    Route::get("/api/v1/schema", "Which schemas there are.", || as_json(&reference("SchemaList"))),
    Route::get(
        "/api/v1/schema/{name}",
        "A schema; this document is `openapi.json`.",
        || json!({ "application/schema+json": { "schema": { "type": "object" } }, "application/json": { "schema": { "type": "object" } } }),
    )
    .with(&["schema_name"], &[304, 404]),
    Route::get("/api/state", "The original daemon's view of the run that started last.", || {
        as_json(&reference("OriginalState"))
    }),
    Route::get("/api/graph", "The original daemon's view of that run's graph.", || {
        as_json(&reference("OriginalGraph"))
    }),
    Route::get(
        "/api/events",
        "The original daemon's stream of that run.",
        || json!({ "text/event-stream": { "schema": { "type": "string" } } }),
    )
    .with(&[], &[503]),
    Route::get("/api/events/", "How tasks change, as JSON Patch, for clients of another tool.", task_patches)
        .with(&["Last-Event-ID"], &[400, 503]),
    Route::get("/api/events/processes/{id}/logs", "What a task writes, until it ends.", || {
        events("`{type, content, timestamp}`, `type` being `stdout`, `stderr`, `system` or `error`")
    })
    .with(&["process_id", "Last-Event-ID"], &[204, 400, 404, 503]),
    Route::get("/api/events/task-attempts/{id}/diff", "Which files a task changes, until it ends.", || {
        events("`{file, diff}`, in the place of what was told of that file before; an empty `diff` is none")
    })
    .with(&["process_id", "Last-Event-ID"], &[204, 400, 404, 503]),
    Route::get(
        "/metrics",
        "The hub's numbers for Prometheus.",
        || json!({ "text/plain": { "schema": { "type": "string" } } }),
    ),
    Route::get("/healthz", "Whether the hub is there; with the token also how it is.", || {
        as_json(&reference("Health"))
    }),
];

/// The document in `schema/openapi.json`.
pub fn openapi() -> Document {
    let mut paths = Map::new();
    for route in ROUTES {
        let operations = paths.entry(route.path).or_insert_with(|| json!({}));
        operations[route.method] = operation(route);
    }
    let schema = json!({
        "openapi": "3.1.0",
        "info": {
            "title": "choo",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The HTTP API of `choo web`. On the Unix socket it is the same, and no token is asked for.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:8080" }],
        "security": [{ "token": [] }, { "ticket": [] }],
        "paths": paths,
        "components": {
            "parameters": parameters(),
            "responses": { "Error": {
                "description": "What is wrong, for programs (`kind`) and for people (`message`).",
                "content": as_json(&reference("Error")),
            } },
            "schemas": schemas(),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer" },
                "ticket": { "type": "apiKey", "in": "query", "name": "ticket" },
            },
        },
    });
    Document { file: "openapi.json", contract: None, schema }
}

fn operation(route: &Route) -> Value {
    let mut success = json!({ "description": success(route.status) });
    let content = (route.answer)();
    if !content.is_null() {
        success["content"] = content;
    }
    let mut responses = json!({ (route.status.to_string()): success });
    for status in route.errors.iter().chain(&[401, 403, 405]) {
        responses[status.to_string()] = match status {
            204 => json!({ "description": "The run ended before the cursor; nothing will come." }),
            304 => json!({ "description": "Not changed since." }),
            _ => json!({ "$ref": "#/components/responses/Error" }),
        };
    }
    let mut operation = json!({
        "operationId": operation_id(route),
        "summary": route.summary,
        "responses": responses,
    });
    if !route.parameters.is_empty() {
        let named = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
        operation["parameters"] = route.parameters.iter().map(named).collect();
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({ "required": true, "content": as_json(&body()) });
    }
    if route.path == "/healthz" {
        operation["security"] = json!([{}, { "token": [] }]);
    } else if route.method != "get" {
        operation["security"] = json!([{ "token": [] }]);
    }
    operation
}

/// `get_api_v1_runs_run_graph`
fn operation_id(route: &Route) -> String {
    let words = route.path.split(['/', '{', '}']).filter(|word| !word.is_empty());
    [route.method].into_iter().chain(words).collect::<Vec<_>>().join("_")
}

fn success(status: u16) -> &'static str {
    match status {
        101 => "The connection is a WebSocket.",
        201 => "Made.",
        202 => "It is being told.",
        _ => "The answer.",
    }
}

fn nothing() -> Value {
    Value::Null
}

fn as_json(schema: &Value) -> Value {
    json!({ "application/json": { "schema": schema } })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn lines() -> Value {
    let lines = |what: &str| json!({ "schema": { "type": "string", "description": what } });
    json!({
        "application/x-ndjson": lines("A line of `write/event.schema.json` each, and `hub.cursor` behind each block."),
        "text/event-stream": lines("A line of `write/event.schema.json` in each event, its `id` the cursor."),
    })
}

fn patches() -> Value {
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

fn task_patches() -> Value {
    events(
        "an RFC 6902 patch of `{tasks: {ID: {run, unit, task, status, …}}}`, an id being `run~unit~task`; the first \
         begins anew",
    )
}

/// A stream whose events without a name are this.
fn events(what: &str) -> Value {
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

fn page() -> Value {
    json!({
        "application/x-ndjson": { "schema": {
            "type": "string",
            "description": "A line of `write/event.schema.json` each; `hub.gap` says what is missing. The header \
                            `Choo-Next` has the cursor of the next page, if there is one.",
        } },
    })
}

fn parameters() -> Value {
    let query = |name: &str, description: &str| json!({ "name": name, "in": "query", "description": description, "schema": { "type": "string" } });
    let path = |name: &str, description: &str| {
        json!({
            "name": name, "in": "path", "required": true, "description": description, "schema": { "type": "string" },
        })
    };
    json!({
        "since": query("since", "A cursor, `snapshot` (default), `earliest` or `now`."),
        "patches_since": {
            "name": "since", "in": "query", "schema": { "type": "string" },
            "description": "`snapshot` (default) for the states of all runs that go on, or the cursor of an event.",
        },
        "run": query("run", "Only this run; the response ends when it has."),
        "types": query("types", "Only events of these types; `*` stands for anything, commas separate."),
        "units": query("units", "Only events of these units; `*` stands for anything, commas separate."),
        "repositories": query("repositories", "Of the task records only those of these repositories."),
        "batch": query("batch", "`1` puts a block of lines into one server-sent event."),
        "Last-Event-ID": {
            "name": "Last-Event-ID", "in": "header", "schema": { "type": "string" },
            "description": "The cursor of the last event, as `EventSource` sends it; beats `since`.",
        },
        "Idempotency-Key": {
            "name": "Idempotency-Key", "in": "header", "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            "description": "Names the command: sent again with the same key, it is the same command and not done again.",
        },
        "from": query("from", "The cursor of the page, from the header `Choo-Next` of the one before."),
        "limit": query("limit", "How many lines, 1,000 (default) up to 10,000."),
        "runs_from": query("from", "The `next` of the page before."),
        "runs_limit": query("limit", "How many runs, 100 (default) up to 1,000."),
        "unit": query("unit", "Only output of this unit."),
        "task": query("task", "Only output of the task with this number."),
        "q": query("q", "Only output that contains this, whatever its case."),
        "diff_unit": query("unit", "Only files of this unit."),
        "diff_task": query("task", "Only files that the task with this number changed last."),
        "diff_file": query("file", "Only the file with this path."),
        "run_id": path("run", "The run's name."),
        "topic": path(
            "topic",
            "`workflows`, `workflow-history`, `adw-state/{run}`, `adw-monitor`, `queue`, `system-status`, \
             `webhook-status` or `routes`.",
        ),
        "process_id": path("id", "`run~unit~task`."),
        "schema_name": path("name", "Such as `read/event.schema.json`."),
    })
}

fn schemas() -> Value {
    let object = |required: &[&str], properties: Value| json!({ "type": "object", "required": required, "properties": properties });
    let strings = json!({ "type": "array", "items": { "type": "string" } });
    let time = json!({ "type": ["string", "null"], "format": "date-time" });
    let count = json!({ "type": "integer", "minimum": 0 });
    let text = json!({ "type": "string" });
    let status = json!({ "enum": ["pending", "ready", "in_progress", "complete", "failed", "blocked"] });
    json!({
        "Error": object(&["error"], json!({ "error": object(&["kind", "message"], json!({
            "kind": { "type": "string", "description": "Stable, for programs." },
            "message": { "type": "string", "description": "For people." },
        })) })),
        "RunPage": object(&["runs", "next"], json!({
            "runs": { "type": "array", "items": reference("RunSummary") },
            "next": { "type": ["string", "null"], "description": "What the next page is asked for with, as `from`; `null` on the last." },
        })),
        "RunSummary": object(&["run", "status", "started", "ended", "units", "failed", "live"], json!({
            "run": text,
            "status": { "$ref": "write/state.schema.json#/properties/status" },
            "started": time, "ended": time, "units": count, "failed": count,
            "live": { "type": "boolean", "description": "Whether more is to be expected of it." },
        })),
        "CommandBody": {
            "type": "object", "required": ["cmd"], "additionalProperties": false,
            "properties": {
                "cmd": { "$ref": "read/event.schema.json#/$defs/Command" },
                "args": { "$ref": "read/event.schema.json#/$defs/CmdArgs" },
                "if": { "$ref": "read/event.schema.json#/$defs/Precondition" },
            },
        },
        "Streams": streams(),
        "Diffs": object(&["files", "omitted", "unlisted"], json!({
            "files": { "type": "array", "items": file_diff(&text) },
            "omitted": { "type": "integer", "minimum": 0, "description": "How many files more there are; ask by unit." },
            "unlisted": { "type": "integer", "minimum": 0, "description": "How many events told of files for which the run's state has no room." },
        })),
        "Commanded": object(&["id"], json!({
            "id": { "type": "string", "description": "Names the command in `cmd.accepted`, `cmd.rejected` and `cmd.done`." },
        })),
        "Ticket": object(&["ticket", "expires"], json!({
            "ticket": text, "expires": { "type": "string", "format": "date-time" },
        })),
        "SchemaList": object(&["schemas"], json!({ "schemas": strings })),
        "Health": object(&["status"], json!({
            "status": { "enum": ["ok", "degraded"], "description": "`degraded`: the history is not stored at present." },
            "version": text, "epoch": text, "uptime_secs": count, "runs": count, "producers": count,
            "clients": count, "history": { "type": "object" }, "bad_lines": { "type": "object" },
        })),
        "OriginalState": object(&["connected", "status", "units", "summary"], json!({
            "connected": { "type": "boolean" },
            "status": { "enum": ["waiting", "running", "completed", "failed"] },
            "startedAt": { "type": "string", "format": "date-time" },
            "parallelism": count,
            "units": { "type": "array", "items": object(
                &["id", "status", "currentTask", "totalTasks"],
                json!({
                    "id": text, "status": status, "currentTask": { "type": "integer" }, "totalTasks": count,
                    "error": text, "startedAt": { "type": "string", "format": "date-time" },
                }),
            ) },
            "summary": object(
                &["total", "pending", "inProgress", "complete", "failed", "blocked"],
                json!({
                    "total": count, "pending": count, "inProgress": count, "complete": count, "failed": count,
                    "blocked": count,
                }),
            ),
        })),
        "OriginalGraph": object(&["nodes", "edges", "levels"], json!({
            "nodes": { "type": "array", "items": object(
                &["id", "level"], json!({ "id": text, "level": count, "tasks": count }),
            ) },
            "edges": { "type": "array", "items": object(&["from", "to"], json!({ "from": text, "to": text })) },
            "levels": { "type": "array", "items": strings },
        })),
    })
}

/// Who is connected.
fn streams() -> Value {
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

/// A file as the state knows it, with its text.
fn file_diff(text: &Value) -> Value {
    let mut properties = json!({
        "unit": text, "file": text,
        "diff": { "type": ["string", "null"], "description": "The newest unified diff that was told of the file." },
        "missing": {
            "enum": ["size", "lost", "evicted", "damaged", "unstored"],
            "description": "Why there is no `diff`: this answer has no room (ask for the file alone), or the event is missing.",
        },
    });
    let state = "write/state.schema.json#/$defs/DiffState/properties";
    for name in
        ["task", "status", "old_file", "additions", "deletions", "binary", "truncated", "updated", "seq"]
    {
        properties[name] = json!({ "$ref": format!("{state}/{name}") });
    }
    json!({ "type": "object", "required": ["file", "diff"], "properties": properties })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every reference in a value that stays within the document.
    fn references(value: &Value, found: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                    found.push(target.to_owned());
                }
                members.values().for_each(|member| references(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| references(item, found)),
            _ => {}
        }
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi().schema;
        let files = crate::documents();
        let mut found = Vec::new();
        references(&document, &mut found);
        assert!(found.len() > 20);
        for target in found {
            let (file, pointer) = target.split_once('#').unwrap_or((&target, ""));
            let within = if file.is_empty() {
                &document
            } else {
                &files
                    .iter()
                    .find(|document| document.file == file)
                    .unwrap_or_else(|| panic!("{target}"))
                    .schema
            };
            assert!(within.pointer(pointer).is_some(), "{target}");
        }
    }

    #[test]
    fn path_parameters_are_those_in_the_path() {
        let document = openapi().schema;
        for route in ROUTES {
            let named = route.parameters.iter().filter_map(|name| {
                let parameter = &document["components"]["parameters"][name];
                (parameter["in"] == "path").then(|| format!("{{{}}}", parameter["name"].as_str().unwrap()))
            });
            let named: Vec<String> = named.collect();
            let braces = route.path.matches('{').count();
            assert_eq!(
                named.iter().filter(|name| route.path.contains(*name)).count(),
                braces,
                "{}",
                route.path
            );
        }
    }
}
