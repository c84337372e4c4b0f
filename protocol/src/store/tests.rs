use super::*;
use crate::{EventFilter, LogStream, control_line, snapshot_line};

fn store() -> RunStore {
    RunStore::new(1 << 20)
}

fn push(store: &mut RunStore, line: &str) -> StoreChanges {
    store.push(line.as_bytes());
    store.push(b"\n");
    store.take_changes()
}

fn control<T: Serialize>(store: &mut RunStore, kind: &str, payload: &T) -> StoreChanges {
    let line = control_line(kind, Timestamp::from_unix_nanos(0), None, payload);
    push(store, std::str::from_utf8(&line).unwrap())
}

fn started(run: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"orch.started","time":"2025-01-18T10:30:00Z","payload":{{"unit_count":2,"graph":{{"nodes":[{{"id":"a","level":0}},{{"id":"b","level":1,"depends_on":["a"]}}],"edges":[{{"from":"a","to":"b"}}],"levels":[["a"],["b"]]}}}},"run":"{run}","seq":{seq}}}"#
    )
}

fn unit(kind: &str, id: &str, run: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"unit.{kind}","time":"2025-01-18T10:30:01Z","unit":"{id}","run":"{run}","seq":{seq}}}"#
    )
}

fn log(run: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"log.stdout","unit":"a","task":1,"payload":{{"content":"line {seq}","n":{seq}}},"run":"{run}","seq":{seq}}}"#
    )
}

/// The lines of a snapshot of `state` in parts as small as possible.
fn snapshot(state: &RunState, cursor: &str) -> Vec<String> {
    let parts = state.parts(1);
    (1..)
        .zip(&parts)
        .map(|(part, json)| {
            let time = Timestamp::from_unix_nanos(0);
            String::from_utf8(snapshot_line(&state.run, cursor, part, parts.len(), json, time)).unwrap()
        })
        .collect()
}

fn names(runs: &[RunId]) -> Vec<&str> {
    runs.iter().map(RunId::as_str).collect()
}

#[test]
fn changes_name_what_moved_and_nothing_else() {
    let mut store = store();
    let changes = push(&mut store, &started("r", 1));
    assert_eq!((names(&changes.runs), names(&changes.all)), (vec!["r"], vec!["r"]));
    assert_eq!((changes.events, changes.units.len()), (1, 0));
    store.push((unit("started", "a", "r", 2) + "\n" + &unit("completed", "a", "r", 3) + "\n").as_bytes());
    let changes = push(&mut store, &unit("queued", "b", "r", 4));
    assert_eq!(changes.units, [UnitChanges { run: "r".parse().unwrap(), ids: vec!["a".into(), "b".into()] }]);
    assert_eq!((changes.all.len(), changes.events), (0, 3));
    let changes = push(&mut store, &log("r", 5));
    assert_eq!(changes, StoreChanges { events: 1, ..StoreChanges::default() });
    assert_eq!(store.take_changes(), StoreChanges::default());
}

#[test]
fn each_line_counts_once_however_often_it_comes() {
    let mut store = store();
    push(&mut store, &started("r", 1));
    push(&mut store, &log("r", 2));
    let version = store.version();
    for line in [started("r", 1), log("r", 2)] {
        assert_eq!(push(&mut store, &line), StoreChanges::default());
    }
    assert!(store.version() > version);
    assert_eq!(store.journal().log_count("r", None, None), 1);
    let lost = r#"{"type":"link.lost","payload":{"from":3,"to":5,"count":2,"reason":"overflow"},"run":"r"}"#;
    assert_eq!(push(&mut store, lost).events, 1);
    assert_eq!(push(&mut store, lost).events, 0);
    assert_eq!(store.summaries()[0].loss.count, 2);
}

#[test]
fn runs_are_kept_apart_and_the_newest_comes_first() {
    let mut store = store();
    push(&mut store, &started("r", 1));
    push(&mut store, &started("s", 1).replace("10:30:00", "11:00:00"));
    push(&mut store, &unit("failed", "a", "s", 2));
    let summaries = store.summaries();
    assert_eq!(summaries.iter().map(|s| s.run.as_str()).collect::<Vec<_>>(), ["s", "r"]);
    assert_eq!(summaries[0].counts, UnitCounts { pending: 1, failed: 1, ..UnitCounts::default() });
    assert_eq!(summaries[1].counts, UnitCounts { pending: 2, ..UnitCounts::default() });
    assert_eq!(store.unit("r", "a").map(|unit| unit.status), Some(UnitStatus::Pending));
}

#[test]
fn parts_of_a_snapshot_apply_together() {
    let mut source = store();
    push(&mut source, &started("r", 1));
    push(&mut source, &unit("completed", "a", "r", 7));
    let state = source.state("r").unwrap().clone();
    let lines = snapshot(&state, "e:9");
    assert!(lines.len() > 1);

    let mut page = store();
    for line in &lines[..lines.len() - 1] {
        assert_eq!(push(&mut page, line), StoreChanges::default());
        assert_eq!(page.state("r").map(|state| state.units.len()), Some(0));
    }
    let changes = push(&mut page, lines.last().unwrap());
    assert_eq!((names(&changes.all), changes.events), (vec!["r"], 0));
    assert_eq!(page.state("r"), Some(&state));
    assert_eq!(push(&mut page, &unit("completed", "a", "r", 7)).runs.len(), 0, "it is in the snapshot");
}

#[test]
fn a_torn_snapshot_is_forgotten() {
    let mut source = store();
    push(&mut source, &started("r", 1));
    let lines = snapshot(&source.state("r").unwrap().clone(), "e:9");
    let mut page = store();
    push(&mut page, &lines[0]);
    page.begin_stream();
    assert_eq!(push(&mut page, &lines[1]), StoreChanges::default());
    // Nor do parts of two snapshots mix.
    push(&mut page, &lines[0].replace("e:9", "e:8"));
    assert_eq!(push(&mut page, &lines[1]), StoreChanges::default());
    for line in &lines {
        push(&mut page, line);
    }
    assert_eq!(page.state("r"), source.state("r"));
}

#[test]
fn s2_b04_history_behind_a_snapshot_fills_the_journal_but_not_the_state() {
    let mut source = store();
    push(&mut source, &started("r", 1));
    push(&mut source, &unit("failed", "a", "r", 5));
    let state = source.state("r").unwrap().clone();
    let mut page = store();
    for line in snapshot(&state, "e:9") {
        push(&mut page, &line);
    }
    let changes = push(&mut page, &log("r", 3));
    assert_eq!((changes.events, changes.runs.len()), (1, 0));
    assert_eq!(push(&mut page, &unit("started", "a", "r", 4)).events, 1);
    assert_eq!(page.state("r"), Some(&state));
    assert_eq!(page.journal().log_count("r", Some("a"), None), 1);
    assert_eq!(page.journal_mut().event_count("r", &EventFilter::default()), 2);
}

#[test]
fn a_snapshot_of_a_restarted_hub_is_believed() {
    let mut page = store();
    push(&mut page, &started("r", 1));
    let known = page.state("r").unwrap().clone();
    push(&mut page, &unit("started", "a", "r", 2));
    push(&mut page, &log("r", 3));
    for line in snapshot(&known, "f:1") {
        push(&mut page, &line);
    }
    assert_eq!(page.state("r").map(|state| state.seq), Some(1));
    // What the producer sends again is folded again, but listed once.
    let changes = push(&mut page, &unit("started", "a", "r", 2));
    assert_eq!((changes.units.len(), changes.events), (1, 0));
    assert_eq!(push(&mut page, &log("r", 3)).events, 0);
    assert_eq!(page.unit("r", "a").map(|unit| unit.status), Some(UnitStatus::InProgress));
}

#[test]
fn control_lines_are_told_and_not_listed() {
    let mut store = store();
    let hello = HubHello { proto: 1, epoch: "e".into(), recovered: true };
    assert_eq!(control(&mut store, "hub.hello", &hello).hello, Some(hello));
    let cursor = HubCursor { cursor: "e:7".into(), id: None };
    assert_eq!(control(&mut store, "hub.cursor", &cursor).cursor.as_deref(), Some("e:7"));
    assert_eq!(store.cursor(), Some("e:7"));
    let gap = HubGap { why: "evicted".into(), ..HubGap::default() };
    let changes = control(&mut store, "hub.gap", &gap);
    assert_eq!((changes.gaps, changes.missing), (1, vec![gap]));
    let bye = HubBye { code: "shutdown".into(), retry_ms: 500 };
    assert_eq!(control(&mut store, "hub.bye", &bye).bye, Some(bye));
    let error = HubError { kind: "syntax".into(), message: "not JSON".into(), count: 3, id: None };
    assert_eq!(control(&mut store, "hub.error", &error).errors, 3);
    assert_eq!(control(&mut store, "hub.from_the_future", &1), StoreChanges::default());
    assert_eq!(store.summaries().len(), 0);
}

#[test]
fn s4_b11_the_end_of_a_run_is_told() {
    let mut store = store();
    push(&mut store, &started("r", 1));
    let end = HubEnd { run: "r".parse().unwrap(), status: RunStatus::Stale };
    let changes = control(&mut store, "hub.end", &end);
    assert_eq!((names(&changes.runs), changes.ended), (vec!["r"], vec![end]));
    assert_eq!(store.state("r").map(|state| state.status), Some(RunStatus::Stale));
}

#[test]
fn bad_lines_are_counted_and_the_stream_goes_on() {
    let mut store = store();
    store.push(b"{not json\n\xff\n{\"type\":\"unit.started\",\"unit\":\"a\"}\n{\"type\":\"hub.cursor\"}\n");
    store.push(&vec![b'x'; Limits::GRAPH_LINE + 1]);
    store.push(b"\n");
    let changes = push(&mut store, &started("r", 1));
    assert_eq!((changes.errors, changes.events), (5, 1));
    let kinds: Vec<&str> = store.faults().map(|fault| fault.kind.as_str()).collect();
    assert_eq!(kinds, ["syntax", "not-utf8", "no-run", "bad-control", "oversized"]);
    for _ in 0..2 * MAX_FAULTS {
        push(&mut store, "bad");
    }
    assert_eq!(store.faults().count(), MAX_FAULTS);
}

#[test]
fn s0_b07_a_torn_line_is_not_joined_with_the_next_connection() {
    let mut store = store();
    store.push(b"{\"type\":\"unit.started\",\"uni");
    store.begin_stream();
    let changes = push(&mut store, &started("r", 1));
    assert_eq!((changes.errors, changes.events), (0, 1));
}

#[test]
fn any_cut_gives_the_same() {
    let mut lines = vec![started("r", 1), "bad".into(), log("r", 2), unit("started", "a", "r", 3)];
    let mut source = store();
    push(&mut source, &started("s", 1));
    lines.extend(snapshot(&source.state("s").unwrap().clone(), "e:1"));
    let stream = lines.join("\n") + "\n";
    let mut whole = store();
    whole.push(stream.as_bytes());
    let expected = whole.take_changes();
    for cut in 0..stream.len() {
        let mut store = store();
        store.push(&stream.as_bytes()[..cut]);
        store.push(&stream.as_bytes()[cut..]);
        assert_eq!(store.take_changes(), expected, "cut at {cut}");
        assert_eq!(store.summaries(), whole.summaries());
    }
}

#[test]
fn the_layout_is_made_anew_only_for_a_new_graph() {
    let mut store = store();
    push(&mut store, &started("r", 1));
    assert_eq!(store.layout("r").map(|layout| layout.nodes.len()), Some(2));
    push(&mut store, &unit("started", "a", "r", 2));
    assert!(store.runs[0].layout.is_some(), "a status moves no box");
    push(&mut store, &unit("started", "new", "r", 3));
    assert_eq!(store.layout("r").map(|layout| layout.nodes.len()), Some(3));
    assert_eq!(store.layout("absent"), None);
}

#[test]
fn log_lines_read_back_as_they_came() {
    let mut store = store();
    push(&mut store, &log("r", 1));
    let lines = store.journal().logs("r", Some("a"), Some(1), 0, 1);
    let line = &lines[0];
    assert_eq!((line.content.as_str(), line.n, line.stream), ("line 1", 1, LogStream::Stdout));
}
