//! `choo run --web --commands` with a hub's end of the socket in the test's hands.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::common::{Ended, Home, Started, WATCHDOG};

/// A run, and a hub that says what people want.
struct Desk {
    run: Started,
    lines: BufReader<UnixStream>,
    /// What the run calls itself.
    name: String,
    /// The last event heard.
    last: u64,
}

impl Desk {
    /// Starts `choo run --web ARGS` and waits for its first connection.
    fn start(home: &Home, plan: &std::path::Path, args: &[&str]) -> Self {
        let path = home.socket();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let listener = UnixListener::bind(path).unwrap();
        let mut command = home.choo(["run", "--web", "--progress", "never"]);
        let run = Started::new({
            command.args(args).arg(plan);
            command
        });
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        let mut desk = Desk { run, lines: BufReader::new(stream), name: String::new(), last: 0 };
        let hello = desk.next().unwrap();
        assert_eq!(hello["type"], "link.hello");
        hello["payload"]["run"].as_str().unwrap().clone_into(&mut desk.name);
        desk.say(&json!({"type": "link.welcome", "payload": {"proto": 1, "epoch": "e", "have": {}}}));
        desk
    }

    fn say(&mut self, line: &Value) {
        writeln!(self.lines.get_mut(), "{line}").unwrap();
    }

    /// Gives a command.
    fn ask(&mut self, id: &str, cmd: &str, args: &Value) {
        self.ask_if(id, cmd, args, &Value::Null);
    }

    fn ask_if(&mut self, id: &str, cmd: &str, args: &Value, condition: &Value) {
        let payload = json!({"id": id, "cmd": cmd, "args": args, "if": condition, "by": "ann"});
        self.say(&json!({"type": "cmd.request", "payload": payload}));
    }

    fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        let n = self.lines.read_line(&mut line).unwrap();
        let line: Option<Value> = (n > 0).then(|| serde_json::from_str(&line).unwrap());
        self.last = line.as_ref().and_then(|line| line["seq"].as_u64()).unwrap_or(self.last);
        line
    }

    /// The lines up to this one, in short, without output.
    fn until(&mut self, last: &str) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        while all.last().is_none_or(|line| line != last) {
            let line = self.next().unwrap_or_else(|| panic!("no {last} in {all:#?}"));
            if !line["type"].as_str().unwrap().starts_with("log.") {
                all.push(short(&line));
            }
        }
        all
    }

    fn wait_for(&mut self, last: &str) {
        self.until(last);
    }

    /// Waits for its end; the hub says that it has everything.
    fn end(mut self) -> (Vec<String>, Ended) {
        let lines = self.until("link.bye");
        let ack = json!({"type": "link.ack", "payload": {"run": self.name, "seq": self.last}});
        self.say(&ack);
        (lines, self.run.end())
    }
}

/// `unit.cancelled a by ann (c1)`, `cmd.rejected c2 conflict`.
fn short(line: &Value) -> String {
    let text = |value: &Value, before: &str| value.as_str().map(|text| format!("{before}{text}"));
    let number = |value: &Value, before: &str| value.as_i64().map(|number| format!("{before}{number}"));
    let payload = &line["payload"];
    let by = payload["by"].as_str().zip(payload["cmd"].as_str());
    let parts = [
        text(&line["type"], ""),
        text(&line["unit"], " "),
        number(&line["task"], "/"),
        number(&payload["attempt"], " #"),
        text(&payload["id"], " "),
        text(&payload["reason"], " "),
        by.map(|(by, cmd)| format!(" by {by} ({cmd})")),
    ];
    parts.into_iter().flatten().collect()
}

#[test]
fn pause_retry_resume_and_skip() {
    let home = Home::new();
    let plan = home.plan(&[
        ("a", &[], "test -e mended || { read line < gate; exit 1; }"),
        ("b", &["a"], "echo b"),
        ("slow", &[], "read line < never"),
        ("c", &["slow"], "echo c"),
        ("d", &["c", "slow"], "echo d"),
    ]);
    let (gate, _never) = (home.gate("gate"), home.gate("never"));
    let mut desk = Desk::start(&home, &plan, &["--commands", "-j", "2"]);
    desk.wait_for("task.started slow/1 #1");
    desk.ask("c1", "pause", &json!({}));
    assert_eq!(desk.until("cmd.done c1"), ["cmd.accepted c1", "orch.paused by ann (c1)", "cmd.done c1"]);
    desk.ask("c2", "pause", &json!({}));
    assert_eq!(desk.until("cmd.rejected c2 conflict").len(), 1);
    gate.open();
    assert_eq!(desk.until("unit.blocked b"), ["task.failed a/1", "unit.failed a", "unit.blocked b"]);
    home.file("mended", "");
    desk.ask("c3", "retry", &json!({"unit": "a", "task": 1}));
    assert_eq!(
        desk.until("cmd.done c3"),
        ["cmd.accepted c3", "task.retry a/1 #2 command", "unit.queued a", "cmd.done c3"]
    );
    desk.ask("c4", "resume", &json!({}));
    let lines = desk.until("unit.completed b");
    assert_eq!(lines[..2], ["cmd.accepted c4", "orch.resumed by ann (c4)"], "{lines:#?}");
    assert!(lines.contains(&"task.started a/1 #2".to_owned()), "{lines:#?}");
    // Before it began, and while it runs.
    desk.ask("c5", "skip", &json!({"unit": "c", "reason": "not today"}));
    assert_eq!(
        desk.until("cmd.done c5"),
        ["cmd.accepted c5", "unit.skipped c not today by ann (c5)", "cmd.done c5"]
    );
    desk.ask("c6", "skip", &json!({"unit": "slow"}));
    let lines = desk.until("cmd.done c6");
    assert_eq!(
        lines[..3],
        ["cmd.accepted c6", "task.failed slow/1", "unit.skipped slow by ann (c6)"],
        "{lines:#?}"
    );
    let (lines, ended) = desk.end();
    assert_eq!(lines[lines.len() - 3..], ["unit.completed d", "orch.completed", "link.bye"], "{lines:#?}");
    let ended = ended.code(0);
    assert!(ended.err().contains("retry a: asked for by ann"), "{ended:#?}");
    assert!(ended.out().contains("5 units (2 skipped) in "), "{ended:#?}");
}

#[test]
fn cancel_a_unit_and_the_run() {
    let home = Home::new();
    let plan = home.plan(&[
        ("a", &[], "exec 3> a; read line < never"),
        ("b", &["a"], "echo b"),
        ("other", &[], "exec 3> other; read line < never"),
    ]);
    let (a, other, _never) = (home.lifeline("a"), home.lifeline("other"), home.gate("never"));
    let mut desk = Desk::start(&home, &plan, &["--commands", "-j", "2"]);
    desk.wait_for("task.started other/1 #1");
    a.held();
    other.held();
    desk.ask_if("c1", "cancel", &json!({"unit": "a"}), &json!({"status": ["ready"]}));
    assert_eq!(desk.until("cmd.rejected c1 precondition").len(), 1);
    for _ in 0..2 {
        desk.ask_if("c2", "cancel", &json!({"unit": "a"}), &json!({"status": ["in_progress"]}));
    }
    let lines = desk.until("cmd.done c2");
    // The repeat hears how things stand, or nothing while nothing has been said.
    let mut once = lines.clone();
    once.dedup();
    assert_eq!(
        once,
        [
            "cmd.accepted c2",
            "task.failed a/1",
            "unit.cancelled a by ann (c2)",
            "unit.blocked b",
            "cmd.done c2"
        ]
    );
    a.wait();
    desk.ask("c2", "cancel", &json!({"unit": "a"}));
    assert_eq!(desk.until("cmd.done c2").last().unwrap(), "cmd.done c2", "once");
    desk.ask("c3", "cancel", &json!({}));
    let lines = desk.until("cmd.done c3");
    assert_eq!(
        lines,
        [
            "cmd.accepted c3",
            "task.failed other/1",
            "unit.cancelled other by ann (c3)",
            "orch.cancelled by ann (c3)",
            "cmd.done c3"
        ]
    );
    other.wait();
    let (_, ended) = desk.end();
    ended.code(130);
}

#[test]
fn a_paused_run_can_be_interrupted() {
    let home = Home::new();
    let plan = home.plan(&[("a", &[], "read line < gate"), ("b", &["a"], "echo b")]);
    let gate = home.gate("gate");
    let mut desk = Desk::start(&home, &plan, &["--commands"]);
    desk.wait_for("task.started a/1 #1");
    desk.ask("c1", "pause", &json!({}));
    desk.until("cmd.done c1");
    gate.open();
    desk.wait_for("unit.queued b");
    desk.run.signal(Signal::INT);
    let (lines, ended) = desk.end();
    assert_eq!(lines, ["unit.cancelled b SIGINT", "orch.cancelled SIGINT", "link.bye"]);
    ended.code(130);
}

#[test]
fn commands_are_off_until_asked_for() {
    let home = Home::new();
    let plan = home.plan(&[("a", &[], "read line < gate")]);
    let gate = home.gate("gate");
    let ended = home.run(["run", "--commands", "plan.toml"]).code(2);
    assert!(ended.err().contains("--web"), "{ended:#?}");
    let mut desk = Desk::start(&home, &plan, &[]);
    desk.ask("c1", "cancel", &json!({}));
    desk.wait_for("cmd.rejected c1 disabled");
    gate.open();
    let (lines, ended) = desk.end();
    assert!(lines.contains(&"orch.completed".to_owned()), "{lines:#?}");
    ended.code(0);
}
