//! What is sent and answered as JSON.

use serde_json::{Value, json};

use super::answer::reference;
use super::streams::streams;

/// All of them, by name.
pub(super) fn all() -> Value {
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
        "Commanded": object(&["id", "cursor"], json!({
            "cursor": { "type": "string", "description": "Behind it the run's events tell what was asked for and what became of it." },
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
