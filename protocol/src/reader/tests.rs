use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::*;
use crate::{GraphPayload, OrchStarted, TaskPayload, UnitStatus};

#[derive(Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
struct Sample {
    text: String,
    number: Option<u32>,
    list: Vec<i64>,
    by_number: BTreeMap<i64, UnitStatus>,
    flag: bool,
    inner: Option<Box<Sample>>,
}

#[test]
fn values_are_read_as_serde_json_reads_them() {
    for json in [
        r#"{"text":"a\u003c\"b","number":7,"list":[1,-2, 3],"by_number":{"-1":"failed"},"flag":true}"#,
        r#" { "list" : [ ] , "inner" : { "text" : "x" , "by_number" : { } } } "#.trim(),
        "{}",
        r#"{"number":null,"unknown":{"deep":[1e5,{"x":"}"}]},"flag":false}"#,
    ] {
        let expected: Sample = serde_json::from_str(json).unwrap();
        assert_eq!(read::<Sample>(json).unwrap(), expected, "{json}");
    }
    for json in
        ["null", "true", "-0", "-1.5e3", "18446744073709551615", "-9223372036854775808", r#"[{"a":[]},"\n"]"#]
    {
        let expected: Value = serde_json::from_str(json).unwrap();
        assert_eq!(read::<Value>(json).unwrap(), expected, "{json}");
    }
}

#[test]
fn the_last_of_equal_keys_wins() {
    let json = r#"{"text":"first","inner":{"number":1,"number":2},"te\u0078t":"last","by_number":{"1":"failed","1":"ready"}}"#;
    let sample: Sample = read(json).unwrap();
    assert_eq!(sample.text, "last");
    assert_eq!(sample.inner.unwrap().number, Some(2));
    assert_eq!(sample.by_number[&1], UnitStatus::Ready);
    // Also where the first one has another shape.
    assert_eq!(read::<Sample>(r#"{"number":"x","number":5}"#).unwrap().number, Some(5));
}

#[test]
fn another_shape_is_an_error_that_says_what_was_found() {
    for (json, said) in [
        (r#"{"text":5}"#, "expected a string, found a number at byte 8"),
        (r#"{"number":1.5}"#, "expected an integer, found 1.5"),
        (r#"{"number":-0}"#, "expected an integer, found -0"),
        (r#"{"number":-1}"#, "expected u32, found -1"),
        (r#"{"list":{}}"#, "expected a list, found an object at byte 8"),
        (r#"{"by_number":{"x":"ready"}}"#, "expected an integer, found x"),
        (r#"{"by_number":{"1":"napping"}}"#, "unknown variant `napping`"),
        (r#"{"by_number":{"01":"ready"}}"#, "expected an integer, found 01"),
        (r#"{"list":[9007199254740992]}"#, "expected an integer of at most 53 bits"),
        (r#"{"list":[-9007199254740992]}"#, "expected an integer of at most 53 bits"),
        (r#"{"by_number":{"9007199254740992":"ready"}}"#, "expected an integer of at most 53 bits"),
        (r#"{"Text":"a"}"#, r#""Text" differs from "text" by case only"#),
        (r#"{"inner":{"li\u017ft":[]}}"#, "differs from \"list\" by case only"),
        (r#"{"by_number":{"1":{"ready":null}}}"#, "expected a string, found an object"),
        (r#"{"flag":null}"#, "expected true or false, found null"),
        (r#"["text"]"#, "expected an object, found a list at byte 0"),
        (r#""text""#, "expected an object, found a string"),
    ] {
        let error = read::<Sample>(json).unwrap_err().to_string();
        assert!(error.contains(said), "{json}: {error}");
    }
}

#[test]
fn what_a_structure_does_not_know_costs_no_more_than_reading_it() {
    // A list of the unknown keys that is searched for each of them takes minutes here.
    let mut members: Vec<String> = (0..100_000).map(|n| format!("\"k{n}\":{n}")).collect();
    members.extend(["\"number\":1".to_owned(), "\"number\":2".to_owned()]);
    let sample: Sample = read(&format!("{{{}}}", members.join(","))).unwrap();
    assert_eq!(sample.number, Some(2));
}

#[test]
fn s0_b27_null_lists_are_empty() {
    let graph: GraphPayload =
        read(r#"{"nodes":[{"id":"a","depends_on":null}],"edges":null,"levels":null}"#).unwrap();
    assert_eq!((graph.nodes.len(), graph.edges.len(), graph.levels.len()), (1, 0, 0));
    assert_eq!(read::<OrchStarted>(r#"{"unit_count":null,"graph":null}"#).unwrap(), OrchStarted::default());
    assert_eq!(read::<TaskPayload>(r#"{"name":"x","attempt":null}"#).unwrap().attempt, None);
}

#[test]
fn text_that_is_not_json_is_an_error_and_no_panic() {
    for json in
        ["", "{", r#"{"text":"#, r#"{"text":"a"#, "nul", "-", "[1,", r#"{"list":[1}"#, r#"{"text" 1}"#]
    {
        assert!(read::<Sample>(json).is_err(), "{json}");
        assert!(read::<Value>(json).is_err(), "{json}");
    }
}

/// Our reader and serde's say the same, or both say that the shape is another one.
fn agree<T: Read + DeserializeOwned + PartialEq + fmt::Debug>(samples: &[&str]) {
    for json in samples {
        match (read_ours::<T>(json), read::<T>(json)) {
            (Ok(ours), Ok(serdes)) => assert_eq!(ours, serdes, "{json}"),
            (Err(_), Err(_)) => {}
            (ours, serdes) => panic!("{json}: {ours:?} here, {serdes:?} there"),
        }
    }
}

#[test]
fn the_folds_readers_say_what_everybodys_say() {
    const OTHER_SHAPES: &[&str] = &["{}", "[]", "5", "\"x\"", "true", r#"{"unknown":[{"a":1}]}"#];
    macro_rules! agree {
        ($($type:ident $samples:expr;)*) => {
            $(agree::<crate::$type>(OTHER_SHAPES); agree::<crate::$type>(&$samples);)*
        };
    }
    agree! {
        HubHello [r#"{"proto":1,"epoch":"e","recovered":true}"#, r#"{"proto":4294967296}"#, r#"{"recovered":1}"#];
        HubGap [r#"{"from":"a","to":"b","count":7,"why":"evicted"}"#, r#"{"count":null}"#, r#"{"count":"7"}"#];
        HubCursor [r#"{"cursor":"e:1"}"#, r#"{"cursor":1}"#, r#"{"cursor":"a","cursor":"b"}"#];
        HubEnd [r#"{"run":"r","status":"failed"}"#, r#"{"run":"r"}"#, r#"{"run":"a b","status":"failed"}"#,
            r#"{"run":"r","status":"napping"}"#];
        HubError [r#"{"kind":"syntax","message":"\u003c\n","count":2}"#];
        HubBye [r#"{"code":"shutdown","retry_ms":500}"#, r#"{"retry_ms":-5}"#, r#"{"retry_ms":"x","retry_ms":5}"#];
        OrchStarted [r#"{"unit_count":2,"parallelism":null,"graph":{"nodes":[{"id":"a"}],"edges":null}}"#,
            r#"{"unit_count":9007199254740992}"#, r#"{"graph":null}"#, r#"{"graph":[]}"#, r#"{"graph":{"nodes":[5]}}"#];
        UnitStarted [r#"{"total_tasks":3,"completed_tasks":null}"#, r#"{"total_tasks":1.0}"#];
        TaskPayload [r#"{"name":"n","attempt":2,"command":"make","title":"t"}"#, r#"{"attempt":-0}"#];
        PrPayload [r#"{"url":"u","title":"t","branch":"b","target":null}"#];
        LogPayload [r#"{"content":"\u001b[31mred","n":4}"#, r#"{"content":null,"n":null}"#, r#"{"n":"4"}"#];
        Usage [r#"{"cache_read_input_tokens":5,"cache_creation_input_tokens":null,"model":"m"}"#,
            r#"{"input_tokens":1,"output_tokens":null,"cost_usd":0.1}"#, r#"{"cost_usd":3}"#,
            r#"{"cost_usd":-0}"#, r#"{"cost_usd":"1"}"#, r#"{"cost_usd":null}"#, r#"{"input_tokens":1.5}"#,
            r#"{"cost_usd":123456789012345678901234567890}"#, r#"{"cost_usd":0.1e-300}"#, r#"{"cost_usd":[]}"#];
        DiffFile [r#"{"file":"a","diff":"\n","status":"renamed","old_file":"b","additions":1,"deletions":0,
            "binary":true,"truncated":null}"#, r#"{"status":"napping"}"#, r#"{"status":null,"file":null}"#,
            r#"{"status":1}"#, r#"{"binary":"yes"}"#];
        DiffSummary [r#"{"file":"a","diff":"\n","status":"renamed"}"#, r#"{"diff":5,"additions":4294967296}"#];
        DiffRemoved [r#"{"file":"a"}"#, r#"{"file":7}"#];
        GraphPayload [r#"{"nodes":[{"id":"a","level":1,"label":"A","status":"in_review","tasks":2,
            "completed_tasks":1,"depends_on":["b"]}],"edges":[{"from":"b","to":"a"}],"levels":[["b"],["a"]]}"#,
            r#"{"edges":[{"from":"b"}]}"#, r#"{"levels":["a"]}"#];
        RunState [r#"{"run":"r","status":"running","started":"2025-01-18T10:30:00+01:00","seq":7,"unit_count":1,
            "units":{"a":{"order":1,"level":2,"status":"complete","completed_tasks":1,"current_task":-1,
            "tasks":{"1":{"name":"t","status":"retrying","attempt":2,"error":"e"},"-2":{}}}},
            "prs":{"5":{"status":"merged","updated":"2025-01-18T10:30:00Z"}},
            "loss":{"count":1,"ranges":[{"from":1,"to":2,"count":1,"bytes":0,"reason":"overflow"}]},
            "summaries":[{"from":1,"to":3}],"misshapen":1,"error":"bad",
            "usage":{"input_tokens":5,"output_tokens":null,"cost_usd":0.25,"cache_read_input_tokens":3},
            "diffs":{"":{"a/b":{"task":1,"status":"renamed","old_file":"c","additions":1,"deletions":2,
            "binary":false,"truncated":true,"updated":"2025-01-18T10:30:00Z","seq":4}},"u":{}},
            "diffs_omitted":2}"#,
            r#"{"run":"r","started":"yesterday"}"#, r#"{"run":"r","units":{"a":{"tasks":{"01":{}}}}}"#,
            r#"{"run":"r","loss":{"ranges":[{"from":1}]}}"#, r#"{"run":"r","units":null,"prs":null}"#];
        UsageTotal [r#"{"input_tokens":1,"output_tokens":2,"cost_usd":1.5e-3}"#, r#"{"cost_usd":"1"}"#,
            r#"{"cost_usd":-0}"#, r#"{"cost_usd":12}"#, r#"{"input_tokens":-1}"#];
        OrchSnapshot [r#"{"through":7,"state":{"run":"r"},"part":1,"parts":2}"#, r#"{"through":7}"#];
        HubSnapshot [r#"{"run":"r","cursor":"c","state":{"run":"r"},"part":1,"parts":2}"#, r#"{"run":"r"}"#];
        EventFilter [r#"{"types":["a.*"],"units":[],"q":"x"}"#, r#"{"types":"a.*"}"#];
    }
}

#[test]
fn a_number_is_the_double_that_the_standard_library_reads() {
    for text in [
        "0",
        "-0",
        "0.1",
        "1e23",
        "9007199254740993",
        "2.2250738585072011e-308",
        "5e-324",
        "1e-999",
        "1.7976931348623157e308",
    ] {
        let ours: f64 = read_ours(text).unwrap();
        assert_eq!(ours.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
        assert_eq!(ours.to_bits(), read::<f64>(text).unwrap().to_bits(), "{text}");
    }
    // Only text that the scanner refuses would be read as infinite.
    assert!(read_ours::<f64>("1e999").is_err());
}

#[test]
fn every_name_of_an_enum_is_read() {
    fn names_agree<T: Read + DeserializeOwned + schemars::JsonSchema + PartialEq + fmt::Debug>() {
        let schema = schemars::schema_for!(T);
        let variants = schema.get("oneOf").and_then(Value::as_array).unwrap();
        assert!(variants.len() > 3, "{schema:?}");
        for variant in variants {
            let name = variant["const"].to_string();
            assert_eq!(read_ours::<T>(&name), Ok(serde_json::from_str(&name).unwrap()), "{name}");
        }
        assert!(read_ours::<T>("\"napping\"").is_err());
    }
    names_agree::<crate::RunStatus>();
    names_agree::<crate::UnitStatus>();
    names_agree::<crate::TaskStatus>();
}

#[test]
fn the_fold_takes_null_for_absent() {
    let lost: crate::LostRange = read_ours(r#"{"from":null,"to":3,"to":null,"reason":null}"#).unwrap();
    assert_eq!((lost.from, lost.to, lost.reason.as_str()), (0, 0, ""));
    assert!(read_ours::<crate::HubCursor>(r#"{"cursor":null}"#).is_ok_and(|cursor| cursor.cursor.is_empty()));
    assert!(read_ours::<crate::HubEnd>(r#"{"run":null,"status":"failed"}"#).is_err());
}
