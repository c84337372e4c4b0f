//! Today's reader against what every released version wrote.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::path::Path;

use choo_protocol::{Limits, Line};
use choo_schema::{breakages_since, documents, folded, meaning, missing_from, releases};
use serde_json::Value;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

#[test]
fn nothing_breaks_a_released_version() {
    let found = breakages_since(&releases(root()).unwrap(), &documents());
    let told: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(told.is_empty(), "see \"Changing the wire\" in CONTRIBUTING.md:\n{}", told.join("\n"));
}

#[test]
fn lines_of_every_released_version_mean_what_they_meant() {
    for release in releases(root()).unwrap() {
        let file = |name: &str| &release.files[&release.vector(name)];
        let lines: Vec<&str> = file("lines.ndjson").lines().collect();
        let meanings: Vec<Value> =
            file("meanings.ndjson").lines().map(|text| serde_json::from_str(text).unwrap()).collect();
        assert_eq!(lines.len(), meanings.len());
        for (text, meant) in lines.iter().zip(&meanings) {
            if let Err(error) = Line::parse(text.as_bytes(), &Limits::default()) {
                panic!("{}: no longer a line: {error}: {text}", release.version);
            }
            let Some(now) = meaning(text) else {
                panic!("{}: the payload is no longer understood: {text}", release.version);
            };
            if let Some(place) = missing_from(&now, meant) {
                panic!("{}: {place} has another meaning: {text}\nwas {meant}\nis  {now}", release.version);
            }
        }
        let state = serde_json::from_str(file("state.json")).unwrap();
        let now = folded(&lines);
        if let Some(place) = missing_from(&now, &state) {
            panic!("{}: the lines fold to another state, see {place}:\n{now:#}", release.version);
        }
    }
}

#[test]
fn the_lines_of_a_released_version_have_every_type_that_it_knew() {
    let releases = releases(root()).unwrap();
    assert!(!releases.is_empty());
    for release in releases {
        let schema = &release.files[&release.schema("write/event.schema.json")];
        let schema: Value = serde_json::from_str(schema).unwrap();
        let lines = &release.files[&release.vector("lines.ndjson")];
        for condition in schema["allOf"].as_array().unwrap() {
            let kind = condition["if"]["properties"]["type"]["const"].as_str().unwrap();
            let begins = format!("{{\"type\":\"{kind}\",");
            assert!(lines.lines().any(|line| line.starts_with(&begins)), "{}: {kind}", release.version);
        }
    }
}
