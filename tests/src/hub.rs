//! A `choo web` of the test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Program, Stream, choo};

/// A running hub with its socket and data in a folder of its own.
#[derive(Debug)]
pub struct Hub {
    program: Program,
    dir: TempDir,
    url: String,
    options: Vec<String>,
}

impl Hub {
    /// Starts one on a free port.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// Starts one with further options, which those that follow it have too.
    pub fn start_with(options: &[&str]) -> Self {
        let options = options.iter().map(|&option| option.to_owned()).collect();
        Self::start_in(tempfile::tempdir().unwrap(), "127.0.0.1:0", options)
    }

    fn start_in(dir: TempDir, listen: &str, options: Vec<String>) -> Self {
        let mut command = choo();
        command.arg("web").args(["--listen", listen]).args(&options);
        command.arg("--socket").arg(dir.path().join("web.sock")).arg("--data").arg(dir.path().join("data"));
        let mut program = Program::start(&mut command);
        let Some(url) = program.line() else { panic!("choo web ended: {}", program.finish().1) };
        assert!(url.starts_with("http://127.0.0.1:") && url.contains("#token="), "{url}");
        Hub { program, dir, url, options }
    }

    /// Kills it with SIGKILL and starts another with the same socket, port and data.
    pub fn kill_and_restart(self) -> Self {
        let address = self.address();
        let Hub { program, dir, options, .. } = self;
        program.signal(Signal::KILL);
        program.finish();
        Self::start_in(dir, &address, options)
    }

    /// Kills it with SIGKILL; the folder stays until the value is dropped.
    pub fn kill(self) -> TempDir {
        self.end(Signal::KILL)
    }

    /// Ends it by a signal.
    pub fn end(self, signal: Signal) -> TempDir {
        self.program.signal(signal);
        self.program.finish();
        self.dir
    }

    /// Starts one in a folder that another has left.
    pub fn start_again(dir: TempDir) -> Self {
        Self::start_in(dir, "127.0.0.1:0", Vec::new())
    }

    /// Sends it a signal: SIGSTOP has it stand still, with its connections open, until SIGCONT.
    pub fn signal(&self, signal: Signal) {
        self.program.signal(signal);
    }

    /// Its process.
    pub fn pid(&self) -> rustix::process::Pid {
        self.program.pid()
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("web.sock")
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> &str {
        self.url.split("/#").next().unwrap()
    }

    /// `127.0.0.1:PORT`
    pub fn address(&self) -> String {
        self.origin().trim_start_matches("http://").to_owned()
    }

    /// What the page is opened with, token included.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token.
    pub fn token(&self) -> &str {
        self.url.split("#token=").nth(1).unwrap()
    }

    /// `curl` for a path over TCP with the token, as a user would type it.
    pub fn curl(&self, path: &str) -> Command {
        let mut curl = Command::new("curl");
        curl.args(["-sSN", "--max-time", "60", "-H"]).arg(format!("Authorization: Bearer {}", self.token()));
        curl.arg(format!("{}{path}", self.origin()));
        curl
    }

    /// `curl` for a path over the Unix socket, where no token is asked for.
    pub fn curl_unix(&self, path: &str) -> Command {
        let mut curl = Command::new("curl");
        curl.args(["-sSN", "--max-time", "60", "--unix-socket"]).arg(self.socket());
        curl.arg(format!("http://localhost{path}"));
        curl
    }

    /// The JSON that a path answers with.
    pub fn get(&self, path: &str) -> Value {
        let (text, errors) = {
            let mut program = Program::start(&mut self.curl(path));
            let text = program.rest().join("\n");
            (text, program.finish().1)
        };
        serde_json::from_str(&text).unwrap_or_else(|e| panic!("{path}: {e}: {text}{errors}"))
    }

    /// Follows `/api/v1/events` as NDJSON; `query` is empty or begins with `?`.
    pub fn follow(&self, query: &str) -> Stream {
        let mut curl = self.curl(&format!("/api/v1/events{query}"));
        Stream::start(curl.args(["-H", "Accept: application/x-ndjson"]))
    }
}
