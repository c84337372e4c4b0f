//! `choo schema`: lists, prints, checks.

use serde_json::Value;

use crate::common::Home;

#[test]
fn schemas_are_listed_and_each_that_is_listed_is_printed() {
    let home = Home::new();
    let listed = home.run(["schema"]).code(0).out();
    let names: Vec<&str> = listed.lines().filter_map(|line| line.split(' ').next()).collect();
    assert!(names.contains(&"read/event") && names.contains(&"write/state"), "{listed}");
    for name in names {
        let printed = home.run(["schema", name]).code(0).out();
        let schema: Value = serde_json::from_str(&printed).unwrap();
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
    }
    let unknown = home.run(["schema", "nonsense"]).code(2);
    assert!(unknown.err().contains("there is no schema \"nonsense\""), "{unknown:?}");
}

#[test]
fn what_is_wrong_with_recorded_events_is_said_by_file_and_line() {
    let home = Home::new();
    let good =
        home.file("good.ndjson", "{\"type\":\"unit.started\",\"unit\":\"a\"}\n{\"type\":\"hub.cursor\"}\n");
    let good = good.to_str().unwrap();
    assert_eq!(home.run(["schema", "--check", good]).code(0).out(), "");
    let bad = home.file("bad.ndjson", "{}\n{\"type\":\"log.stdout\",\"payload\":7}\n\u{1b}[2J\n");
    let bad = bad.to_str().unwrap();
    let ended = home.run(["schema", "--check", good, bad]).code(1);
    let out = ended.out();
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines.len(), 3, "{out}");
    assert!(lines[0].starts_with(&format!("{bad}:1: no event: ")), "{out}");
    assert!(lines[1].starts_with(&format!("{bad}:2: log.stdout: payload of another shape: ")), "{out}");
    assert!(lines[2].starts_with(&format!("{bad}:3: ")) && !out.contains('\u{1b}'), "{out}");
    assert!(ended.err().contains("3 events, 2 bad lines, 1 misshapen payload"), "{ended:?}");
    assert!(home.run(["schema", "--check", "missing.ndjson"]).code(2).err().contains("missing.ndjson"));
}
