//! Any lines, in any order, fold to a state that is consistent and survives the wire.

use choo_protocol::{
    EventFilter, Frame, GraphLayout, GraphPayload, Limits, Line, LineDecoder, RunState, RunStore, Spacing,
    Timestamp, kind, snapshot_line,
};

/// Panics on a fault.
pub fn check(data: &[u8]) {
    let limits = Limits::default();
    let mut state = RunState::new("r".parse().expect("a run id"));
    let mut decoder = LineDecoder::new(limits);
    decoder.feed(data, |frame| {
        let Frame::Line(bytes) = frame else { return };
        let Ok(line) = Line::parse(bytes, &limits) else { return };
        state.apply(&line);
        if let Some(Ok(graph)) = line.payload::<GraphPayload>() {
            GraphLayout::of(&graph, Spacing::default());
            GraphLayout::of(&graph.normalised(), Spacing::default());
        }
        // These two have no number of their own (SPEC §3).
        let numbered = line.seq.is_some() && line.kind != kind::LINK_LOST && line.kind != kind::ORCH_SNAPSHOT;
        if numbered {
            assert!(state.apply(&line).is_ignored(), "a numbered line counts once");
        }
    });
    consistent(&state);
    store(data, &state);
}

fn consistent(state: &RunState) {
    let json = serde_json::to_string(state).expect("a state has string keys");
    assert_eq!(serde_json::from_str::<RunState>(&json).expect("a state"), *state);
    for max_bytes in [1, 300, usize::MAX] {
        let mut parts =
            state.parts(max_bytes).into_iter().map(|part| serde_json::from_str::<RunState>(&part));
        let mut joined = parts.next().expect("a first part").expect("a state");
        parts.for_each(|part| joined.merge(part.expect("a state")));
        assert_eq!(joined, *state);
    }
    let graph = state.graph();
    assert_eq!(graph.nodes.len(), state.units.len());
    assert_eq!(graph.levels.iter().map(Vec::len).sum::<usize>(), state.units.len());
    let layout = GraphLayout::of(&graph, Spacing::default());
    assert_eq!(layout.nodes.len(), state.units.len());
}

/// A reader's store takes the same bytes in any cut, and a snapshot of the state.
fn store(data: &[u8], state: &RunState) {
    let line =
        snapshot_line(&state.run, "c", 1, 1, &state.parts(usize::MAX)[0], Timestamp::from_unix_nanos(0));
    let bytes = [data, b"\n", &line, b"\n"].concat();
    let mut whole = RunStore::new(1 << 16);
    whole.push(&bytes);
    let mut cut = RunStore::new(1 << 16);
    for chunk in bytes.chunks(7) {
        cut.push(chunk);
    }
    let runs: Vec<String> = whole.summaries().into_iter().map(|summary| summary.run.to_string()).collect();
    assert_eq!(runs, cut.summaries().into_iter().map(|summary| summary.run.to_string()).collect::<Vec<_>>());
    for run in &runs {
        assert_eq!(whole.state(run), cut.state(run));
        let filter = EventFilter::default();
        assert_eq!(
            whole.journal_mut().event_count(run, &filter),
            cut.journal_mut().event_count(run, &filter)
        );
        whole.layout(run);
    }
}
