use choo_protocol::{Event, Json, Limits, Line, LogStream, Payload, RunId, Timestamp, kind};
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::wire::Wire;

/// A redactor and the number of the next event.
struct Writer {
    redactor: Redactor,
    wire: Wire,
    seq: u64,
}

impl Writer {
    fn new(secrets: &[&str], patterns: &[&str]) -> Self {
        let redaction = secrets.iter().fold(Redaction::new(), |all, secret| all.secret(*secret).unwrap());
        let redaction = patterns.iter().fold(redaction, |all, pattern| all.pattern(pattern).unwrap());
        Writer { redactor: Redactor::new(&redaction).unwrap(), wire: Wire::Full, seq: 0 }
    }

    /// The line of an event as it leaves.
    fn line(&mut self, event: &Event) -> String {
        self.seq += 1;
        let run: RunId = "r".parse().unwrap();
        let mut block = Block::with_buffer();
        let time = Timestamp::from_unix_nanos(0);
        let bytes = block.encode(event, (&run, self.wire), self.seq, time, Limits::GRAPH_LINE).unwrap();
        self.redactor.redact_block(&mut block);
        let (line, metas) = block.into_parts();
        assert_eq!((metas[0].len(), metas[0].seq), (line.len(), self.seq));
        assert!(line.len() <= bytes, "only shorter");
        let parsed = Line::parse(line.strip_suffix(b"\n").unwrap(), &Limits::default()).unwrap();
        assert_eq!((&*parsed.kind, parsed.unit.is_empty()), (&*event.kind, event.unit.is_empty()));
        assert_eq!(parsed.seq, Some(self.seq).filter(|_| self.wire == Wire::Full));
        String::from_utf8(line).unwrap()
    }

    fn payload(&mut self, json: &str) -> String {
        let json =
            Json::from_raw(serde_json::value::RawValue::from_string(json.to_owned()).unwrap()).unwrap();
        let event = Event::vendor("acme", "x").unwrap().payload(Payload::from(json));
        let line = self.line(&event);
        let start = line.find("\"payload\":").unwrap() + 10;
        line[start..line.find(",\"run\"").unwrap()].to_owned()
    }

    /// The content of a line of output as it leaves.
    fn log(&mut self, unit: &str, content: &str) -> String {
        self.log_of(unit, 1, LogStream::Stdout, content)
    }

    fn log_of(&mut self, unit: &str, task: u32, stream: LogStream, content: &str) -> String {
        let line = self.line(&Event::log(unit, Some(task), stream, content, 1));
        let line: Value = serde_json::from_str(&line).unwrap();
        line["payload"]["content"].as_str().unwrap().to_owned()
    }
}

#[test]
fn secrets_are_replaced_wherever_the_program_speaks() {
    let mut writer = Writer::new(&["hunter2"], &[]);
    let event = Event::unit_failed("a-hunter2", "wrong password hunter2, not hunter2!");
    let line: Value = serde_json::from_str(&writer.line(&event)).unwrap();
    assert_eq!((&line["unit"], &line["error"]), (&"a-***".into(), &"wrong password ***, not ***!".into()));
    assert_eq!(
        writer.payload(r#"{"hunter2":["xhunter2y",{"deep":"hunter2"}],"n":1,"ok":true}"#),
        r#"{"***":["x***y",{"deep":"***"}],"n":1,"ok":true}"#
    );
    assert_eq!(writer.payload(r#""hunter2""#), r#""***""#);
    assert_eq!(writer.log("a", "hunter2hunter2 hunter"), "*** ***", "what may go on is a secret too");
}

#[test]
fn lines_without_a_secret_stay_as_they_are() {
    let mut writer = Writer::new(&["hunter2"], &[]);
    let run: RunId = "r".parse().unwrap();
    for event in [
        Event::unit_started("a"),
        Event::unit_failed("a", "line\n\"quoted\" \u{1b}[31m"),
        Event::log("a", None, LogStream::Stdout, "h", 1),
    ] {
        let mut line = Vec::new();
        event.encode(Some(&run), Some(writer.seq + 1), Timestamp::from_unix_nanos(0), &mut line);
        assert_eq!(writer.line(&event).as_bytes(), line);
    }
}

#[test]
fn escaped_secrets_are_found_in_whatever_way_they_are_escaped() {
    let secret = "pä\"s\\s\n😀";
    let mut writer = Writer::new(&[secret], &[]);
    assert_eq!(writer.payload(r#"{"a":"x\u0070\u00e4\"s\\s\n\ud83d\ude00y"}"#), r#"{"a":"x***y"}"#);
    assert_eq!(writer.payload(r#"{"a":"xp\u00E4\u0022s\u005cs\u000a😀y"}"#), r#"{"a":"x***y"}"#);
    // JSON within a text, as a program prints it.
    let printed = serde_json::to_string(&serde_json::json!({ "password": secret })).unwrap();
    assert_eq!(writer.log("a", &printed), r#"{"password":"***"}"#);
    let twice = serde_json::to_string(&printed).unwrap();
    assert!(!twice.contains(secret));
    writer.wire = Wire::Seed;
    let line = writer.line(&Event::unit_failed("a", format!("<{secret}>")));
    assert!(line.contains(r#""error":"\u003c***\u003e""#), "{line}");
}

#[test]
fn what_reads_like_a_secret_only_while_it_is_escaped_goes_too() {
    let mut writer = Writer::new(&["\\n12"], &[]);
    let line = writer.line(&Event::unit_failed("a", "x\n12"));
    assert!(line.contains(r#""error":"***""#), "{line}");
}

#[test]
fn numbers_of_the_payload_that_hold_a_secret_become_null_and_no_others_change() {
    let mut writer = Writer::new(&["19700101", "0000", "1970"], &[]);
    assert_eq!(writer.payload(r#"{"pin":119700101,"n":-0.00001,"m":12}"#), r#"{"pin":null,"n":null,"m":12}"#);
    let line = writer.line(&Event::unit_started("a"));
    assert!(line.contains(r#""time":"1970-"#), "{line}");
}

#[test]
fn patterns_match_within_one_text() {
    let mut writer = Writer::new(&[], &["ghp_[a-z0-9]{4,}", "(?i)password=\\S+"]);
    assert_eq!(
        writer.payload(r#"{"a":"xghp_abc1 PASSWORD=\"q\" y","b":"ghp_"}"#),
        r#"{"a":"x*** *** y","b":"ghp_"}"#
    );
    assert_eq!(Writer::new(&[], &["x*"]).payload(r#"["","axxb"]"#), r#"["","a**b"]"#);
    assert_eq!(Writer::new(&[], &["(?s).*"]).payload(r#"{"a":"b\"c"}"#), r#"{"*":"***"}"#);
}

#[test]
fn a_secret_cut_in_two_by_output_is_found() {
    let mut writer = Writer::new(&["correct horse"], &[]);
    // Too little of it to tell, then the rest.
    assert_eq!(writer.log("a", "it is cor"), "it is cor");
    assert_eq!(writer.log("a", "rect horse!"), "***!");
    // So much of it that it is not shown, whether it goes on or not.
    assert_eq!(writer.log("a", "it is corre"), "it is ***");
    assert_eq!(writer.log("a", "lation"), "lation");
    assert_eq!(writer.log("a", "it is correct h"), "it is ***");
    assert_eq!(writer.log("a", "orse!"), "***!");
    let pieces: Vec<String> = "correct horse!".chars().map(|c| writer.log("a", &c.to_string())).collect();
    assert_eq!(pieces.concat(), format!("cor{}!", "*".repeat(10)));
}

#[test]
fn streams_are_told_apart() {
    let mut writer = Writer::new(&["correct horse"], &[]);
    writer.log_of("a", 1, LogStream::Stdout, "correct");
    for (unit, task, stream) in
        [("b", 1, LogStream::Stdout), ("a", 2, LogStream::Stdout), ("a", 1, LogStream::Stderr)]
    {
        assert_eq!(writer.log_of(unit, task, stream, " horse"), " horse");
    }
    // What other events say does not come between.
    writer.line(&Event::unit_started("a"));
    assert_eq!(writer.log_of("a", 1, LogStream::Stdout, " horse"), "***");
}

#[test]
fn what_is_remembered_is_bounded() {
    let mut writer = Writer::new(&["correct horse"], &["x{3}"]);
    writer.log("first", "correct");
    for n in 0..STREAMS {
        writer.log(&format!("unit-{n}"), &"y".repeat(10_000));
    }
    let said = &writer.redactor.said;
    assert_eq!((said.len(), writer.redactor.order.len()), (STREAMS, STREAMS));
    assert!(said.values().all(|said| said.len() == PATTERN_REACH));
    assert_eq!(writer.log("first", " horse"), " horse", "forgotten");
}

#[test]
fn patterns_look_back_over_a_border() {
    let mut writer = Writer::new(&[], &["ghp_[a-z0-9]{4}", "password=\\S+"]);
    assert_eq!([writer.log("a", "ghp_a"), writer.log("a", "bc1 x")], ["ghp_a", "*** x"]);
    assert_eq!([writer.log("a", "password=abc"), writer.log("a", "Compiling x")], ["***", "Compiling x"]);
}

/// Few letters, so that secrets overlap, contain each other and almost match.
fn text(len: std::ops::Range<usize>) -> impl Strategy<Value = String> {
    let letter = prop::sample::select(vec!['a', 'a', 'b', '"', '\\', '\n', 'ü', '😀', '<', 'n', '1']);
    prop::collection::vec(letter, len).prop_map(String::from_iter)
}

#[derive(Clone, Debug)]
enum Piece {
    Text(String),
    Secret(prop::sample::Index),
}

fn pieces() -> impl Strategy<Value = Vec<Piece>> {
    let piece =
        prop_oneof![text(0..6).prop_map(Piece::Text), any::<prop::sample::Index>().prop_map(Piece::Secret),];
    prop::collection::vec(piece, 0..8)
}

/// All texts of a JSON value.
fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|value| texts(value, out)),
        Value::Object(members) => members.iter().for_each(|(key, value)| {
            out.push(key.clone());
            texts(value, out);
        }),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

proptest! {
    /// Whatever the secrets and wherever output is cut: none stands in what leaves, decoded or as it is
    /// written, within a line or over the borders of its stream.
    #[test]
    fn no_secret_leaves(
        secrets in prop::collection::vec(text(4..9), 1..4),
        pieces in pieces(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ascii in any::<bool>(),
    ) {
        let secrets: Vec<&str> = secrets.iter().map(String::as_str).filter(|secret| secret.len() >= 4).collect();
        let mut writer = Writer::new(&secrets, &[]);
        let all: String = pieces
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.as_str(),
                Piece::Secret(index) => index.get(&secrets),
            })
            .collect();
        let held = |text: &str| secrets.iter().any(|secret| text.contains(secret));
        let check = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap();
            let mut all = Vec::new();
            texts(&value, &mut all);
            prop_assert!(!all.iter().any(|text| held(text)), "{line}");
            let mut raw = Vec::new();
            json::tokens(line.as_bytes(), |token| raw.push(line[token.at].to_owned()));
            prop_assert!(!raw.iter().any(|text| held(text)), "{line}");
            Ok(())
        };

        let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(all.chars().count() + 1)).collect();
        ends.sort_unstable();
        let chars: Vec<char> = all.chars().collect();
        let (mut said, mut from) = (String::new(), 0);
        for end in ends.into_iter().chain([chars.len()]) {
            let chunk: String = chars[from..end].iter().collect();
            from = end;
            let line = writer.line(&Event::log("unit", Some(1), LogStream::Stdout, chunk, 1));
            check(&line)?;
            let line: Value = serde_json::from_str(&line).unwrap();
            said.push_str(line["payload"]["content"].as_str().unwrap());
        }
        prop_assert!(!held(&said), "{said:?} of {all:?}");

        check(&writer.line(&Event::unit_failed("unit", all.clone())))?;
        let json = serde_json::json!({ "a": [all], all.clone(): 1 }).to_string();
        // By a writer that keeps to ASCII.
        let escape = |c: char| -> String {
            let units: Vec<String> =
                c.encode_utf16(&mut [0; 2]).iter().map(|unit| format!("\\u{unit:04x}")).collect();
            units.concat()
        };
        let json = if ascii {
            json.chars().map(|c| if c.is_ascii() { c.to_string() } else { escape(c) }).collect()
        } else {
            json
        };
        let event = Event::new(kind::PR_CREATED).unwrap().unit("u");
        let json = Json::from_raw(serde_json::value::RawValue::from_string(json).unwrap()).unwrap();
        check(&writer.line(&event.payload(Payload::from(json))))?;
    }

    /// Text that has nothing of a secret in it is let alone, however it is cut.
    #[test]
    fn nothing_else_changes(chunks in prop::collection::vec("[c-z\"\\\\\n]{0,12}", 0..8)) {
        let mut writer = Writer::new(&["abab", "bbaa😀"], &["A+"]);
        for chunk in chunks {
            prop_assert_eq!(writer.log("unit", &chunk), chunk);
        }
    }
}
