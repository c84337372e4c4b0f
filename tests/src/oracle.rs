//! Readers of JSON in other languages, as judges of what our validator lets in.

use std::path::PathBuf;
use std::process::Command;

use crate::{Program, go, not_installed, repository};

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
    /// The rules of a line on top of `JSON.parse` of Node.
    Rules,
    /// `@choo/wire` in Node: ourselves, compiled to WebAssembly.
    Wasm,
}

impl Oracle {
    /// Those that know nothing of our rules, and take JSON.
    pub const OF_JSON: [Oracle; 4] = [Oracle::V8, Oracle::Python, Oracle::Jq, Oracle::Go];

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
            Oracle::Rules => with("node", script("rules.mjs")),
            Oracle::Wasm => with("node", script("wasm.mjs")),
        }
    }

    /// What is missing here that it needs.
    fn missing(self) -> Option<&'static str> {
        let has = |ok: bool, what| (!ok).then_some(what);
        let runs = |mut version: Command| {
            version.arg("--version").output().is_ok_and(|output| output.status.success())
        };
        match self {
            Oracle::Go => has(go::version().is_some(), "Go is not installed"),
            Oracle::Wasm => {
                let built =
                    ["wasm/js/dist/index.js", "wasm/js/pkg/choo_wasm_bg.wasm", "node_modules/@choo/wire"];
                has(
                    built.iter().all(|path| repository().join(path).exists()),
                    "@choo/wire is not built: `cargo xtask ui`",
                )
            }
            other => has(runs(Command::new(other.command().get_program())), "it is not installed"),
        }
    }

    /// How it wants its input: see `tests/oracles`.
    fn input(self, lines: &[Vec<u8>]) -> Vec<u8> {
        let length = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
        match self {
            Oracle::Rules | Oracle::Wasm => {
                let framed = lines.iter().flat_map(|line| [&length(line.len()), line.as_slice()].concat());
                length(lines.len()).into_iter().chain(framed).collect()
            }
            _ => lines.iter().flat_map(|line| [line, &b"\n"[..]].concat()).collect(),
        }
    }

    /// What it says, a line for a line; `None`, and a word about it, where it is not installed. The input
    /// may hold line breaks for [`Oracle::Rules`] and [`Oracle::Wasm`] only.
    pub fn ask(self, lines: &[Vec<u8>]) -> Option<Vec<String>> {
        if let Some(missing) = self.missing() {
            not_installed(&format!("{self:?} as a judge"), missing);
            return None;
        }
        let input = self.input(lines);
        let mut program = Program::feed(&mut self.command(), &input);
        let said = program.rest();
        let (status, errors) = program.finish();
        assert!(status.success(), "{self:?}: {errors}; behind line {}", said.len());
        assert_eq!(said.len(), lines.len(), "{self:?}: {errors}");
        Some(said)
    }
}
