//! What the validator lets in is JSON with the meaning that it says, and stays so whatever is done to it.

use std::fmt::Debug;

use choo_protocol::{
    AgentDone, AgentInvoke, BranchPushed, CmdAccepted, CmdDone, CmdRejected, CmdRequest, CodeReview,
    CodeReviewFix, CodeReviewIssues, CodeReviewPassed, Commit, DiffFile, DiffRemoved, Event, Feature,
    FeatureReview, FeatureSpecs, FeatureTasks, Fill, GraphPayload, HubBye, HubCursor, HubEnd, HubError,
    HubGap, HubHello, HubSnapshot, Intervention, Limits, Line, LinkAck, LinkBye, LinkHello, LinkLost,
    LinkPing, LinkPong, LinkWelcome, LogPayload, OrchSnapshot, OrchStarted, PrConflict, PrFeedback, PrMerged,
    PrPayload, PrQueued, PrReview, Prd, PrdDrift, RunId, TaskPayload, TaskProgress, TaskRecord, TaskRetry,
    Timestamp, TypedPayload, UnitBlocked, UnitMerged, UnitStarted, Usage, Validation, WireEvent, Worktree,
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
    every_type(&line);
    // The largest of all, of whatever type the line is.
    typed::<GraphPayload>(&line);
    typed::<Value>(&line);
}

/// As the payload that its type has.
fn every_type(line: &Line<'_>) {
    own::<OrchStarted>(line);
    own::<OrchSnapshot>(line);
    own::<Intervention>(line);
    own::<GraphPayload>(line);
    own::<UnitStarted>(line);
    own::<UnitMerged>(line);
    own::<UnitBlocked>(line);
    own::<TaskPayload>(line);
    own::<AgentInvoke>(line);
    own::<AgentDone>(line);
    own::<Validation>(line);
    own::<Commit>(line);
    own::<TaskRetry>(line);
    own::<TaskProgress>(line);
    own::<Usage>(line);
    own::<TaskRecord>(line);
    own::<PrPayload>(line);
    own::<PrReview>(line);
    own::<PrFeedback>(line);
    own::<PrQueued>(line);
    own::<PrConflict>(line);
    own::<PrMerged>(line);
    own::<Worktree>(line);
    own::<BranchPushed>(line);
    own::<Feature>(line);
    own::<FeatureSpecs>(line);
    own::<FeatureReview>(line);
    own::<FeatureTasks>(line);
    own::<CodeReview>(line);
    own::<CodeReviewPassed>(line);
    own::<CodeReviewIssues>(line);
    own::<CodeReviewFix>(line);
    own::<Prd>(line);
    own::<PrdDrift>(line);
    own::<LogPayload>(line);
    own::<DiffFile>(line);
    own::<DiffRemoved>(line);
    own::<CmdRequest>(line);
    own::<CmdAccepted>(line);
    own::<CmdRejected>(line);
    own::<CmdDone>(line);
    own::<LinkHello>(line);
    own::<LinkWelcome>(line);
    own::<LinkAck>(line);
    own::<LinkPing>(line);
    own::<LinkPong>(line);
    own::<LinkLost>(line);
    own::<LinkBye>(line);
    own::<HubHello>(line);
    own::<HubSnapshot>(line);
    own::<HubGap>(line);
    own::<HubCursor>(line);
    own::<HubEnd>(line);
    own::<HubError>(line);
    own::<HubBye>(line);
}

fn own<T: TypedPayload + DeserializeOwned + PartialEq + Debug>(line: &Line<'_>) {
    if T::KINDS.contains(&&*line.kind) {
        typed::<T>(line);
    }
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
