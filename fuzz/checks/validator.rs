//! What the validator lets in is JSON with the meaning that it says, and stays so whatever is done to it.

use std::fmt::Debug;

use choo_protocol::{
    Event, Fill, GraphPayload, Limits, Line, LinkLost, LogPayload, OrchSnapshot, OrchStarted, PrPayload,
    RunId, TaskPayload, TaskProgress, TaskRecord, Timestamp, UnitStarted, WireEvent,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Panics on a fault.
pub fn check(data: &[u8]) {
    let limits = Limits::default();
    let line = match Line::parse(data, &limits) {
        Ok(line) => line,
        Err(error) => {
            assert!(error.offset <= data.len() && !error.to_string().is_empty());
            assert_eq!(Line::parse(data, &limits).unwrap_err(), error);
            return;
        }
    };
    let event = WireEvent::from(&line);
    let again = Line::parse(data, &limits).expect("what was a line is one");
    assert_eq!(WireEvent::from(&again), event);
    assert!(!line.bytes().iter().any(|byte| matches!(byte, b'\n' | b'\r')));
    compare(&line, &serde_json::from_slice(data).expect("a line is JSON"));
    rewrite(&line, &event);
    typed::<OrchStarted>(&line);
    typed::<GraphPayload>(&line);
    typed::<UnitStarted>(&line);
    typed::<TaskPayload>(&line);
    typed::<TaskProgress>(&line);
    typed::<TaskRecord>(&line);
    typed::<PrPayload>(&line);
    typed::<LogPayload>(&line);
    typed::<LinkLost>(&line);
    typed::<OrchSnapshot>(&line);
    typed::<Value>(&line);
}

/// The envelope, as another reader sees it.
fn compare(line: &Line<'_>, value: &Value) {
    let text = |key: &str| value[key].as_str().unwrap_or_default();
    assert_eq!(text("type"), line.kind);
    assert_eq!(text("unit"), line.unit);
    assert_eq!(text("error"), line.error);
    assert_eq!(value["run"].as_str(), line.run.as_deref());
    let integer = |key: &str| {
        let number = &value[key];
        // serde_json takes -0 for a fraction.
        number.as_i64().or(number.as_f64().filter(|n| *n == 0.0).map(|_| 0))
    };
    assert_eq!(integer("task"), line.task);
    assert_eq!(integer("pr"), line.pr);
    assert_eq!(value["seq"].as_u64(), line.seq);
    let time = value.get("time").or(value.get("timestamp")).and_then(Value::as_str);
    assert_eq!(time.map(|text| text.parse::<Timestamp>().expect("a time")), line.time);
    let payload = value.get("payload").or(value.get("data")).filter(|payload| !payload.is_null());
    assert_eq!(payload, line.payload_json().map(|json| serde_json::from_str(json).expect("JSON")).as_ref());
    for (key, json) in line.extra() {
        assert_eq!(value[key], serde_json::from_str::<Value>(json).expect("JSON"));
    }
}

/// Everything that writes a line writes one that means the same.
fn rewrite(line: &Line<'_>, event: &WireEvent) {
    let mut limits = Limits::default();
    // Escapes may make it six times as long, and a time longer.
    limits.line = limits.line * 6 + 100;
    let parse =
        |bytes: &[u8]| WireEvent::from(&Line::parse(bytes, &limits).expect("what we write is a line"));
    assert_eq!(parse(line.canonical().as_bytes()), *event);

    let time = Timestamp::from_unix_nanos(1);
    let run: RunId = "r".parse().expect("a run id");
    let mut written = Vec::new();
    Event::from_line(line).encode(event.run.as_ref(), event.seq, time, &mut written);
    let timed = WireEvent { time: Some(event.time.unwrap_or(time)), ..event.clone() };
    assert_eq!(parse(&written[..written.len() - 1]), timed);

    let mut completed = Vec::new();
    line.complete(&Fill { run: Some(&run), seq: Some(7), time: Some(time) }, &mut completed);
    let filled = WireEvent { run: Some(event.run.clone().unwrap_or(run)), seq: Some(7), ..timed.clone() };
    assert_eq!(parse(&completed), filled);

    let mut seed = Vec::new();
    Event::from_line(line).encode_seed(time, &mut seed);
    let bare = WireEvent { run: None, seq: None, extra: serde_json::Map::new(), ..timed };
    assert_eq!(parse(&seed[..seed.len() - 1]), bare);
}

/// What our reader reads as a type, the usual one does too once the last of equal keys has won.
fn typed<T: DeserializeOwned + PartialEq + Debug>(line: &Line<'_>) {
    let Some(Ok(ours)) = line.payload::<T>() else { return };
    let value: Value = serde_json::from_str(line.payload_json().expect("a payload")).expect("JSON");
    assert_eq!(serde_json::from_value::<T>(value).expect("a payload of the type"), ours);
}
