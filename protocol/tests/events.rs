//! One line of every event type (`tests/vectors/events.ndjson`), read as its payload and written again.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::PathBuf;

use choo_protocol::{
    AgentDone, AgentInvoke, BranchPushed, CmdAccepted, CmdDone, CmdRejected, CmdRequest, CodeReview,
    CodeReviewFix, CodeReviewIssues, CodeReviewPassed, Commit, DiffFile, DiffRemoved, Event, Feature,
    FeatureReview, FeatureSpecs, FeatureTasks, GraphPayload, HubBye, HubCursor, HubEnd, HubError, HubGap,
    HubHello, HubSnapshot, Intervention, Limits, Line, LinkAck, LinkBye, LinkHello, LinkLost, LinkPing,
    LinkPong, LinkWelcome, LogPayload, OrchSnapshot, OrchStarted, PrConflict, PrFeedback, PrMerged,
    PrPayload, PrQueued, PrReview, Prd, PrdDrift, Subscribe, TaskPayload, TaskProgress, TaskRecord,
    TaskRetry, Timestamp, TypedPayload, UnitBlocked, UnitMerged, UnitStarted, Unsubscribe, Usage, Validation,
    Worktree, kind,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

fn parse(line: &str) -> Line<'_> {
    Line::parse(line.as_bytes(), &Limits::default()).unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// The lines by their event type.
fn samples() -> BTreeMap<String, String> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors/events.ndjson");
    let text = std::fs::read_to_string(&path).unwrap();
    let samples: BTreeMap<_, _> =
        text.lines().map(|line| (parse(line).kind.into_owned(), line.to_owned())).collect();
    assert_eq!(samples.len(), text.lines().count(), "a type has one line");
    samples
}

fn with_payload(line: &str, payload: &str) -> String {
    let old = parse(line).payload_json().unwrap().to_owned();
    line.replacen(&old, payload, 1)
}

fn value<T: Serialize>(payload: &T) -> Value {
    serde_json::to_value(payload).unwrap()
}

/// What must hold for each payload. A state takes on members more freely than others.
fn check<P>(samples: &BTreeMap<String, String>, has_state: bool)
where
    P: TypedPayload + Serialize + DeserializeOwned + PartialEq + Debug,
{
    for kind in P::KINDS {
        let line = &samples[*kind];
        let text = parse(line).payload_json().unwrap().to_owned();
        let read: P = parse(line).payload().unwrap().unwrap_or_else(|error| panic!("{line}: {error}"));

        // Nothing of the sample is overlooked.
        let sample: Value = serde_json::from_str(&text).unwrap();
        assert!(has_state || value(&read) == sample, "{kind}: {} of {sample}", value(&read));

        // An older reader leaves aside what it does not know.
        let newer = format!("{{\"zz_new\":[{{\"a\":null}}],{}", &text[1..]);
        let newer = with_payload(line, &newer);
        let again: P = parse(&newer).payload().unwrap().unwrap_or_else(|error| panic!("{newer}: {error}"));
        assert!(has_state || again == read, "{newer}");

        // And the line goes on with every byte it had.
        let (parsed, mut written) = (parse(&newer), Vec::new());
        let (run, time) = (parsed.run.as_deref().map(|run| run.parse().unwrap()), parsed.time.unwrap());
        Event::from_line(&parsed).encode(run.as_ref(), parsed.seq, time, &mut written);
        assert_eq!(String::from_utf8(written).unwrap(), newer.clone() + "\n");
    }
}

#[test]
fn every_type_has_a_sample_that_is_read_whole_and_goes_on_unchanged() {
    let samples = samples();
    let types: Vec<&str> = samples.keys().map(String::as_str).collect();
    let mut known = kind::ALL.to_vec();
    known.sort_unstable();
    assert_eq!(types, known);
    macro_rules! check_all {
        ($($type:ident)*) => { $(check::<$type>(&samples, false);)* };
    }
    check_all! {
        OrchStarted Intervention GraphPayload UnitStarted UnitMerged UnitBlocked TaskPayload AgentInvoke AgentDone Validation Commit TaskRetry TaskProgress Usage TaskRecord PrPayload PrReview PrFeedback PrQueued PrConflict PrMerged Worktree BranchPushed Feature FeatureSpecs FeatureReview FeatureTasks CodeReview CodeReviewPassed CodeReviewIssues CodeReviewFix Prd PrdDrift LogPayload DiffFile DiffRemoved CmdRequest CmdAccepted CmdRejected CmdDone LinkHello LinkWelcome LinkAck LinkPing LinkPong LinkLost LinkBye HubHello HubGap HubCursor HubEnd HubError HubBye Subscribe Unsubscribe
    }
    check::<OrchSnapshot>(&samples, true);
    check::<HubSnapshot>(&samples, true);
}

#[test]
fn a_sample_is_written_as_it_stands() {
    for line in samples().values() {
        let (parsed, mut written) = (parse(line), Vec::new());
        let run = parsed.run.as_deref().map(|run| run.parse().unwrap());
        Event::from_line(&parsed).encode(
            run.as_ref(),
            parsed.seq,
            Timestamp::from_unix_nanos(0),
            &mut written,
        );
        assert_eq!(String::from_utf8(written).unwrap(), line.clone() + "\n");
    }
}

#[test]
fn a_name_that_is_not_known_stays_as_it_is() {
    for (kind, member) in [
        (kind::DIFF_FILE, "status"),
        (kind::PR_MERGED, "method"),
        (kind::FEATURE_SPECS_REVIEWED, "verdict"),
        (kind::CMD_REQUEST, "cmd"),
        (kind::CMD_REJECTED, "reason"),
    ] {
        let line = &samples()[kind];
        let mut payload: Value = serde_json::from_str(parse(line).payload_json().unwrap()).unwrap();
        payload[member] = "of-2031 \u{e9}".into();
        let newer = with_payload(line, &payload.to_string());
        let again = match kind {
            kind::DIFF_FILE => value(&parse(&newer).payload::<DiffFile>().unwrap().unwrap()),
            kind::PR_MERGED => value(&parse(&newer).payload::<PrMerged>().unwrap().unwrap()),
            kind::CMD_REQUEST => value(&parse(&newer).payload::<CmdRequest>().unwrap().unwrap()),
            kind::CMD_REJECTED => value(&parse(&newer).payload::<CmdRejected>().unwrap().unwrap()),
            _ => value(&parse(&newer).payload::<FeatureReview>().unwrap().unwrap()),
        };
        assert_eq!(again, payload, "{kind}");
    }
}

#[test]
fn null_and_absence_mean_the_default() {
    fn empty<P: TypedPayload + DeserializeOwned + Default + PartialEq + Debug>(
        samples: &BTreeMap<String, String>,
    ) {
        for kind in P::KINDS {
            let payload: Value =
                serde_json::from_str(parse(&samples[*kind]).payload_json().unwrap()).unwrap();
            let nulls: serde_json::Map<_, _> =
                payload.as_object().unwrap().keys().map(|key| (key.clone(), Value::Null)).collect();
            for payload in [Value::Object(nulls).to_string(), "{}".to_owned()] {
                let line = with_payload(&samples[*kind], &payload);
                assert_eq!(parse(&line).payload::<P>().unwrap().unwrap(), P::default(), "{line}");
            }
        }
    }
    let samples = samples();
    macro_rules! empty_all {
        ($($type:ident)*) => { $(empty::<$type>(&samples);)* };
    }
    empty_all! {
        LinkLost LinkBye HubHello HubGap HubError HubBye OrchStarted Intervention GraphPayload UnitStarted UnitMerged UnitBlocked TaskPayload AgentInvoke AgentDone Validation Commit TaskRetry TaskProgress Usage TaskRecord PrPayload PrReview PrFeedback PrQueued PrConflict PrMerged Worktree BranchPushed Feature FeatureSpecs FeatureReview FeatureTasks CodeReview CodeReviewPassed CodeReviewIssues CodeReviewFix Prd PrdDrift LogPayload DiffFile DiffRemoved CmdAccepted CmdDone LinkWelcome LinkPing LinkPong
    }
}
