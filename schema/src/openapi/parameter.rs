//! What a request may say in its path, query and headers.

use serde_json::{Value, json};

/// All of them, by the names that routes give them.
pub(super) fn all() -> Value {
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
        "v": query("v", "The version of this API, `1`; without it that is meant."),
        "X-Version": {
            "name": "X-Version", "in": "header", "schema": { "type": "string" }, "description": "The same as `v`.",
        },
        "schema_name": path("name", "Such as `read/event.schema.json`."),
    })
}
