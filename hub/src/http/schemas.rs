//! The schemas of the wire and of this API, embedded at build time.

use hyper::header::HeaderMap;
use rust_embed::RustEmbed;
use serde::Serialize;
use serde_json::{Value, json};

use super::assets;
use super::respond::{self, ApiError, Response};

#[derive(RustEmbed)]
#[folder = "../schema"]
#[include = "openapi.json"]
#[include = "read/*.schema.json"]
#[include = "write/*.schema.json"]
struct Schemas;

/// `/api/v1/schema`: which there are.
pub(super) fn list() -> Response {
    respond::json(&json!({ "schemas": Schemas::iter().collect::<Vec<_>>() }))
}

/// `/api/v1/schema/{name}`
pub(super) fn get(name: &str, request: &HeaderMap) -> Result<Response, ApiError> {
    let file = Schemas::get(name)
        .ok_or_else(|| ApiError::not_found("there is no such schema; `/api/v1/schema` lists them"))?;
    let content_type = if name == "openapi.json" { "application/json" } else { "application/schema+json" };
    Ok(assets::answer(file, content_type, "no-cache", request))
}

/// One address of the API.
#[derive(Debug, Serialize)]
pub(crate) struct RouteView {
    method: String,
    path: String,
    summary: String,
}

/// The addresses of the API, as `openapi.json` has them.
pub(crate) fn routes() -> Vec<RouteView> {
    let file = Schemas::get("openapi.json");
    let document: Value = file.and_then(|file| serde_json::from_slice(&file.data).ok()).unwrap_or_default();
    let mut routes = Vec::new();
    for (path, operations) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in operations.as_object().into_iter().flatten() {
            let summary = operation["summary"].as_str().unwrap_or_default().to_owned();
            routes.push(RouteView { method: method.to_uppercase(), path: path.clone(), summary });
        }
    }
    routes
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;
    use hyper::header::{self, HeaderMap};

    use super::*;

    #[test]
    fn schemas_are_there_and_nothing_else_is() {
        let found = get("read/event.schema.json", &HeaderMap::new()).unwrap();
        assert_eq!(found.headers()[header::CONTENT_TYPE], "application/schema+json");
        let known = HeaderMap::from_iter([(header::IF_NONE_MATCH, found.headers()[header::ETAG].clone())]);
        let again = get("read/event.schema.json", &known).unwrap();
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        for name in ["", "Cargo.toml", "src/lib.rs", "../Cargo.toml", "released/0.1.0/release.json", "read"] {
            assert!(get(name, &HeaderMap::new()).is_err(), "{name}");
        }
        assert_eq!(Schemas::iter().count(), 6);
    }
}
