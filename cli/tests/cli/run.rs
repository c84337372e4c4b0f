//! `choo run` without a hub: what runs, in which order, what it prints and how it ends.

use std::fs;

use crate::common::{Home, Started};
use rustix::process::Signal;

/// Lines of plain progress without their times.
fn progress(stdout: &[String]) -> Vec<String> {
    let without_time = |line: &String| {
        let line = line.trim_start();
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [rest @ .., "in", time] if time.ends_with('s') => rest.join(" "),
            _ => line.to_owned(),
        }
    };
    stdout.iter().map(without_time).collect()
}

#[test]
fn a_plan_that_goes_well_is_exit_code_0() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo a >> log"), ("b", &["a"], "echo b >> log"), ("c", &["b"], "echo c >> log")]);
    let ended = home.run(["run", "plan.toml"]).code(0);
    assert_eq!(
        progress(&ended.stdout),
        [
            "start a echo a >> log",
            "done a",
            "start b echo b >> log",
            "done b",
            "start c echo c >> log",
            "done c",
            "done 3 units"
        ]
    );
    assert!(ended.stderr.is_empty(), "{ended:#?}");
    assert_eq!(fs::read_to_string(home.path().join("log")).unwrap(), "a\nb\nc\n");
}

#[test]
fn a_failure_is_exit_code_1_with_its_reason_and_blocks_its_dependants_only() {
    let home = Home::new();
    home.plan(&[
        ("a", &[], "echo out; echo oh no >&2; exit 3"),
        ("b", &["a"], "touch never"),
        ("c", &["b"], "touch never"),
        ("d", &[], "touch other"),
    ]);
    let ended = home.run(["run", "plan.toml", "-j", "1"]).code(1);
    assert_eq!(
        progress(&ended.stdout),
        [
            "start a echo out; echo oh no >&2; exit 3",
            "failed a",
            "exit status 3: echo out; echo oh no >&2; exit 3",
            "| out",
            "| oh no",
            "blocked b: a failed",
            "blocked c: a failed, which blocks b as well",
            "start d touch other",
            "done d",
            "failed 1 of 4 units failed: a; 2 blocked (1 complete)",
        ]
    );
    assert!(!home.path().join("never").exists() && home.path().join("other").exists());
}

#[test]
fn quiet_shows_failures_and_the_summary() {
    let home = Home::new();
    home.plan(&[("a", &[], "true"), ("b", &[], "false"), ("c", &["b"], "true")]);
    let ended = home.run(["run", "plan.toml", "--quiet", "-j", "1"]).code(1);
    assert_eq!(
        progress(&ended.stdout),
        ["failed b", "exit status 1: false", "failed 1 of 3 units failed: b; 1 blocked (1 complete)"]
    );
}

#[test]
fn logs_prints_the_output_of_both_streams() {
    let home = Home::new();
    home.plan(&[("a", &[], "echo one; echo two >&2; printf three")]);
    let ended = home.run(["run", "plan.toml", "--logs"]).code(0);
    for line in ["a | one", "a ! two", "a | three"] {
        assert!(ended.stdout.iter().any(|out| out == line), "{ended:#?}");
    }
}

#[test]
fn a_command_that_does_not_exist_fails_its_task_by_name() {
    let home = Home::new();
    home.plan(&[("a", &[], "frobnicate-2000 --all"), ("b", &[], "true")]);
    let ended = home.run(["run", "plan.toml"]).code(1);
    let reason = "command not found: frobnicate-2000 (is it installed, and on the PATH?)";
    assert!(ended.out().contains(reason), "{ended:#?}");
    assert!(ended.out().contains("(1 complete)"), "{ended:#?}");
}

#[test]
fn a_working_directory_that_does_not_exist_fails_its_task_by_name() {
    let home = Home::new();
    home.file("plan.toml", "[[unit]]\nid = \"a\"\n[[unit.task]]\nrun = \"true\"\ndir = \"nowhere\"\n");
    let ended = home.run(["run", "plan.toml"]).code(1);
    assert!(ended.out().contains("working directory not found: nowhere"), "{ended:#?}");
}

#[test]
fn a_command_gets_its_place_in_the_run_by_its_environment() {
    let home = Home::new();
    home.file(
        "plan.toml",
        "[env]\nA = \"plan\"\nB = \"plan\"\n[[unit]]\nid = \"u\"\n[[unit.task]]\nrun = \"true\"\n[[unit.task]]\n\
         dir = \"sub\"\nenv = { B = \"task\" }\nrun = '''echo $CHOO_RUN $CHOO_UNIT $CHOO_TASK $CHOO_ATTEMPT $A $B > it'''\n",
    );
    home.file("sub/there", "");
    home.run(["run", "plan.toml", "--run", "nightly-1"]).code(0);
    assert_eq!(fs::read_to_string(home.path().join("sub/it")).unwrap(), "nightly-1 u 2 1 plan task\n");
}

#[test]
fn a_flaky_task_is_tried_again() {
    let home = Home::new();
    home.plan(&[("a", &[], "test $CHOO_ATTEMPT = 3")]);
    let ended = home.run(["run", "plan.toml", "--retries", "2"]).code(0);
    assert_eq!(
        progress(&ended.stdout),
        [
            "start a test $CHOO_ATTEMPT = 3",
            "retry a test $CHOO_ATTEMPT = 3: exit status 1: test $CHOO_ATTEMPT = 3",
            "start a test $CHOO_ATTEMPT = 3 (attempt 2)",
            "retry a test $CHOO_ATTEMPT = 3 (attempt 2): exit status 1: test $CHOO_ATTEMPT = 3",
            "start a test $CHOO_ATTEMPT = 3 (attempt 3)",
            "done a",
            "done 1 unit",
        ]
    );
    home.run(["run", "plan.toml", "--retries", "1"]).code(1);
}

#[test]
fn a_command_is_stopped_when_its_time_is_up() {
    let home = Home::new();
    home.file("plan.toml", "[[unit]]\nid = \"a\"\n[[unit.task]]\nrun = \"sleep 1000\"\ntimeout = \"50ms\"\n");
    let ended = home.run(["run", "plan.toml"]).code(1);
    assert!(ended.out().contains("stopped after its timeout of 50ms: sleep 1000"), "{ended:#?}");
}

#[test]
fn an_interrupt_stops_the_children_and_is_exit_code_130() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let home = Home::new();
        let grandchild = home.lifeline("grandchild");
        home.plan(&[
            ("a", &[], "exec 3> grandchild; sleep 1000 & echo ready; wait"),
            ("b", &["a"], "touch never"),
        ]);
        let mut run = home.start(["run", "plan.toml", "--logs"]);
        run.out("a | ready");
        run.signal(signal);
        let ended = run.end().code(130);
        assert!(ended.out().contains("stopped 0 of 2 units complete, 0 failed, 2 cancelled"), "{ended:#?}");
        assert!(ended.err().contains("stopping"), "{ended:#?}");
        grandchild.wait();
        assert!(!home.path().join("never").exists());
    }
}

#[test]
fn a_second_interrupt_kills_what_does_not_listen() {
    let home = Home::new();
    home.plan(&[("a", &[], "trap '' TERM INT; echo ready; while :; do sleep 1000; done")]);
    let mut run = home.start(["run", "plan.toml", "--logs"]);
    run.out("a | ready");
    run.signal(Signal::INT);
    run.err("once more to kill");
    run.signal(Signal::INT);
    run.end().code(130);
}

#[test]
#[cfg(target_os = "linux")]
fn nohup_means_it() {
    let home = Home::new();
    home.plan(&[("a", &[], "read line < gate")]);
    let gate = home.gate("gate");
    let mut command = std::process::Command::new("nohup");
    command.arg(env!("CARGO_BIN_EXE_choo")).args(["run", "plan.toml"]).current_dir(home.path());
    let mut run = Started::new(command);
    run.out("start a");
    run.signal(Signal::HUP);
    gate.open();
    run.end().code(0);
}

#[test]
fn what_a_command_leaves_behind_does_not_hold_up_the_run() {
    let home = Home::new();
    let left_behind = home.lifeline("left");
    home.plan(&[("a", &[], "exec 3> left; sleep 1000 & echo done")]);
    home.run(["run", "plan.toml"]).code(0);
    left_behind.wait();
}

#[test]
fn output_of_any_kind_comes_through() {
    let home = Home::new();
    home.plan(&[("a", &[], r"printf 'bad \377 byte\n'; head -c 70000 /dev/zero | tr '\0' x; echo; printf '\033[31mred\033[0m \033[2Jclear\n'")]);
    let ended = home.run(["run", "plan.toml", "--logs"]).code(0);
    let lines: Vec<&str> = ended.stdout.iter().filter_map(|line| line.strip_prefix("a | ")).collect();
    assert_eq!(lines[0], "bad \u{fffd} byte");
    assert_eq!((lines[1].len(), lines[2].len()), (65_536, 70_000 - 65_536));
    assert_eq!(lines[3], "red clear");
}

#[test]
fn a_reader_of_the_output_that_goes_away_does_not_end_the_run() {
    let home = Home::new();
    home.plan(&[("a", &[], "true"), ("b", &["a"], "true"), ("c", &["b"], "touch end")]);
    let mut command = std::process::Command::new("sh");
    command
        .arg("-c")
        .arg(format!("{} run plan.toml | true", env!("CARGO_BIN_EXE_choo")))
        .current_dir(home.path());
    assert!(command.status().unwrap().success());
    assert!(home.path().join("end").exists());
}

#[test]
fn a_directory_of_specs_runs_exec_and_then_backpressure() {
    let home = Home::new();
    home.file("specs/one/IMPLEMENTATION_PLAN.md", "---\nunit: one\ndepends_on: []\n---\n");
    home.file(
        "specs/one/01-a.md",
        "---\ntask: 1\nstatus: complete\nbackpressure: touch never\n---\n# Done\n",
    );
    home.file(
        "specs/one/02-b.md",
        "---\ntask: 2\nstatus: pending\nbackpressure: test -e made\n---\n# Make it\n",
    );
    home.run(["run", "specs"]).code(1);
    let exec = "basename $CHOO_TASK_FILE; touch made";
    let ended = home.run(["run", "specs", "--logs", "--exec", exec]).code(0);
    assert!(
        ended.out().contains("one | 02-b.md") && ended.out().contains("start one 2/2 Make it"),
        "{ended:#?}"
    );
    assert!(!home.path().join("never").exists());
}

#[test]
fn the_examples_are_plans_and_the_specs_end_as_their_readme_says() {
    let home = Home::new();
    let examples = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    // The checks sleep for the eye; a test has none.
    let nap = home.file("bin/sleep", "#!/bin/sh\n");
    fs::set_permissions(&nap, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", home.path().join("bin").display(), std::env::var("PATH").unwrap());
    for _ in 0..2 {
        let mut command = home.choo(["run", "--logs"]);
        command.arg(examples.join("specs")).env("PATH", &path);
        let ended = Started::new(command).end().code(1);
        assert!(ended.stderr.is_empty(), "{ended:#?}");
        let progress = progress(&ended.stdout);
        for line in [
            "done lexer",
            "done runtime",
            "done docs",
            "retry parser 2/2 Recovery: exit status 1: a script of 7 lines: FAILED recovery after a missing bracket: timed out",
            "done parser",
            "done cli",
            "blocked benchmarks: optimizer failed",
            "blocked release: optimizer failed",
            "failed 1 of 8 units failed: optimizer; 2 blocked (5 complete)",
        ] {
            assert!(progress.iter().any(|told| told == line), "{line:?} {progress:#?}");
        }
        assert!(
            progress.contains(&"task 2 (Inlining): exit status 3: a script of 5 lines".to_owned()),
            "{progress:#?}"
        );
    }
    // The other one would take minutes; without a hub it is read and checked, and refused before it runs.
    let ended =
        home.run(["run", "--web=required", examples.join("self/plan.toml").to_str().unwrap()]).code(1);
    assert!(ended.stderr[0].contains("failed to connect to web UI"), "{ended:#?}");
}
