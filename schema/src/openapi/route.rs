//! The addresses of the API.

use serde_json::{Value, json};

use super::answer::{as_json, events, lines, nothing, page, patches, reference, task_patches};

/// One address of the API.
pub(super) struct Route {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) summary: &'static str,
    pub(super) parameters: &'static [&'static str],
    /// What is sent, if anything: JSON.
    pub(super) body: Option<fn() -> Value>,
    pub(super) status: u16,
    /// What the answer is, for each content type.
    pub(super) answer: fn() -> Value,
    /// Errors beside 400, 401 and 403, which all but `/healthz` may have.
    pub(super) errors: &'static [u16],
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

/// All of them.
pub(super) const ROUTES: &[Route] = &[
    Route::get("/api/v1/events", "The lines, as they come.", lines).with(
        &["since", "run", "types", "units", "repositories", "batch", "Last-Event-ID"],
        &[204, 503],
    ),
    Route {
        status: 101,
        ..Route::get("/api/v1/ws", "The same over a WebSocket, subprotocol `choo.v1`.", nothing)
            .with(STREAM, &[426, 503])
    },
    Route {
        status: 101,
        ..Route::get("/api/v1/ws/{topic}", "A view, told anew over a WebSocket whenever it has changed.", nothing)
            .with(&["topic"], &[404, 426, 503])
    },
    Route::get("/api/v1/patches", "How the states of runs change, as JSON Patch.", patches)
        .with(&["patches_since", "run", "Last-Event-ID"], &[204, 503]),
    Route::get("/api/v1/runs", "The runs, newest first, page by page.", || as_json(&reference("RunPage")))
        .with(&["runs_from", "runs_limit"], &[]),
    Route::get("/api/v1/runs/{run}", "How a run stands.", || {
        as_json(&json!({ "$ref": "write/state.schema.json" }))
    })
    .with(&["run_id"], &[404]),
    Route::get("/api/v1/runs/{run}/graph", "A run's graph.", || {
        as_json(&json!({ "$ref": "write/event.schema.json#/$defs/GraphPayload" }))
    })
    .with(&["run_id"], &[404]),
    Route::get("/api/v1/runs/{run}/events", "A run's lines, oldest first, page by page.", page)
        .with(&["run_id", "from", "limit"], &[404]),
    Route::get("/api/v1/runs/{run}/logs", "A run's output, by unit, task and text, page by page.", page)
        .with(&["run_id", "unit", "task", "q", "from", "limit"], &[404]),
    Route::get("/api/v1/runs/{run}/export", "All lines of a run, as a file.", page)
        .with(&["run_id", "from"], &[404]),
    Route::get("/api/v1/runs/{run}/diff", "How files differ now from where their units began.", || {
        as_json(&reference("Diffs"))
    })
    .with(&["run_id", "diff_unit", "diff_task", "diff_file"], &[404]),
    Route {
        method: "post",
        body: Some(|| reference("CommandBody")),
        status: 202,
        ..Route::get(
            "/api/v1/runs/{run}/commands",
            "Has something done by a run's orchestrator; events `cmd.*` of the run tell what became of it.",
            || as_json(&reference("Commanded")),
        )
        .with(&["run_id", "Idempotency-Key"], &[404, 408, 409, 413, 415, 422, 503])
    },
    Route::get("/api/v1/streams", "Who is connected, and how far behind.", || as_json(&reference("Streams")))
        .with(&[], &[503]),
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
        .with(&["Last-Event-ID"], &[503]),
    Route::get("/api/events/processes/{id}/logs", "What a task writes, until it ends.", || {
        events("`{type, content, timestamp}`, `type` being `stdout`, `stderr`, `system` or `error`")
    })
    .with(&["process_id", "Last-Event-ID"], &[204, 404, 503]),
    Route::get("/api/events/task-attempts/{id}/diff", "Which files a task changes, until it ends.", || {
        events("`{file, diff}`, in the place of what was told of that file before; an empty `diff` is none")
    })
    .with(&["process_id", "Last-Event-ID"], &[204, 404, 503]),
    Route::get(
        "/metrics",
        "The hub's numbers for Prometheus.",
        || json!({ "text/plain": { "schema": { "type": "string" } } }),
    )
    .with(&[], &[503]),
    Route::get("/healthz", "Whether the hub is there; with the token also how it is.", || {
        as_json(&reference("Health"))
    }),
];
