//! What is written is read back as it was, and written again it is the same bytes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeMap;

use choo_protocol::{
    Event, GraphPayload, Json, Limits, Line, LogPayload, MAX_INTEGER, OrchStarted, Payload, PrPayload, RunId,
    TaskPayload, TaskProgress, Timestamp, UnitStarted, WireEvent, kind,
};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;
use serde_json::value::RawValue;

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 30, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map(any::<String>(), inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Any instant that the wire can write, with any offset.
fn any_time() -> impl Strategy<Value = Timestamp> {
    let nanos =
        prop_oneof![Just(0), 0..1_000_000_000_u32, (0..1000_u32).prop_map(|millis| millis * 1_000_000)];
    (
        "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]",
        nanos,
        "[+-]([01][0-9]|2[0-3]):[0-5][0-9]",
    )
        .prop_map(|(date, nanos, offset)| format!("{date}.{nanos:09}{offset}").parse().unwrap())
}

fn any_graph() -> impl Strategy<Value = GraphPayload> {
    vec(any::<String>(), 0..6).prop_map(|mut ids| {
        ids.sort();
        ids.dedup();
        // Each depends on the one before it.
        let before = |i: usize| i.checked_sub(1).map(|i| ids[i].clone()).into_iter().collect();
        GraphPayload::build(ids.iter().enumerate().map(|(i, id)| (id.clone(), before(i)))).unwrap()
    })
}

fn any_payload() -> impl Strategy<Value = Payload> {
    let count = || option::of(any::<u32>());
    let text = || option::of(any::<String>());
    prop_oneof![
        any_json().prop_map(|value| Payload::json(&value).unwrap()),
        any_json().prop_map(|value| {
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            Payload::from_raw(RawValue::from_string(pretty).unwrap()).unwrap()
        }),
        (any::<u32>(), any::<u32>(), option::of(any_graph())).prop_map(|(unit_count, parallelism, graph)| {
            OrchStarted { unit_count, parallelism, graph }.into()
        }),
        any_graph().prop_map(Payload::from),
        (count(), count()).prop_map(|(total_tasks, completed_tasks)| UnitStarted {
            total_tasks,
            completed_tasks
        }
        .into()),
        (text(), count(), text()).prop_map(|(name, attempt, command)| TaskPayload {
            name,
            attempt,
            command,
            title: None
        }
        .into()),
        (0..MAX_INTEGER.unsigned_abs(), text()).prop_map(|(done, message)| TaskProgress {
            done,
            total: None,
            message
        }
        .into()),
        (text(), text(), text()).prop_map(|(url, title, branch)| PrPayload {
            url,
            title,
            branch,
            target: None
        }
        .into()),
        (any::<String>(), 0..MAX_INTEGER.unsigned_abs())
            .prop_map(|(content, n)| LogPayload { content, n }.into()),
    ]
}

fn any_event() -> impl Strategy<Value = Event> {
    let kind =
        prop_oneof![prop::sample::select(kind::ALL.to_vec()).prop_map(str::to_owned), "[!-~ä🦀]{1,30}"];
    let extra = btree_map("x_[^A-Z]{0,5}", any_json(), 0..3);
    let envelope =
        (kind, option::of(any_time()), any::<String>(), option::of(any::<u32>()), option::of(any::<u32>()));
    (envelope, option::of(any_payload()), any::<String>(), extra).prop_filter_map(
        "a type that only choo sends, or one that needs a unit",
        |(envelope, payload, error, extra)| {
            let (kind, time, unit, task, pr) = envelope;
            let fits = payload.as_ref().is_none_or(|payload| payload.fits(&kind));
            let kind = if fits { kind } else { "x.acme.any".to_owned() };
            let event = if unit.is_empty() { Event::new(kind) } else { Event::of_unit(kind, unit) };
            let mut event = event.ok()?.error(error);
            event = if let Some(time) = time { event.at(time) } else { event };
            event = if let Some(task) = task { event.task(task) } else { event };
            event = if let Some(pr) = pr { event.pr(pr) } else { event };
            event = if let Some(payload) = payload { event.payload(payload) } else { event };
            Some(
                extra
                    .into_iter()
                    .fold(event, |event, (key, value)| event.extra(key, Json::of(&value).unwrap()).unwrap()),
            )
        },
    )
}

const TOKENS: &[&str] = &[
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    "1",
    "-0",
    "1e999",
    "-1e308",
    "\"a\"",
    "\"\\ud800\"",
    "\"\\ud83e\\udd80\"",
    "\"\\u0000\"",
    " ",
    "\n",
    "\r\n",
    "null",
    "true",
    "[]",
    "{\"a\":1}",
    "\"\u{2028}\"",
];

fn parse(bytes: &[u8]) -> Line<'_> {
    Line::parse(bytes.strip_suffix(b"\n").unwrap(), &Limits::default()).unwrap()
}

/// The payload as text without white space, and without a `null`, which is read as none.
fn payload(event: &Event) -> Option<String> {
    let mut bytes = Vec::new();
    let payload = event.payload.clone()?;
    Event::new("x").unwrap().payload(payload).encode_seed(Timestamp::from_unix_nanos(0), &mut bytes);
    let line: Value = serde_json::from_slice(&bytes).unwrap();
    Some(line["payload"].to_string()).filter(|json| json != "null")
}

/// JSON as another program may write it: white space, escapes that need not be.
fn any_text() -> impl Strategy<Value = String> {
    (any_json(), any::<bool>(), any::<bool>()).prop_map(|(value, spaced, escaped)| {
        let mut text = value.to_string();
        if escaped {
            text = text.replace('z', "\\u007a").replace('/', "\\/");
        }
        if spaced { text.replace("\":", "\": ") } else { text }
    })
}

/// Members that the typed payloads know, with values of any kind, and some that they do not know.
fn later_payload() -> impl Strategy<Value = String> {
    let known =
        ["status", "nodes", "graph", "levels", "total_tasks", "n", "content", "cmd", "file", "x_new", "id"];
    let value =
        prop_oneof![any_text(), Just("\"exploded\"".to_owned()), Just("[{\"status\":\"new\"}]".to_owned())];
    btree_map(prop::sample::select(known.to_vec()), value, 0..5).prop_map(|members| {
        let members: Vec<String> = members.iter().map(|(key, value)| format!("\"{key}\": {value}")).collect();
        format!("{{{}}}", members.join(", "))
    })
}

/// The line of a later version, with its payload and its unknown members: types, members and values of
/// sets that we do not know, in any order.
fn later_line() -> impl Strategy<Value = (String, Option<String>, Vec<(String, String)>)> {
    let kind = prop_oneof![
        prop::sample::select(kind::ALL.to_vec()).prop_map(str::to_owned),
        "(unit|task|orch|x\\.acme|feature2)\\.[a-z_]{1,12}(\\.[a-z]{1,8})?",
    ];
    let payload = option::of(prop_oneof![any_text(), later_payload()]);
    let unknown = btree_map("y_[^\\pCA-Z\"\\\\]{0,6}", any_text(), 0..4);
    (kind, payload, unknown, any::<bool>()).prop_flat_map(|(kind, payload, unknown, alias)| {
        let payload = payload.filter(|payload| payload != "null");
        let mut members =
            vec![format!("\"type\":\"{kind}\""), "\"seq\" : 7".to_owned(), "\"run\":\"r\"".to_owned()];
        let key = if alias { "data" } else { "payload" };
        members.extend(payload.iter().map(|payload| format!("\"{key}\":{payload}")));
        members.extend(unknown.iter().map(|(key, value)| format!("\"{key}\":{value}")));
        let unknown: Vec<_> = unknown.into_iter().collect();
        Just(members).prop_shuffle().prop_map(move |members| {
            (format!("{{{}}}", members.join(" ,")), payload.clone(), unknown.clone())
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn what_a_later_version_adds_survives_unchanged((text, payload, unknown) in later_line()) {
        let line = Line::parse(text.as_bytes(), &Limits::default()).unwrap();
        prop_assert_eq!(line.payload_json(), payload.as_deref());
        let extra = |line: &Line<'_>| -> BTreeMap<String, String> {
            line.extra().map(|(key, json)| (key.to_owned(), json.to_owned())).collect()
        };
        let unknown: BTreeMap<String, String> = unknown.into_iter().collect();
        prop_assert_eq!(extra(&line), unknown.clone());

        let run: RunId = line.run.as_deref().unwrap().parse().unwrap();
        let mut bytes = Vec::new();
        Event::from_line(&line).encode(Some(&run), line.seq, Timestamp::from_unix_nanos(0), &mut bytes);
        let again = parse(&bytes);
        prop_assert_eq!((&again.kind, again.seq, again.run.as_deref()), (&line.kind, line.seq, line.run.as_deref()));
        prop_assert_eq!(again.payload_json(), payload.as_deref());
        prop_assert_eq!(extra(&again), unknown);

        // And through the type that the schema describes, as values.
        let event = WireEvent::from(&line);
        let through: WireEvent = serde_json::from_str(&serde_json::to_string(&event).unwrap()).unwrap();
        prop_assert_eq!(through, event);
    }

    #[test]
    fn an_event_written_is_read_as_it_was(
        event in any_event(),
        run in option::of("[A-Za-z0-9._-]{1,64}"),
        seq in option::of(1..=MAX_INTEGER.unsigned_abs()),
        now in any_time(),
    ) {
        let run: Option<RunId> = run.map(|run| run.parse().unwrap());
        let mut bytes = Vec::new();
        event.encode(run.as_ref(), seq, now, &mut bytes);
        let line = parse(&bytes);
        prop_assert_eq!(&line.kind, &event.kind);
        prop_assert_eq!(line.time.map(|time| time.to_string()), Some(event.time.unwrap_or(now).to_string()));
        prop_assert_eq!((&*line.unit, &*line.error), (&*event.unit, &*event.error));
        prop_assert_eq!((line.task, line.pr, line.seq), (event.task, event.pr, seq));
        prop_assert_eq!(line.run.as_deref(), run.as_ref().map(RunId::as_str));
        let read = Event::from_line(&line);
        prop_assert_eq!(payload(&read), payload(&event));
        let extra = |event: &Event| -> Vec<(String, Value)> {
            let value = |json: &Json| serde_json::from_str(json.get()).unwrap();
            event.extra.iter().map(|(key, json)| (key.clone(), value(json))).collect()
        };
        prop_assert_eq!(extra(&read), extra(&event));

        let mut again = Vec::new();
        read.encode(run.as_ref(), seq, now, &mut again);
        if event.payload.is_none() || line.payload_json().is_some() {
            prop_assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(bytes).unwrap());
        }
    }

    /// Also for JSON that serde takes and others do not.
    #[test]
    fn what_can_be_a_payload_makes_a_line(
        tokens in vec(prop::sample::select(TOKENS.to_vec()), 1..8),
        depth in prop_oneof![Just(0), 55..70_usize],
    ) {
        let text = "[".repeat(depth) + &tokens.concat() + &"]".repeat(depth);
        let Ok(json) = Json::parse(&text) else { return Ok(()) };
        let event = Event::vendor("acme", "any").unwrap().payload(json.clone()).extra("more", json).unwrap();
        let mut line = Vec::new();
        event.encode(None, None, Timestamp::from_unix_nanos(0), &mut line);
        parse(&line);
    }

    #[test]
    fn both_wires_say_the_same(event in any_event(), now in any_time()) {
        let (mut ours, mut seed) = (Vec::new(), Vec::new());
        event.encode(None, None, now, &mut ours);
        event.encode_seed(now, &mut seed);
        let value = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).unwrap();
        let mut ours = value(&ours);
        for (key, _) in &event.extra {
            ours.as_object_mut().unwrap().remove(key);
        }
        prop_assert_eq!(value(&seed), ours);
        prop_assert!(!seed[..seed.len() - 1].contains(&b'\n'));
        let line = parse(&seed);
        prop_assert!(line.extra().next().is_none() && line.run.is_none() && line.seq.is_none());
        // Its own output is what it writes again.
        let mut again = Vec::new();
        Event::from_line(&line).encode_seed(now, &mut again);
        if line.payload_json().is_some() || event.payload.is_none() {
            prop_assert_eq!(String::from_utf8(again).unwrap(), String::from_utf8(seed).unwrap());
        }
    }

    #[test]
    fn a_number_is_read_back_as_it_was(n in any::<f64>().prop_filter("finite", |n| n.is_finite()), m in any::<f32>().prop_filter("finite", |n| n.is_finite())) {
        let mut bytes = Vec::new();
        let payload = Payload::json(&(n, m)).unwrap();
        Event::new("x").unwrap().payload(payload).encode(None, None, Timestamp::from_unix_nanos(0), &mut bytes);
        let (wide, narrow): (f64, f32) = parse(&bytes).payload().unwrap().unwrap();
        prop_assert_eq!((wide.to_bits(), narrow.to_bits()), (n.to_bits(), m.to_bits()));
    }

    #[test]
    fn a_time_is_read_back_as_it_was(time in any_time(), nanos in any::<i128>()) {
        for time in [time, Timestamp::from_unix_nanos(nanos), Timestamp::from_unix_nanos(nanos >> 57)] {
            let read: Timestamp = time.to_string().parse().unwrap();
            prop_assert_eq!((read.unix_nanos(), read.to_string()), (time.unix_nanos(), time.to_string()));
        }
    }
}
