//! Go, which the original tool is written in, as the judge of what we write.

use std::ffi::OsStr;
use std::process::Command;

use choo_protocol::{
    EdgePayload, Event, GraphPayload, Limits, Line, LogPayload, NodePayload, OrchStarted, Payload, Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::{Program, Random, json_text, repository};

/// One event to be written by us and by `tests/go/encode.go`, which describes the members.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Case {
    #[serde(rename = "type")]
    pub kind: String,
    pub time: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unit: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pr: Option<i64>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chars: Option<(u32, u32)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub raw: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float64: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub float32: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub started: Option<OrchStarted>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub log: Option<LogPayload>,
}

impl Case {
    /// The line that we write, without its newline; `None` for what Go writes and no reader of ours
    /// takes, of which no event can be made.
    pub fn line(&self) -> Option<String> {
        let at: Timestamp = self.time.parse().unwrap_or_else(|e| panic!("{}: {e}", self.time));
        let chars = |(first, last)| (first..=last).filter_map(char::from_u32).collect();
        let unit = self.chars.map_or_else(|| self.unit.clone(), chars);
        let envelope = serde_json::json!({
            "type": self.kind, "unit": unit, "task": self.task, "pr": self.pr, "error": self.error,
        })
        .to_string();
        let mut event = Event::from_line(&Line::parse(envelope.as_bytes(), &Limits::default()).ok()?);
        if let Some(raw) = &self.raw {
            event = event.payload(Payload::from_raw(RawValue::from_string(raw.clone()).unwrap()).ok()?);
        } else if let Some(payload) = self.payload() {
            event = event.payload(payload);
        }
        let mut line = Vec::new();
        event.encode_seed(at, &mut line);
        let line = String::from_utf8(line).unwrap();
        Some(line.strip_suffix('\n').unwrap().to_owned())
    }

    fn payload(&self) -> Option<Payload> {
        if let Some(started) = &self.started {
            return Some(started.clone().into());
        }
        if let Some(log) = &self.log {
            return Some(log.clone().into());
        }
        let json = if let Some(bits) = &self.float64 {
            let float = |text: &String| f64::from_bits(u64::from_str_radix(text, 16).unwrap());
            Payload::json(&bits.iter().map(float).collect::<Vec<_>>())
        } else if let Some(bits) = &self.float32 {
            let float = |text: &String| f32::from_bits(u32::from_str_radix(text, 16).unwrap());
            Payload::json(&bits.iter().map(float).collect::<Vec<_>>())
        } else {
            Payload::json(self.value.as_ref()?)
        };
        Some(json.unwrap())
    }

    /// Whether Go since 1.22 writes it otherwise than before: U+0008 and U+000C.
    pub fn depends_on_go_version(&self) -> bool {
        self.line().is_some_and(|line| line.contains("\\u0008") || line.contains("\\u000c"))
    }
}

/// The version of the Go that is installed, as (1, 19); `None` without one.
pub fn version() -> Option<(u32, u32)> {
    let text = Command::new("go").arg("env").arg("GOVERSION").output().ok()?;
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    let mut parts = text.trim().strip_prefix("go")?.split('.').map(|part| {
        let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
        digits.parse().ok()
    });
    Some((parts.next()??, parts.next()??))
}

/// `go run` of a file of this repository; the machine's settings and the network are left out of it.
pub fn run(file: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("go");
    command.arg("run").arg(file).env("TZ", "UTC").env("GO111MODULE", "off").env("GOFLAGS", "");
    command.env("GOTOOLCHAIN", "local").env("GOPROXY", "off");
    command
}

/// The lines that Go writes.
pub fn encode(cases: &[Case]) -> Vec<String> {
    let mut input = Vec::new();
    for case in cases {
        serde_json::to_writer(&mut input, case).unwrap();
        input.push(b'\n');
    }
    let mut go = Program::feed(&mut run(repository().join("tests/go/encode.go")), &input);
    let lines = go.rest();
    let (status, errors) = go.finish();
    assert!(status.success(), "{errors}");
    lines
}

const TIME: &str = "2025-01-18T10:30:00Z";

fn case(kind: &str) -> Case {
    Case { kind: kind.to_owned(), time: TIME.to_owned(), ..Case::default() }
}

/// The committed cases: every escape, integer edge, kind of time and shape of payload.
pub fn cases() -> Vec<Case> {
    let mut cases = strings();
    cases.extend(times());
    cases.extend(members());
    cases.extend(payloads());
    cases
}

/// Characters that are escaped, those beside them, and those at the borders of UTF-8's lengths.
const AWKWARD: [u32; 44] = [
    0x00, 0x01, 0x07, 0x08, 0x09, 0x0A, 0x0B, 0x0C, 0x0D, 0x0E, 0x1B, 0x1E, 0x1F, 0x20, 0x21, 0x22, 0x23,
    0x25, 0x26, 0x27, 0x2F, 0x3B, 0x3C, 0x3D, 0x3E, 0x3F, 0x5B, 0x5C, 0x5D, 0x61, 0x7E, 0x7F, 0x80, 0xE4,
    0x7FF, 0x800, 0x2027, 0x2028, 0x2029, 0x202A, 0xFFFD, 0xFFFF, 0x1_F980, 0x10_FFFF,
];

fn strings() -> Vec<Case> {
    let mut cases = Vec::new();
    let single = (0..=0x100).chain(0x2020..=0x2030).chain([
        0x7FF, 0x800, 0xFFF, 0x1000, 0x20A8, 0x212A, 0xD7FF, 0xE000, 0xFEFF, 0xFFFC, 0xFFFD, 0xFFFE, 0xFFFF,
        0x1_0000, 0x1_F980, 0x2_0028, 0x10_FFFF,
    ]);
    for char in single.filter_map(char::from_u32) {
        cases.push(Case { unit: format!("a{char}b"), error: char.to_string(), ..case("x") });
    }
    // At every place of a word and across its border.
    for char in ['"', '\\', '\n', '\u{1f}', '<', '\u{2028}', '\u{e2}', '🦀'] {
        for place in 0..18 {
            let unit = format!("{}{char}{}", "x".repeat(place), "y".repeat(17 - place));
            cases.push(Case { unit, ..case("log.stdout") });
        }
    }
    // Many at once, each next to others, in every string that an event has, and in a log line, which is
    // written by a way of its own.
    let mut random = Random::new(11);
    for _ in 0..150 {
        let text = |random: &mut Random| -> String {
            (0..random.below(24)).map(|_| char::from_u32(*random.pick_one(&AWKWARD)).unwrap()).collect()
        };
        let content = text(&mut random);
        let (kind, unit, error) = (text(&mut random), text(&mut random), text(&mut random));
        cases.push(Case { kind, unit, error, ..case("") });
        let n = random.bits() >> 11 >> random.below(53);
        cases.push(Case { log: Some(LogPayload { content, n }), ..case("log.stderr") });
    }
    for kind in ["", "orch.started", "x.<vendor>.\"type\"", "\u{2028}"] {
        cases.push(case(kind));
    }
    cases
}

fn times() -> Vec<Case> {
    let mut times: Vec<String> = [
        "0000-01-01T00:00:00Z",
        "0000-01-01T00:00:00+23:59",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59.999999999Z",
        "1970-01-01T00:00:00Z",
        "2000-02-29T00:00:00Z",
        "2024-02-29T23:59:59.5+05:45",
        "9999-12-31T23:59:59.999999999Z",
        "9999-12-31T23:59:59-23:59",
        "2025-01-18T10:30:00-00:00",
        "2025-01-18T10:30:00+00:00",
    ]
    .map(str::to_owned)
    .to_vec();
    for digits in 1..=9 {
        for fraction in ["000000000", "100000000", "123456789", "120000000", "000000001", "999999999"] {
            times.push(format!("2025-01-18T10:30:00.{}Z", &fraction[..digits]));
        }
    }
    // Every number of digits with every kind of offset, at both ends of the years and where they grow.
    for year in ["0000", "0001", "0009", "0099", "0999", "1000", "1582", "1900", "2038", "9999"] {
        for digits in 0..=9 {
            let point = if digits == 0 { "" } else { "." };
            let offset = ["Z", "+00:01", "-00:01", "+14:00", "-12:00", "+05:45"][digits % 6];
            times.push(format!("{year}-12-31T23:59:59{point}{}{offset}", &"123456789"[..digits]));
        }
    }
    let mut random = Random::new(42);
    for _ in 0..200 {
        let sign = random.pick(&["+", "-"]);
        times.push(format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:09}{sign}{:02}:{:02}",
            random.below(10_000),
            random.below(12) + 1,
            random.below(28) + 1,
            random.below(24),
            random.below(60),
            random.below(60),
            random.below(1_000_000_000),
            random.below(24),
            random.below(60),
        ));
    }
    times.into_iter().map(|time| Case { time, ..case("x") }).collect()
}

fn members() -> Vec<Case> {
    let mut cases = Vec::new();
    for present in 0..32 {
        let has = |bit: u32| present & (1 << bit) != 0;
        cases.push(Case {
            unit: if has(0) { "app-shell".to_owned() } else { String::new() },
            task: has(1).then_some(0),
            pr: has(2).then_some(-1),
            raw: has(3).then(|| "{}".to_owned()),
            error: if has(4) { "exit status 1".to_owned() } else { String::new() },
            ..case("task.failed")
        });
    }
    let edge = 1_i64 << 53;
    for n in [0, 1, -1, 9, 10, 99, 100, i64::from(i32::MAX), edge - 1, edge, 1 - edge, i64::MAX, i64::MIN] {
        cases.push(Case { task: Some(n), pr: Some(n.saturating_neg()), ..case("x") });
    }
    let widths =
        [i64::from(i32::MIN), i64::from(u32::MAX), 1 + i64::from(u32::MAX), i64::MAX - 1, i64::MIN + 1];
    // As many digits as there are.
    let digits = (0..19).map(|n| 10_i64.pow(n)).flat_map(|n| [n, n - 1, -n]);
    cases.extend(widths.into_iter().chain(digits).map(|n| Case { task: Some(n), ..case("x") }));
    cases
}

fn payloads() -> Vec<Case> {
    let mut cases = Vec::new();
    let raw = |json: String| Case { raw: Some(json), ..case("x") };
    cases.extend(json_text::NUMBERS.map(|number| raw(number.to_owned())));
    for json in [
        "null",
        " null ",
        "true",
        "\"\"",
        "{}",
        "[]",
        "\t[ ]\r\n",
        "{ \"a\" : 1 , \"a\" : 2 }",
        "{\"\":{\"__proto__\":[]}}",
        "\"<script>&amp;\u{2028}\u{2029}\u{e2}\u{20a8}\"",
        "\"\\u003c\\u2028\\/\\b\\f\\ud800\"",
        "{\"<\":\" \\\\\", \" \\\" \" : 1}",
        "[1.0, 1.50, 1E5, 1e+05, -0.0]",
    ] {
        cases.push(raw(json.to_owned()));
    }
    cases.push(raw("[".repeat(64) + &"]".repeat(64)));
    let mut random = Random::new(7);
    cases.extend((0..300).map(|_| raw(json_text::value(&mut random, 5))));
    let value = serde_json::json!({
        "z": ["<>&\u{2028}\u{2029}\u{7f}\u{0}\t", "\\\"/'", "\u{8}\u{c}"], "a": {"<": null, "": true}, "m": [[], {}, [false, 7]],
    });
    cases.push(Case { value: Some(value), ..case("x") });
    cases.extend(floats(200, &mut random));
    cases.extend(started().map(|started| Case { started: Some(started), ..case("orch.started") }));
    for n in [0, 1, (1 << 53) - 1] {
        cases.push(Case { log: Some(LogPayload { content: String::new(), n }), ..case("log.stdout") });
    }
    cases
}

/// Floating-point numbers of both widths: edges, and `count` random ones of each.
pub fn floats(count: usize, random: &mut Random) -> [Case; 2] {
    let mut wide: Vec<f64> =
        vec![0.0, -0.0, 1.0, 0.1, 1e-6, 9.999_999e-7, 1e20, 1e21, 1.5e21, 1e22, f64::MAX];
    wide.extend([f64::MIN_POSITIVE, 5e-324, 9_007_199_254_740_993.0, 0.1 + 0.2, -2.5e-7, 123_456_789.0]);
    let mut narrow: Vec<f32> =
        vec![0.0, -0.0, 1.0, 0.1, 1e-6, 9.999e-7, 1e20, 1e21, 1.5e21, f32::MAX, 16_777_216.0];
    wide.extend((0..count).map(|_| f64::from_bits(random.bits())).filter(|n| n.is_finite()));
    // As many again of a size that people write.
    wide.extend((0..count).map(|_| f64::from(u32::try_from(random.bits() >> 32).unwrap()) / 1e4));
    let narrow_bits = |random: &mut Random| u32::try_from(random.bits() >> 32).unwrap();
    narrow.extend((0..count).map(|_| f32::from_bits(narrow_bits(random))).filter(|n| n.is_finite()));
    let float64 = wide.iter().map(|n| format!("{:016x}", n.to_bits())).collect();
    let float32 = narrow.iter().map(|n| format!("{:08x}", n.to_bits())).collect();
    [Case { float64: Some(float64), ..case("x") }, Case { float32: Some(float32), ..case("x") }]
}

/// Payloads of `orch.started`: S0's, without a graph, with an empty one, with ids that need escapes.
fn started() -> [OrchStarted; 4] {
    let bare = OrchStarted { unit_count: u32::MAX, parallelism: 0, graph: None };
    let empty = OrchStarted { graph: Some(GraphPayload::default()), ..bare.clone() };
    let ids = ["<a>&\"\\", "\u{2028}\u{0}\n", "", "🦀\u{7f}"].map(str::to_owned);
    let node = |id: &String| NodePayload { id: id.clone(), level: Some(0), ..NodePayload::default() };
    let graph = GraphPayload {
        nodes: ids.iter().map(node).collect(),
        edges: vec![EdgePayload { from: ids[0].clone(), to: ids[1].clone() }],
        levels: vec![ids.to_vec(), Vec::new()],
    };
    [example(), bare, empty, OrchStarted { unit_count: 4, parallelism: 1, graph: Some(graph) }]
}

/// The payload of the first example line of S0.
fn example() -> OrchStarted {
    let text = std::fs::read_to_string(repository().join("tests/vectors/s0-example.ndjson")).unwrap();
    let line: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    serde_json::from_value(line["payload"].clone()).unwrap()
}
