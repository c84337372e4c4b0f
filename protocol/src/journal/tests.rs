use super::*;
use crate::Limits;

fn push(journal: &mut Journal, text: &str) {
    journal.push(&Line::parse(text.as_bytes(), &Limits::default()).unwrap());
}

/// A log line of run `r`.
fn log(journal: &mut Journal, unit: &str, task: i64, content: &str, n: u64) {
    push(
        journal,
        &format!(
            r#"{{"type":"log.stdout","unit":"{unit}","task":{task},"payload":{{"content":"{content}","n":{n}}},"run":"r"}}"#
        ),
    );
}

fn types(types: &[&str]) -> EventFilter {
    EventFilter { types: types.iter().map(|text| (*text).to_owned()).collect(), ..EventFilter::default() }
}

fn contents(lines: &[LogLine]) -> Vec<&str> {
    lines.iter().map(|line| line.content.as_str()).collect()
}

#[test]
fn logs_are_listed_by_run_unit_and_task() {
    let mut journal = Journal::new(Journal::DEFAULT_BYTES);
    log(&mut journal, "app", 1, "a1", 1);
    log(&mut journal, "db", 1, "d1", 1);
    log(&mut journal, "app", 2, "a2", 1);
    log(&mut journal, "app", 1, "a1b", 2);
    push(&mut journal, r#"{"type":"log.error","payload":{"content":"of the run","n":1},"run":"r"}"#);
    push(&mut journal, r#"{"type":"unit.started","unit":"app","run":"r"}"#);
    push(&mut journal, r#"{"type":"log.stdout","unit":"app","payload":{"content":"other","n":1},"run":"s"}"#);
    assert_eq!(contents(&journal.logs("r", None, None, 0, 99)), ["a1", "d1", "a2", "a1b", "of the run"]);
    assert_eq!(contents(&journal.logs("r", Some("app"), None, 1, 1)), ["a2"]);
    assert_eq!(contents(&journal.logs("r", Some("app"), Some(1), 0, 99)), ["a1", "a1b"]);
    assert_eq!(contents(&journal.logs("r", Some(""), None, 0, 99)), ["of the run"]);
    assert_eq!(journal.log_count("r", Some("app"), None), 3);
    assert_eq!(journal.log_count("s", None, None), 1);
    assert_eq!(journal.event_count("r", &EventFilter::default()), 6);
    for (run, unit, task) in [("x", None, None), ("r", Some("x"), None), ("r", Some("app"), Some(9))] {
        assert_eq!(journal.log_count(run, unit, task), 0);
        assert_eq!(journal.logs(run, unit, task, 0, 1), []);
    }
}

#[test]
fn a_log_line_with_a_misshapen_payload_is_an_empty_line() {
    let mut journal = Journal::new(Journal::DEFAULT_BYTES);
    push(&mut journal, r#"{"type":"log.stderr","unit":"app","payload":"text","run":"r"}"#);
    let lines = journal.logs("r", None, None, 0, 1);
    assert_eq!((lines[0].content.as_str(), lines[0].stream), ("", LogStream::Stderr));
}

#[test]
fn filtered_lists_grow_with_the_journal() {
    let mut journal = Journal::new(Journal::DEFAULT_BYTES);
    push(&mut journal, r#"{"type":"unit.started","unit":"app","run":"r"}"#);
    log(&mut journal, "app", 1, "hello", 1);
    let units = types(&["unit.*"]);
    assert_eq!(journal.event_count("r", &units), 1);
    push(&mut journal, r#"{"type":"unit.failed","unit":"db","error":"Disk FULL","run":"r"}"#);
    push(&mut journal, r#"{"type":"unit.failed","unit":"db","run":"other"}"#);
    assert_eq!(journal.event_count("r", &units), 2);
    assert_eq!(journal.events("r", &units, 1, 9).len(), 1);
    assert!(journal.events("r", &units, 1, 9)[0].contains("unit.failed"));
    let full = EventFilter { q: "disk full".into(), ..EventFilter::default() };
    assert_eq!(journal.event_count("r", &full), 1);
    let app = EventFilter { units: vec!["a*".into()], ..EventFilter::default() };
    assert_eq!(journal.event_count("r", &app), 2);
    let literal = EventFilter { units: vec!["a\\*".into()], ..EventFilter::default() };
    assert_eq!(journal.event_count("r", &literal), 0);
    // More filters than lists are kept: each still answers right.
    for _ in 0..2 {
        for n in 0..MAX_VIEWS + 2 {
            assert_eq!(journal.event_count("r", &types(&["log.*", &format!("x.{n}")])), 1);
        }
    }
}

#[test]
fn loss_passes_filters_and_bad_globs_admit_nothing() {
    let mut journal = Journal::new(Journal::DEFAULT_BYTES);
    push(&mut journal, r#"{"type":"link.lost","payload":{"from":1,"to":9,"count":9},"run":"r"}"#);
    push(&mut journal, r#"{"type":"unit.started","unit":"app","run":"r"}"#);
    let narrow = EventFilter { q: "never".into(), ..types(&["log.*"]) };
    assert_eq!(journal.event_count("r", &narrow), 1);
    assert_eq!(journal.event_count("r", &types(&[""])), 0, "an empty glob is no glob");
}

#[test]
fn s4_b04_the_oldest_lines_make_room_and_are_counted() {
    const LINES: u64 = 20_000;
    let mut journal = Journal::new(1 << 20);
    let long = "x".repeat(200);
    for n in 1..=LINES {
        log(&mut journal, if n % 2 == 0 { "even" } else { "odd" }, 1, &format!("{n} {long}"), n);
        if n == LINES / 2 {
            assert!(journal.event_count("r", &types(&["log.*"])) > 0, "a view that must be trimmed later");
        }
    }
    assert!(journal.bytes() <= 1 << 20);
    let kept = journal.log_count("r", None, None);
    assert!(kept > 1000, "{kept} lines in a megabyte");
    assert_eq!(journal.logs_dropped("r", None, None) + kept as u64, LINES);
    assert_eq!(journal.events_dropped("r"), journal.logs_dropped("r", None, None));
    assert_eq!(journal.event_count("r", &EventFilter::default()), kept);
    assert_eq!(journal.event_count("r", &types(&["log.*"])), kept);
    let even = journal.log_count("r", Some("even"), Some(1));
    assert_eq!(journal.logs_dropped("r", Some("even"), Some(1)) + even as u64, LINES / 2);
    let first = &journal.logs("r", None, None, 0, 1)[0];
    assert_eq!(first.n, LINES - kept as u64 + 1, "what is left is the newest, without a hole");
    let last = &journal.logs("r", None, None, kept - 1, 5);
    assert_eq!((last.len(), last[0].n), (1, LINES));
    let (lists, segments) = (journal.lists.len(), journal.segments.len());
    assert!(lists == 6 && segments < 10, "{lists} lists, {segments} segments");
}

#[test]
fn a_line_longer_than_a_segment_has_its_own() {
    let mut journal = Journal::new(1 << 20);
    log(&mut journal, "app", 1, "before", 1);
    log(&mut journal, "app", 1, &"x".repeat(400 << 10), 2);
    log(&mut journal, "app", 1, "after", 3);
    let lines = journal.logs("r", Some("app"), None, 0, 9);
    assert_eq!(lines.iter().map(|line| line.n).collect::<Vec<_>>(), [1, 2, 3]);
    assert_eq!(lines[1].content.len(), 400 << 10);
}

#[test]
fn c_08_lines_are_kept_in_canonical_form() {
    let mut journal = Journal::new(1 << 20);
    push(&mut journal, r#"{"type":"a","timestamp":"2025-01-18T10:30:15Z","data":[1],"unit":null,"run":"r"}"#);
    assert_eq!(
        journal.events("r", &EventFilter::default(), 0, 1),
        [r#"{"type":"a","time":"2025-01-18T10:30:15Z","payload":[1],"run":"r"}"#]
    );
}

#[test]
fn s3_12_records_are_listed_by_repository() {
    let mut journal = Journal::new(Journal::DEFAULT_BYTES);
    for repository in ["o/r", "o/x"] {
        let line =
            format!(r#"{{"type":"task.created","payload":{{"repository":"{repository}"}},"run":"r"}}"#);
        push(&mut journal, &line);
    }
    push(&mut journal, r#"{"type":"unit.started","unit":"app","run":"r"}"#);
    for (repository, count) in [("o/r", 2), ("*", 3), ("none", 1)] {
        let filter = EventFilter { repositories: vec![repository.into()], ..EventFilter::default() };
        assert_eq!(journal.event_count("r", &filter), count, "{repository}");
    }
}

#[test]
fn patterns_that_are_none_admit_nothing() {
    let mut journal = Journal::new(Journal::DEFAULT_BYTES);
    push(&mut journal, r#"{"type":"unit.started","unit":"app","run":"r"}"#);
    assert_eq!(journal.event_count("r", &types(&["unit.*", ""])), 0);
}
