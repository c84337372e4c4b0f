//! A child process whose output is read line by line.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};

use crate::WATCHDOG;

/// The root of the repository.
pub fn repository() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The `choo` program: `$CHOO_BIN`, or the one beside the tests in the target folder.
pub fn choo() -> Command {
    let path = std::env::var_os("CHOO_BIN").map_or_else(
        || std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().join("choo"),
        PathBuf::from,
    );
    assert!(path.exists(), "{} does not exist: build it with `cargo build -p choo`", path.display());
    Command::new(path)
}

/// A running child; killed when dropped.
#[derive(Debug)]
pub struct Program {
    child: Child,
    lines: Receiver<String>,
    errors: Option<std::thread::JoinHandle<String>>,
}

impl Program {
    /// Starts it with its input closed.
    pub fn start(command: &mut Command) -> Self {
        command.stdin(Stdio::null());
        Self::spawn(command)
    }

    /// Starts it and gives the writing end of its input.
    pub fn start_with_input(command: &mut Command) -> (Self, ChildStdin) {
        command.stdin(Stdio::piped());
        let mut program = Self::spawn(command);
        let input = program.child.stdin.take().unwrap();
        (program, input)
    }

    /// Starts it, writes `input`, closes it.
    pub fn feed(command: &mut Command, input: &[u8]) -> Self {
        let (program, mut pipe) = Self::start_with_input(command);
        pipe.write_all(input).unwrap();
        program
    }

    fn spawn(command: &mut Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command:?}: {e}"));
        let output = BufReader::new(child.stdout.take().unwrap());
        let mut errors = child.stderr.take().unwrap();
        // Wide enough that a test which stops reading does not stop the program.
        let (sender, lines) = sync_channel(1 << 20);
        std::thread::Builder::new()
            .name("stdout".into())
            .spawn(move || {
                for line in output.split(b'\n') {
                    let Ok(line) = line else { break };
                    if sender.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                        break;
                    }
                }
            })
            .unwrap();
        let errors = std::thread::Builder::new()
            .name("stderr".into())
            .spawn(move || {
                let mut text = Vec::new();
                let _ = errors.read_to_end(&mut text);
                String::from_utf8_lossy(&text).into_owned()
            })
            .unwrap();
        Program { child, lines, errors: Some(errors) }
    }

    /// The next line of output; `None` at its end.
    pub fn line(&mut self) -> Option<String> {
        match self.lines.recv_timeout(WATCHDOG) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Disconnected) => None,
            Err(RecvTimeoutError::Timeout) => panic!("no line within {WATCHDOG:?}"),
        }
    }

    /// What is left of the output, to its end.
    pub fn rest(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.line()).collect()
    }

    /// The process id.
    pub fn pid(&self) -> rustix::process::Pid {
        rustix::process::Pid::from_child(&self.child)
    }

    /// Sends a signal.
    pub fn signal(&self, signal: rustix::process::Signal) {
        rustix::process::kill_process(self.pid(), signal).unwrap();
    }

    /// Waits for its end: status, and what it wrote to standard error.
    pub fn finish(mut self) -> (ExitStatus, String) {
        // The end of its output comes first, and that has a watchdog.
        self.rest();
        let status = self.child.wait().unwrap();
        (status, self.errors.take().unwrap().join().unwrap())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
