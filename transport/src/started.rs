//! The graph inside `orch.started`.

use choo_protocol::{Event, GraphPayload, Limits, Line, OrchStarted, Payload, RunId, kind};
use serde_json::{Map, Value};

use crate::wire::Wire;

/// What the program told the pusher of its run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Graph {
    pub(crate) graph: GraphPayload,
    pub(crate) parallelism: u32,
}

/// The `orch.started` line with the graph in it, or `None` if the line is to stay as it is: it has a
/// graph already, its payload is no object, or it would become longer than any reader takes.
///
/// Works on the encoded line, so the event that other handlers hold is never touched.
pub(crate) fn enrich(
    line: &[u8],
    graph: &Graph,
    (run, seq): (&RunId, u64),
    wire: Wire,
    limits: &Limits,
) -> Option<Vec<u8>> {
    let line = Line::parse(line.strip_suffix(b"\n").unwrap_or(line), limits).ok()?;
    let mut payload: Map<String, Value> = match line.payload() {
        Some(payload) => payload.ok()?,
        None => Map::new(),
    };
    let known = payload.get("graph").and_then(|graph| graph.get("nodes")).and_then(Value::as_array);
    if known.is_some_and(|nodes| !nodes.is_empty()) {
        return None;
    }
    let said = |key: &str| payload.get(key).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok());
    let units = u32::try_from(graph.graph.nodes.len()).unwrap_or(u32::MAX);
    let started = OrchStarted {
        unit_count: said("unit_count").filter(|n| *n > 0).unwrap_or(units),
        parallelism: said("parallelism").filter(|n| *n > 0).unwrap_or(graph.parallelism),
        graph: Some(graph.graph.clone()),
    };
    for key in ["unit_count", "parallelism", "graph"] {
        payload.remove(key);
    }
    let enriched = if payload.is_empty() {
        Payload::from(started)
    } else {
        // What else the program said of its run is kept.
        let Ok(Value::Object(own)) = serde_json::to_value(started) else { return None };
        payload.extend(own);
        Payload::json(&payload).ok()?
    };
    let mut out = Vec::new();
    wire.encode(&Event::from_line(&line).payload(enriched), run, seq, line.time?, &mut out);
    (out.len() <= limits.of(kind::ORCH_STARTED)).then_some(out)
}

#[cfg(test)]
mod tests {
    use choo_protocol::Timestamp;
    use serde_json::json;

    use super::*;

    fn graph() -> Graph {
        let graph = GraphPayload::build([("setup", vec![]), ("app", vec!["setup"])]).unwrap();
        Graph { graph, parallelism: 2 }
    }

    fn enriched(event: &Event, limits: &Limits) -> Option<Value> {
        let run: RunId = "r".parse().unwrap();
        let mut line = Vec::new();
        event.encode(Some(&run), Some(3), Timestamp::from_unix_nanos(0), &mut line);
        let line = enrich(&line, &graph(), (&run, 3), Wire::Full, limits)?;
        let value: Value = serde_json::from_slice(&line).unwrap();
        assert_eq!((&value["run"], &value["seq"]), (&json!("r"), &json!(3)));
        Some(value["payload"].clone())
    }

    #[test]
    fn s0_49_the_graph_and_its_numbers_are_filled_in() {
        for event in [Event::new(kind::ORCH_STARTED).unwrap(), Event::orch_started(OrchStarted::default())] {
            let payload = enriched(&event, &Limits::default()).unwrap();
            assert_eq!((&payload["unit_count"], &payload["parallelism"]), (&json!(2), &json!(2)));
            assert_eq!(payload["graph"]["levels"], json!([["setup"], ["app"]]));
        }
    }

    #[test]
    fn s0_b18_what_the_program_said_itself_comes_first() {
        let said = OrchStarted { unit_count: 7, parallelism: 5, graph: None };
        let payload = enriched(&Event::orch_started(said), &Limits::default()).unwrap();
        assert_eq!((&payload["unit_count"], &payload["parallelism"]), (&json!(7), &json!(5)));
        let own = OrchStarted { graph: Some(graph().graph), ..OrchStarted::default() };
        assert_eq!(enriched(&Event::orch_started(own), &Limits::default()), None);
    }

    #[test]
    fn s0_b19_any_object_is_enriched_and_keeps_its_members() {
        let payload = Payload::json(&json!({"plan": "nightly", "graph": null, "parallelism": 4})).unwrap();
        let event = Event::new(kind::ORCH_STARTED).unwrap().payload(payload);
        let payload = enriched(&event, &Limits::default()).unwrap();
        assert_eq!((&payload["plan"], &payload["parallelism"]), (&json!("nightly"), &json!(4)));
        assert_eq!(payload["graph"]["edges"], json!([{"from": "setup", "to": "app"}]));
        let text = Event::new(kind::ORCH_STARTED).unwrap().payload(Payload::json("text").unwrap());
        assert_eq!(enriched(&text, &Limits::default()), None);
    }

    #[test]
    fn a_graph_too_large_for_any_reader_is_left_out() {
        let mut limits = Limits::default();
        limits.graph_line = 200;
        assert_eq!(enriched(&Event::new(kind::ORCH_STARTED).unwrap(), &limits), None);
    }
}
