//! Readers of JSON in other languages, as judges of what our validator lets in.

use std::path::PathBuf;
use std::process::Command;

use crate::{Program, go, repository, skipped};

/// A reader that says what it makes of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oracle {
    /// `JSON.parse` of Node.
    V8,
    /// Python's `json`.
    Python,
    /// `jq`.
    Jq,
    /// Go's `encoding/json`.
    Go,
}

impl Oracle {
    /// All of them.
    pub const ALL: [Oracle; 4] = [Oracle::V8, Oracle::Python, Oracle::Jq, Oracle::Go];

    fn command(self) -> Command {
        let script = |name: &str| -> PathBuf { repository().join("tests/oracles").join(name) };
        let with = |program: &str, script: PathBuf| {
            let mut command = Command::new(program);
            command.arg(script);
            command
        };
        match self {
            Oracle::V8 => with("node", script("v8.mjs")),
            Oracle::Python => with("python3", script("python.py")),
            Oracle::Jq => {
                let mut command = Command::new("jq");
                command.args(["--compact-output", "--from-file"]).arg(script("echo.jq"));
                command
            }
            Oracle::Go => go::run(script("decode.go")),
        }
    }

    fn is_installed(self) -> bool {
        let mut version = match self {
            Oracle::Go => return go::version().is_some(),
            other => Command::new(other.command().get_program()),
        };
        version.arg("--version").output().is_ok_and(|output| output.status.success())
    }

    /// What it says, a line for a line; `None`, and a word about it, where it is not installed.
    pub fn ask(self, lines: &[Vec<u8>]) -> Option<Vec<String>> {
        if !self.is_installed() {
            skipped(&format!("{self:?} as a judge"), "not installed");
            return None;
        }
        let input: Vec<u8> = lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect();
        let mut program = Program::feed(&mut self.command(), &input);
        let said = program.rest();
        let (status, errors) = program.finish();
        assert!(status.success(), "{self:?}: {errors}; behind line {}", said.len());
        assert_eq!(said.len(), lines.len(), "{self:?}: {errors}");
        Some(said)
    }
}
