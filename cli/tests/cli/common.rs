//! The built `choo` in a home of its own, and words to wait for what it says.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

/// Long enough for a loaded machine; only a test that would hang ever waits for it.
pub(crate) const WATCHDOG: Duration = Duration::from_mins(1);

/// The built `choo`. A test started in the background of a shell inherits an ignored SIGINT, which
/// `choo` would respect as it respects `nohup`.
fn program() -> Command {
    if cfg!(target_os = "linux") {
        let mut command = Command::new("env");
        command.args(["--default-signal=INT,TERM,HUP", env!("CARGO_BIN_EXE_choo")]);
        return command;
    }
    Command::new(env!("CARGO_BIN_EXE_choo"))
}

/// A home directory that nobody else uses.
pub(crate) struct Home {
    dir: tempfile::TempDir,
}

impl Home {
    pub(crate) fn new() -> Self {
        // Below /tmp, so that a socket path stays short.
        Self { dir: tempfile::Builder::new().prefix("choo").tempdir_in("/tmp").unwrap() }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Where `choo` expects the hub without `--socket`.
    pub(crate) fn socket(&self) -> PathBuf {
        self.path().join(".choo/web.sock")
    }

    /// Writes a file and gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A named pipe `name` that tells when the last process holding it open for writing has ended: a
    /// command takes part with `exec 3> name`.
    pub(crate) fn lifeline(&self, name: &str) -> Lifeline {
        let path = self.path().join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let ((taken, held), (let_go, ended)) = (sync_channel(1), sync_channel(1));
        let watch = move || {
            // Opening it waits for somebody to write.
            let pipe = fs::File::open(path);
            let _ = taken.send(pipe.is_ok());
            let _ = let_go.send(pipe.and_then(|mut pipe| pipe.read_to_end(&mut Vec::new())).is_ok());
        };
        thread::Builder::new().name("lifeline".into()).spawn(watch).unwrap();
        Lifeline { held, ended }
    }

    /// A named pipe `name` at which a command waits with `read line < name`.
    pub(crate) fn gate(&self, name: &str) -> Gate {
        let path = self.path().join(name);
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        Gate { path }
    }

    /// A plan of (id, dependencies, command), one task each.
    pub(crate) fn plan(&self, units: &[(&str, &[&str], &str)]) -> PathBuf {
        let mut text = String::new();
        for (id, depends_on, run) in units {
            let _ = write!(
                text,
                "[[unit]]\nid = {id:?}\ndepends_on = {depends_on:?}\n[[unit.task]]\nrun = '''{run}'''\n\n"
            );
        }
        self.file("plan.toml", &text)
    }

    /// `choo ARGS` in this home, without colours.
    pub(crate) fn choo<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = program();
        command.args(args).current_dir(self.path()).stdin(Stdio::null());
        for name in ["XDG_RUNTIME_DIR", "XDG_STATE_HOME", "CLICOLOR_FORCE", "CHOO_LOG"] {
            command.env_remove(name);
        }
        command.env("HOME", self.path()).env("NO_COLOR", "1");
        command
    }

    /// Runs it to its end.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Ended {
        Started::new(self.choo(args)).end()
    }

    /// Starts it.
    pub(crate) fn start<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Started {
        Started::new(self.choo(args))
    }

    /// A hub that accepts and reads, and never answers.
    pub(crate) fn listen(&self) -> Listening {
        Listening::new(&self.socket())
    }

    /// A real hub, ready.
    pub(crate) fn hub(&self) -> Hub {
        let mut process = self.start(["web", "--listen", "127.0.0.1:0"]);
        let url = process.out("http://");
        Hub { process, url }
    }
}

/// See [`Home::lifeline`].
pub(crate) struct Lifeline {
    held: Receiver<bool>,
    ended: Receiver<bool>,
}

impl Lifeline {
    /// Waits until somebody holds it: who is killed before that never ends it.
    pub(crate) fn held(&self) {
        assert_eq!(self.held.recv_timeout(WATCHDOG), Ok(true), "no process took part");
    }

    /// Waits until nobody holds it.
    pub(crate) fn wait(self) {
        assert_eq!(self.ended.recv_timeout(WATCHDOG), Ok(true), "a process lives on");
    }
}

/// See [`Home::gate`].
pub(crate) struct Gate {
    path: PathBuf,
}

impl Gate {
    /// Lets the command go on. Waits for it to come to the gate.
    pub(crate) fn open(self) {
        fs::write(self.path, "go\n").unwrap();
    }
}

/// A running `choo web`.
pub(crate) struct Hub {
    pub(crate) process: Started,
    pub(crate) url: String,
}

impl Hub {
    /// Ends it in good order.
    pub(crate) fn stop(self) -> Ended {
        self.process.signal(Signal::TERM);
        self.process.end()
    }

    /// Ends it without a chance to say anything.
    pub(crate) fn kill(self) {
        self.process.signal(Signal::KILL);
        self.process.end();
    }
}

/// A process that runs, and its output so far.
pub(crate) struct Started {
    child: Child,
    lines: Receiver<(Stream, String)>,
    stdout: Output,
    stderr: Output,
}

/// What one stream has said.
#[derive(Debug, Default)]
struct Output {
    lines: Vec<String>,
    /// How many of them were passed over, or found, by waiting.
    waited_for: usize,
}

/// A process that has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<String>,
    pub(crate) stderr: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Err,
}

impl Started {
    pub(crate) fn new(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = sync_channel(1024);
        read(child.stdout.take().unwrap(), Stream::Out, sender.clone());
        read(child.stderr.take().unwrap(), Stream::Err, sender);
        Self { child, lines, stdout: Output::default(), stderr: Output::default() }
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Writes to its standard input; the command must have been made with a pipe there.
    pub(crate) fn say(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(text.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    pub(crate) fn close_stdin(&mut self) {
        self.child.stdin = None;
    }

    /// Waits for a line on standard output that contains `text`, and gives it.
    pub(crate) fn out(&mut self, text: &str) -> String {
        self.wait(Stream::Out, text)
    }

    /// Waits for a line on standard error that contains `text`, and gives it.
    pub(crate) fn err(&mut self, text: &str) -> String {
        self.wait(Stream::Err, text)
    }

    /// Two pipes have no common order: a line that came while another stream was waited for still counts.
    fn wait(&mut self, wanted: Stream, text: &str) -> String {
        loop {
            let Output { lines, waited_for } = self.output(wanted);
            if let Some(at) = lines[*waited_for..].iter().position(|line| line.contains(text)) {
                *waited_for += at + 1;
                return lines[*waited_for - 1].clone();
            }
            *waited_for = lines.len();
            match self.lines.recv_timeout(WATCHDOG) {
                Ok((stream, line)) => self.output(stream).lines.push(line),
                Err(error) => panic!("no {text:?} ({error})\n{:#?}\n{:#?}", self.stdout, self.stderr),
            }
        }
    }

    fn output(&mut self, stream: Stream) -> &mut Output {
        match stream {
            Stream::Out => &mut self.stdout,
            Stream::Err => &mut self.stderr,
        }
    }

    /// Waits for its end.
    pub(crate) fn end(mut self) -> Ended {
        self.close_stdin();
        loop {
            match self.lines.recv_timeout(WATCHDOG) {
                Ok((stream, line)) => self.output(stream).lines.push(line),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => {
                    panic!("does not end\nstdout: {:#?}\nstderr: {:#?}", self.stdout, self.stderr)
                }
            }
        }
        let status = self.child.wait().unwrap();
        let [stdout, stderr] =
            [&mut self.stdout, &mut self.stderr].map(|output| std::mem::take(&mut output.lines));
        Ended { status, stdout, stderr }
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind; one that ended has reaped it already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Ended {
    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn code(self, code: i32) -> Self {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self
    }

    /// Standard error as one text.
    pub(crate) fn err(&self) -> String {
        self.stderr.join("\n")
    }

    /// Standard output as one text.
    pub(crate) fn out(&self) -> String {
        self.stdout.join("\n")
    }
}

fn read(pipe: impl std::io::Read + Send + 'static, stream: Stream, lines: SyncSender<(Stream, String)>) {
    let copy = move || {
        for line in BufReader::new(pipe).split(b'\n').map_while(Result::ok) {
            let line = String::from_utf8_lossy(&line).into_owned();
            if lines.send((stream, line)).is_err() {
                return;
            }
        }
    };
    thread::Builder::new().name(format!("{stream:?}")).spawn(copy).unwrap();
}

/// The reading end of a socket in a hub's place: every line of every connection, in the order they come.
pub(crate) struct Listening {
    lines: Receiver<String>,
    path: PathBuf,
}

impl Listening {
    fn new(path: &Path) -> Self {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let listener = UnixListener::bind(path).unwrap();
        let (sender, lines) = sync_channel(4096);
        let accept = move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let sender = sender.clone();
                thread::Builder::new()
                    .name("connection".into())
                    .spawn(move || copy(stream, &sender))
                    .unwrap();
            }
        };
        thread::Builder::new().name("listener".into()).spawn(accept).unwrap();
        Self { lines, path: path.to_owned() }
    }

    /// Waits for the next line that is not a connection's greeting.
    pub(crate) fn next(&self) -> serde_json::Value {
        loop {
            let line = self.lines.recv_timeout(WATCHDOG).expect("no line came");
            let line: serde_json::Value = serde_json::from_str(&line).unwrap();
            if line["type"] != "link.hello" {
                return line;
            }
        }
    }

    /// Everything of the run's own events up to one of type `last`, the lines between our parts left out.
    pub(crate) fn until(&self, last: &str) -> Vec<serde_json::Value> {
        let mut lines = Vec::new();
        loop {
            let line = self.next();
            let kind = line["type"].as_str().unwrap().to_owned();
            if !kind.starts_with("link.") {
                lines.push(line);
            }
            if kind == last {
                return lines;
            }
        }
    }

    /// Whether anything has come.
    pub(crate) fn is_silent(&self) -> bool {
        self.lines.try_recv().is_err()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

fn copy(stream: UnixStream, lines: &SyncSender<String>) {
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        if lines.send(line).is_err() {
            return;
        }
    }
}

/// `type` and what it is about, of each event: `task.started a/1`.
pub(crate) fn short(events: &[serde_json::Value]) -> Vec<String> {
    let one = |event: &serde_json::Value| {
        let mut text = event["type"].as_str().unwrap().to_owned();
        if let Some(unit) = event["unit"].as_str() {
            text.push(' ');
            text.push_str(unit);
        }
        if let Some(task) = event["task"].as_i64() {
            let _ = write!(text, "/{task}");
        }
        text
    };
    events.iter().map(one).collect()
}
