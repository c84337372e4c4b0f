use serde_json::json;

use super::*;

/// An event schema with one structure, the payload of `unit.started`, and one inside it.
fn schema(payload: &Value) -> Value {
    json!({
        "title": "Event",
        "type": "object",
        "properties": { "type": { "type": "string" }, "time": { "type": "string" } },
        "required": ["type"],
        "$defs": {
            "unit.started": { "type": "object", "properties": { "payload": { "$ref": "#/$defs/UnitStarted" } } },
            "unit.failed": { "type": "object", "properties": { "payload": { "$ref": "#/$defs/UnitStarted" } } },
            "UnitStarted": payload,
            "Status": { "oneOf": [{ "type": "string", "const": "a" }, { "type": "string", "const": "b" }] },
            "Open": { "anyOf": [{ "type": "string", "enum": ["a"] }, { "type": "string" }] },
        },
    })
}

fn structure(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

fn told(contract: Contract, old: &Value, new: &Value) -> Vec<String> {
    let found = breakages(contract, "0.1.0", old, new);
    found.iter().map(ToString::to_string).collect()
}

/// What is told of a payload's change in each contract; `""` for nothing.
#[track_caller]
fn check(old: &Value, new: &Value, write: &str, read: &str) {
    for (contract, expected) in [(Contract::Write, write), (Contract::Read, read)] {
        let found = told(contract, &schema(old), &schema(new));
        match expected {
            "" => assert_eq!(found, [""; 0], "{contract:?}"),
            expected => {
                assert_eq!(found.len(), 1, "{contract:?}: {found:?}");
                assert!(found[0].starts_with(expected), "{contract:?}: {found:?}");
            }
        }
    }
}

/// The same for one member that changes its schema.
#[track_caller]
fn check_member(old: &Value, new: &Value, write: &str, read: &str) {
    check(&structure(&json!({ "n": old }), &[]), &structure(&json!({ "n": new }), &[]), write, read);
}

#[test]
fn a_rename_is_told_as_a_newcomer_would_want_it() {
    let old = structure(&json!({ "total_tasks": { "type": "integer" } }), &[]);
    let new = structure(&json!({ "tasks_total": { "type": "integer" } }), &[]);
    assert_eq!(
        told(Contract::Write, &schema(&old), &schema(&new)),
        [
            "`unit.failed` payload: member `total_tasks` is gone (renamed to `tasks_total`?). Readers of version \
          0.1.0 look for it. Keep writing it, and add the new member beside it."
        ]
    );
    assert_eq!(
        told(Contract::Read, &schema(&old), &schema(&new)),
        [
            "`unit.failed` payload: member `total_tasks` is no longer read (renamed to `tasks_total`?). Programs of \
          version 0.1.0 still write it. Go on reading it."
        ]
    );
}

#[test]
fn a_new_member_breaks_nobody_unless_it_must_be_read() {
    let old = structure(&json!({}), &[]);
    let optional = structure(&json!({ "n": { "type": "integer" } }), &[]);
    let required = structure(&json!({ "n": { "type": "integer" } }), &["n"]);
    check(&old, &optional, "", "");
    check(
        &old,
        &required,
        "",
        "`unit.failed` payload: member `n` was free to be absent and must now be there.",
    );
}

#[test]
fn a_member_that_becomes_optional_breaks_readers_and_one_that_becomes_required_breaks_writers() {
    let optional = structure(&json!({ "n": { "type": "integer" } }), &[]);
    let required = structure(&json!({ "n": { "type": "integer" } }), &["n"]);
    check(
        &required,
        &optional,
        "`unit.failed` payload: member `n` was always written and may now be absent.",
        "",
    );
    check(&optional, &required, "", "`unit.failed` payload: member `n` was free to be absent");
}

#[test]
fn another_type_breaks_both_and_a_wider_one_readers() {
    let place = "`unit.failed` payload, `n`: ";
    let (integer, string) = (json!({ "type": "integer" }), json!({ "type": "string" }));
    let was = format!("{place}was `integer` and is now `string`.");
    check_member(&integer, &string, &was, &format!("{place}`integer` was read, and now only `string` is."));
    check_member(&integer, &json!({ "type": "number" }), &format!("{place}was"), "");
    check_member(&integer, &json!({ "type": ["integer", "null"] }), &format!("{place}was"), "");
    check_member(
        &json!({ "type": ["integer", "null"] }),
        &integer,
        "",
        &format!("{place}`integer | null` was read"),
    );
    check_member(
        &integer,
        &json!({ "description": "any" }),
        &format!("{place}was `integer` and is now `any`"),
        "",
    );
    check_member(&json!(true), &integer, "", &format!("{place}`any` was read"));
}

#[test]
fn bounds_patterns_and_lengths_count() {
    let place = "`unit.failed` payload, `n`: ";
    let number = |least: i64, most: i64| json!({ "type": "integer", "minimum": least, "maximum": most });
    check_member(&number(0, 9), &number(0, 10), &format!("{place}was `integer 0..=9`"), "");
    check_member(&number(0, 9), &number(1, 9), "", &format!("{place}`integer 0..=9` was read"));
    let text = |keyword: &str, rule: Value| json!({ "type": "string", keyword: rule });
    check_member(
        &json!({ "type": "string" }),
        &text("pattern", json!("^a$")),
        "",
        &format!("{place}`string` was"),
    );
    check_member(&text("maxLength", json!(5)), &text("maxLength", json!(6)), &format!("{place}was"), "");
    check_member(
        &text("format", json!("date-time")),
        &json!({ "type": "string" }),
        &format!("{place}was"),
        "",
    );
}

#[test]
fn names_may_join_an_open_set_but_not_a_closed_one() {
    let (closed, open) = (json!({ "$ref": "#/$defs/Status" }), json!({ "$ref": "#/$defs/Open" }));
    let more = json!({ "type": "string", "enum": ["a", "b", "c"] });
    let fewer = json!({ "type": "string", "enum": ["a"] });
    let place = "`unit.failed` payload, `n`: ";
    check_member(&closed, &more, &format!("{place}was"), "");
    check_member(&closed, &fewer, "", &format!("{place}`Status` was read"));
    check_member(
        &open,
        &json!({ "anyOf": [{ "type": "string", "enum": ["a", "z"] }, { "type": "string" }] }),
        "",
        "",
    );
    check_member(&closed, &open, &format!("{place}was `Status` and is now `Open`"), "");
}

#[test]
fn lists_maps_and_structures_are_looked_into() {
    let list = |inner: Value| json!({ "type": "array", "items": inner });
    let map = |inner: Value| json!({ "type": "object", "additionalProperties": inner });
    let inner = |name: &str| json!({ "type": "object", "properties": { name: { "type": "string" } } });
    check_member(
        &list(inner("id")),
        &list(inner("key")),
        "`unit.failed` payload, `n[]`: member `id` is gone (renamed to `key`?)",
        "`unit.failed` payload, `n[]`: member `id` is no longer read (renamed to `key`?)",
    );
    let numbered = |inner: Value| json!({ "type": "object", "patternProperties": { "^\\d+$": inner } });
    check_member(
        &numbered(inner("id")),
        &numbered(inner("key")),
        "`unit.failed` payload, `n.*`: member `id` is gone (renamed to `key`?)",
        "`unit.failed` payload, `n.*`: member `id` is no longer read (renamed to `key`?)",
    );
    check_member(
        &map(inner("id")),
        &map(json!({ "type": "string" })),
        "`unit.failed` payload, `n.*`: was `object` and is now `string`",
        "`unit.failed` payload, `n.*`: `object` was read, and now only `string` is",
    );
}

#[test]
fn what_was_open_to_unknown_members_stays_open() {
    let open = structure(&json!({}), &[]);
    let mut closed = open.clone();
    closed["additionalProperties"] = false.into();
    check(&open, &closed, "", "`unit.failed` payload: members that are not known were passed over");
    check(&closed, &open, "", "");
}

#[test]
fn an_alias_an_event_type_and_a_payload_may_not_go() {
    let old = schema(&structure(&json!({}), &[]));
    let mut new = old.clone();
    new["properties"].as_object_mut().unwrap().remove("time");
    new["$defs"]["unit.failed"]["properties"].as_object_mut().unwrap().remove("payload");
    new["$defs"].as_object_mut().unwrap().remove("unit.started");
    let found = told(Contract::Read, &old, &new);
    let expected = [
        "every event: member `time` is no longer read.",
        "`unit.failed`: member `payload` is no longer read.",
        "`unit.started`: is no longer described.",
    ];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
    assert_eq!(told(Contract::Read, &new, &old), [""; 0]);
}

#[test]
fn prose_breaks_nobody() {
    let old = structure(&json!({ "n": { "type": "integer", "description": "a", "default": 0 } }), &[]);
    let new = structure(&json!({ "n": { "type": "integer", "description": "b", "examples": [1] } }), &[]);
    check(&old, &new, "", "");
}
