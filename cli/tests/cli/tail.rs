//! `choo tail`: what a person sees of a run, and that nothing is shown twice or left out.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::common::{Home, Started};

/// Lines on standard output, the times cut off.
fn told(stdout: &[String]) -> Vec<&str> {
    stdout
        .iter()
        .map(|line| line.get(9..).filter(|_| line.as_bytes()[2..3] == *b":").unwrap_or(line))
        .collect()
}

#[test]
fn a_run_is_followed_to_its_end() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo hello; echo oops >&2"), ("b", &["a"], "exit 3")]);
    let _hub = home.hub();
    // It is there before the run is: an unknown run is one to wait for.
    let tail = home.start(["tail", "--run", "r", "--since", "earliest"]);
    home.run(["run", "plan.toml", "--web", "--run", "r"]).code(1);
    let ended = tail.end().code(1);
    let told = told(&ended.stdout);
    assert_eq!(told[0], "run r");
    assert!(told[1].contains("run started: 2 units"), "{told:#?}");
    for line in [
        "a        | hello",
        "a        ! oops",
        "a        completed",
        "b        failed: exit status 3: exit 3",
    ] {
        assert!(told.contains(&line), "{line:?} {told:#?}");
    }
    assert!(told.contains(&"         run failed: 1 of 2 units failed: b"), "{told:#?}");
}

#[test]
fn filters_leave_out_the_rest() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo hello"), ("b", &["a"], "echo world")]);
    let _hub = home.hub();
    home.run(["run", "plan.toml", "--web", "--run", "r"]).code(0);
    let args =
        ["tail", "--run", "r", "--since", "earliest", "--types", "log.*,unit.completed", "--units", "b"];
    let ended = home.run(args).code(0);
    let told: Vec<&str> =
        told(&ended.stdout).into_iter().filter(|line| line.starts_with(['a', 'b'])).collect();
    assert_eq!(told, ["b        | world", "b        completed"]);
}

#[test]
fn json_is_the_wire() {
    let home = Home::new();
    home.plan(&[("a", &[], "printf '\\033[31mred\\033[0m'")]);
    let _hub = home.hub();
    home.run(["run", "plan.toml", "--web", "--run", "r"]).code(0);
    let ended = home.run(["tail", "--run", "r", "--json", "--since", "earliest"]).code(0);
    let lines: Vec<Value> = ended.stdout.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let kinds: Vec<&str> = lines.iter().map(|line| line["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.first(), Some(&"hub.hello"));
    assert!(kinds.contains(&"hub.cursor") && kinds.contains(&"orch.completed"), "{kinds:?}");
    let log = lines.iter().find(|line| line["type"] == "log.stdout").unwrap();
    assert_eq!(log["payload"]["content"], "\u{1b}[31mred\u{1b}[0m");
}

#[test]
fn without_a_hub_it_waits_and_says_so_once() {
    let home = Home::new();
    home.plan(&[("a", &[], "true")]);
    let mut tail = home.start(["tail", "--run", "r", "--since", "earliest"]);
    let warning = tail.err("no hub is listening");
    assert!(warning.contains("choo web") && warning.contains("web.sock"), "{warning}");
    let _hub = home.hub();
    home.run(["run", "plan.toml", "--web", "--run", "r"]).code(0);
    let ended = tail.end().code(0);
    assert_eq!(ended.stderr.len(), 1, "{ended:#?}");
}

#[test]
fn no_wait_is_an_error_with_the_remedy() {
    let home = Home::new();
    let ended = home.run(["tail", "--no-wait"]).code(1);
    assert!(ended.stderr[0].starts_with("error: no hub is listening"), "{ended:#?}");
    assert!(ended.stderr[1].contains("choo web"), "{ended:#?}");
}

#[test]
fn a_cursor_that_is_none_is_a_usage_error() {
    let home = Home::new();
    let _hub = home.hub();
    let ended = home.run(["tail", "--since", "yesterday"]).code(2);
    assert!(ended.stderr[0].starts_with("error: the hub refused: "), "{ended:#?}");
}

#[test]
fn a_restarted_hub_is_found_again_and_nothing_is_shown_twice() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo early"), ("b", &["a"], "read line < gate"), ("c", &["b"], "true")]);
    let gate = home.gate("gate");
    let hub = home.hub();
    let mut tail = home.start(["tail", "--run", "r", "--since", "earliest"]);
    let mut run = home.start(["run", "plan.toml", "--web", "--run", "r"]);
    tail.out("b        started");
    run.out("start b");
    hub.kill();
    run.err("lost");
    let _hub = home.hub();
    // What was told last may not have been stored; then the new hub says that events are missing, and how the
    // run stands by now.
    gate.open();
    run.end().code(0);
    let ended = tail.end().code(0);
    let told = told(&ended.stdout);
    let at_least = usize::from(!told.iter().any(|line| line.contains("events missing here (crash)")));
    for line in ["a        completed", "b        completed", "c        completed"] {
        let count = told.iter().filter(|told| **told == line).count();
        assert!((at_least..=1).contains(&count), "{line} {told:#?}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo hello"), ("b", &["a"], "read line < gate; echo more")]);
    let gate = home.gate("gate");
    let _hub = home.hub();
    let mut command = home.choo(["tail", "--since", "earliest"]);
    let mut tail = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut run = home.start(["run", "plan.toml", "--web"]);
    let mut first = String::new();
    BufReader::new(tail.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(first.starts_with("run "), "{first}");
    run.out("start b");
    gate.open();
    run.end().code(0);
    let output = tail.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn the_help_of_each_command_shows_examples_and_exit_codes() {
    let home = Home::new();
    for command in ["web", "run", "push", "tail", "cancel", "pause", "resume", "retry", "skip"] {
        let ended = Started::new(home.choo([command, "--help"])).end().code(0);
        let help = ended.out();
        for part in ["Usage:", "--socket <PATH>", "Examples:", "Exit codes:", "choo "] {
            assert!(help.contains(part), "{command}: {part}");
        }
    }
}
