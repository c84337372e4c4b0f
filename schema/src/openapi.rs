//! The hub's HTTP API as an `OpenAPI` 3.1 document (<https://spec.openapis.org/oas/v3.1.0>).

mod answer;
mod parameter;
mod route;
mod schema;
mod streams;

use serde_json::{Map, Value, json};

use crate::document::Document;
use answer::{as_json, reference};
use route::{ROUTES, Route};

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
            "description": "The HTTP API of `choo web`. On the Unix socket it is the same, and no token is asked for. \
                            What is read by GET may be asked for by HEAD, but for streams; other methods get 405, and \
                            a head of more than 64 headers or 16 KiB gets 431.",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "servers": [{ "url": "http://127.0.0.1:8080" }],
        "security": [{ "token": [] }, { "ticket": [] }],
        "paths": paths,
        "components": {
            "parameters": parameter::all(),
            "responses": { "Error": {
                "description": "What is wrong, for programs (`kind`) and for people (`message`).",
                "content": as_json(&reference("Error")),
            } },
            "schemas": schema::all(),
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
    let is_public = route.path == "/healthz";
    let any: &[u16] = if is_public { &[403] } else { &[400, 401, 403] };
    for status in route.errors.iter().chain(any) {
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
    if !is_public {
        let named = |name: &&str| json!({ "$ref": format!("#/components/parameters/{name}") });
        operation["parameters"] = route.parameters.iter().chain(&["v", "X-Version"]).map(named).collect();
    }
    if let Some(body) = route.body {
        operation["requestBody"] = json!({ "required": true, "content": as_json(&body()) });
    }
    if is_public {
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
