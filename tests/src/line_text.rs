//! Lines as nobody would write them: most are good, many are on the border, some are beyond it.

use crate::Random;
use crate::json_text::{between, member, number, quoted, string, value};

/// Event types with a typed payload, and some without.
const KINDS: [&str; 17] = [
    "orch.started",
    "graph",
    "unit.started",
    "task.started",
    "task.progress",
    "pr.created",
    "log.stdout",
    "log.error",
    "link.lost",
    "unit.completed",
    "orch.completed",
    "task.usage",
    "diff.file",
    "x.acme.deployed",
    "a",
    "\\u0061.b",
    "ä",
];

/// Times, the last seven of which not every reader takes.
const TIMES: [&str; 23] = [
    "2025-01-18T10:30:15Z",
    "2025-01-18T10:30:15.120000000Z",
    "2025-01-18T10:30:15.123456789+02:00",
    "2025-01-18T10:30:15.1234567891234Z",
    "2025-01-18T10:30:15-00:00",
    "2025-01-18T10:30:15+00:00",
    "2025-01-18T10:30:15-23:59",
    "2024-02-29T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "0000-01-01T00:00:00+23:59",
    "0001-01-01T00:00:00Z",
    "1969-12-31T23:59:59.9999Z",
    "9999-12-31T23:59:59.999999999Z",
    "9999-12-31T23:59:59-23:59",
    "2016-12-31T23:59:59Z",
    "2025-12-01T00:00:00.000000001Z",
    "2016-12-31T23:59:60Z",
    "2025-01-18T24:00:00Z",
    "2025-01-18T10:30:15+24:00",
    "2025-01-18T10:30:15,5Z",
    "2025-01-18t10:30:15z",
    "2025-01-18T10:30:15\\u005a",
    "2025-02-29T00:00:00Z",
];

/// Integers of an envelope or a typed payload, not all of which every reader holds.
const INTEGERS: [&str; 16] = [
    "0",
    "1",
    "2",
    "-1",
    "-0",
    "4294967295",
    "4294967296",
    "9007199254740991",
    "-9007199254740991",
    "9007199254740992",
    "18446744073709551615",
    "1.0",
    "1e2",
    "\"1\"",
    "null",
    "true",
];

/// Unknown members, some of which are known to readers that overlook case.
const UNKNOWN: [&str; 14] = [
    "x_trace",
    "x",
    "",
    "__proto__",
    "constructor",
    "toString",
    "Type",
    "TIME",
    "Unit",
    "ta\u{17f}k",
    "tas\u{212a}",
    "ta\\u017fk",
    "\\u0000",
    "attempt",
];

/// A line, without newline.
pub fn line(random: &mut Random) -> Vec<u8> {
    let kind = random.pick(&KINDS);
    let mut members = vec![("type", quoted(kind))];
    let mut put =
        |random: &mut Random, chance: usize, key: &'static str, make: &dyn Fn(&mut Random) -> String| {
            if random.one_in(chance) {
                let value = if random.one_in(60) { "null".to_owned() } else { make(random) };
                members.push((key, value));
            }
        };
    put(random, 2, "time", &time);
    put(random, 12, "timestamp", &time);
    put(random, 2, "unit", &string);
    put(random, 3, "task", &integer);
    put(random, 5, "pr", &integer);
    put(random, 2, "payload", &|random: &mut Random| payload(random, kind));
    put(random, 12, "data", &|random: &mut Random| payload(random, kind));
    put(random, 5, "error", &string);
    put(random, 4, "run", &|random: &mut Random| {
        quoted(random.pick(&["01JH", "a-b_c.d", "\\u0041", "a b", ""]))
    });
    put(random, 4, "seq", &integer);
    for _ in 0..3 {
        if random.one_in(6) {
            let key = if random.one_in(3) {
                UNKNOWN[random.below(UNKNOWN.len())]
            } else {
                UNKNOWN[random.below(6)]
            };
            members.push((key, value(random, 3)));
        }
    }
    if random.one_in(60) {
        members.push(members[random.below(members.len())].clone());
    }
    let mut written: Vec<String> = Vec::new();
    for (key, value) in &members {
        let key = spelled(random, key);
        let text = member(random, &key, value);
        written.insert(random.below(written.len() + 1), text);
    }
    let mut line = between(random, '{', &written, '}').into_bytes();
    if random.one_in(5) {
        mutate(random, &mut line);
    }
    line
}

/// A payload that mostly fits the type.
fn payload(random: &mut Random, kind: &str) -> String {
    if random.one_in(6) {
        return value(random, 4);
    }
    match kind {
        "orch.started" => {
            object(random, &[("unit_count", integer), ("parallelism", integer), ("graph", graph)])
        }
        "graph" => graph(random),
        "unit.started" => object(random, &[("total_tasks", integer), ("completed_tasks", integer)]),
        "task.started" => object(random, &[("name", string), ("attempt", integer), ("command", string)]),
        "task.progress" => object(random, &[("done", integer), ("total", integer), ("message", string)]),
        "pr.created" => object(random, &[("url", string), ("title", string), ("branch", string)]),
        "log.stdout" | "log.error" => object(random, &[("content", string), ("n", integer)]),
        "link.lost" => object(
            random,
            &[
                ("from", integer),
                ("to", integer),
                ("count", integer),
                ("by_type", counts),
                ("reason", string),
            ],
        ),
        "task.usage" => object(
            random,
            &[
                ("input_tokens", integer),
                ("output_tokens", integer),
                ("cost_usd", number),
                ("cache_read_input_tokens", integer),
                ("model", string),
            ],
        ),
        "diff.file" => object(
            random,
            &[
                ("file", string),
                ("diff", string),
                ("status", string),
                ("additions", integer),
                ("binary", flag),
            ],
        ),
        _ => value(random, 5),
    }
}

fn flag(random: &mut Random) -> String {
    random.pick(&["true", "false", "null", "0"]).to_owned()
}

fn graph(random: &mut Random) -> String {
    let nodes = |random: &mut Random| {
        let status = |random: &mut Random| {
            random.pick(&["\"pending\"", "\"complete\"", "{\"complete\":null}"]).to_owned()
        };
        let members =
            [("id", string as Make), ("level", integer), ("status", status), ("depends_on", strings)];
        list(random, &|random| object(random, &members))
    };
    let edges =
        |random: &mut Random| list(random, &|random| object(random, &[("from", string), ("to", string)]));
    let levels = |random: &mut Random| list(random, &strings);
    object(random, &[("nodes", nodes), ("edges", edges), ("levels", levels)])
}

fn counts(random: &mut Random) -> String {
    object(random, &[("log.stdout", integer), ("__proto__", integer), ("", integer)])
}

fn strings(random: &mut Random) -> String {
    list(random, &string)
}

fn time(random: &mut Random) -> String {
    let usual = if random.one_in(5) { TIMES.len() } else { TIMES.len() - 7 };
    quoted(TIMES[random.below(usual)])
}

fn integer(random: &mut Random) -> String {
    let usual = if random.one_in(5) { INTEGERS.len() } else { 4 };
    if random.one_in(40) { number(random) } else { INTEGERS[random.below(usual)].to_owned() }
}

type Make = fn(&mut Random) -> String;

/// An object with most of the members, now and then one twice, misspelt or unknown.
fn object(random: &mut Random, members: &[(&str, Make)]) -> String {
    let mut written = Vec::new();
    for (key, make) in members {
        if random.one_in(40) {
            let key = spelled(random, &key.to_uppercase());
            let value = make(random);
            written.push(member(random, &key, &value));
        }
        let times = if random.one_in(60) { 2 } else { usize::from(!random.one_in(5)) };
        for _ in 0..times {
            let (key, value) = (spelled(random, key), make(random));
            written.push(member(random, &key, &value));
        }
    }
    if random.one_in(5) {
        let (key, value) = (quoted(UNKNOWN[random.below(UNKNOWN.len())]), value(random, 2));
        written.push(member(random, &key, &value));
    }
    between(random, '{', &written, '}')
}

fn list(random: &mut Random, make: &dyn Fn(&mut Random) -> String) -> String {
    if random.one_in(20) {
        return "null".to_owned();
    }
    let items: Vec<String> = (0..random.below(4)).map(|_| make(random)).collect();
    between(random, '[', &items, ']')
}

/// A key in quotes, now and then with its first character as an escape.
fn spelled(random: &mut Random, key: &str) -> String {
    match key.chars().next() {
        Some(first) if first.is_ascii_alphabetic() && random.one_in(40) => {
            quoted(&format!("\\u{:04x}{}", u32::from(first), &key[1..]))
        }
        _ => quoted(key),
    }
}

/// Changes, drops or doubles a few bytes.
pub fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    const SYNTAX: &[u8] = b"\"\\{}[],:0e-. u\t";
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return;
        }
        let at = random.below(bytes.len());
        match random.below(4) {
            0 => bytes[at] = u8::try_from(random.below(256)).unwrap(),
            1 => bytes[at] = SYNTAX[random.below(SYNTAX.len())],
            2 => drop(bytes.remove(at)),
            _ => bytes.insert(at, bytes[at]),
        }
    }
}
