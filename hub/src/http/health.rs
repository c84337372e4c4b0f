//! How the hub is.

use serde_json::json;

use super::respond::{self, Response};
use crate::core::Core;
use crate::shared::Shared;

/// `/healthz`: that it is there, and for those who may know, how it is.
pub(super) fn get(shared: &Shared, may_know: bool) -> Response {
    if !may_know {
        return respond::json(&json!({ "status": "ok" }));
    }
    let mut health = shared.look(|core, now| {
        json!({
            "status": if core.storing().is_some_and(|storing| storing.trouble().is_some()) { "degraded" } else { "ok" },
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_secs": now.at.as_secs(),
            "epoch": core.epoch().to_string(),
            "runs": core.runs().len(),
            "producers": core.producers(),
            "history": history(core),
            "bad_lines": { "total": core.rejects().total(), "latest": core.rejects().kept().collect::<Vec<_>>() },
        })
    });
    health["clients"] = shared.clients().into();
    respond::json(&health)
}

fn history(core: &Core) -> serde_json::Value {
    let history = core.history();
    let mut value = json!({ "events": history.len(), "bytes": history.bytes(), "evicted": history.floor() });
    if let Some(storing) = core.storing() {
        let trouble = storing.trouble();
        value["stored"] = json!({
            "status": if trouble.is_some() { "degraded" } else { "ok" },
            "through": storing.through(),
            "removed": storing.floor(),
            "waiting": core.epochs().count(storing.through(), history.last()),
            "anew_since": storing.anew_since(),
            "since": trouble.map(|trouble| trouble.since),
            "error": trouble.map(|trouble| &trouble.message),
        });
    }
    value
}
