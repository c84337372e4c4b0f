//! A hub's end of the socket for tests: it reads lines and folds them.

#![allow(dead_code, reason = "not every test that shares this file uses all of it")]

use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use choo_protocol::{Limits, Line, RunState, WireEvent, kind};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// No wait of these tests is longer; reaching it is a failure.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(30);

pub(crate) struct Hub {
    pub(crate) path: PathBuf,
    listener: UnixListener,
    _dir: Option<tempfile::TempDir>,
}

pub(crate) struct Connection {
    lines: BufReader<UnixStream>,
}

/// Everything one connection brought.
pub(crate) struct Read {
    pub(crate) lines: Vec<WireEvent>,
    pub(crate) state: RunState,
}

/// A path at which nobody listens yet.
pub(crate) fn scratch() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("web.sock");
    (dir, path)
}

/// How long something takes.
#[expect(clippy::disallowed_methods, reason = "a test measures")]
pub(crate) fn stopwatch(run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed()
}

/// Waits for something that gives no sign of its own.
#[expect(clippy::disallowed_methods, reason = "the watchdog")]
pub(crate) fn wait_for(mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < WATCHDOG, "it never came");
        std::thread::yield_now();
    }
}

impl Hub {
    pub(crate) fn new() -> Self {
        let (dir, path) = scratch();
        Hub { _dir: Some(dir), ..Hub::at(&path) }
    }

    /// As our hub does it: whoever finds the socket can connect to it.
    pub(crate) fn at(path: &Path) -> Self {
        let place = path.with_extension("new");
        let listener = UnixListener::bind(&place).unwrap();
        std::fs::rename(place, path).unwrap();
        Hub { path: path.to_owned(), listener, _dir: None }
    }

    pub(crate) fn accept(&self) -> Connection {
        accept(&self.listener)
    }

    /// Accepts one connection and reads it to its end.
    pub(crate) fn read_in_background(&self) -> JoinHandle<Read> {
        let listener = self.listener.try_clone().unwrap();
        let thread = std::thread::Builder::new().name("reader".to_owned());
        thread.spawn(move || accept(&listener).read_to_end()).unwrap()
    }
}

fn accept(listener: &UnixListener) -> Connection {
    let timeout = Timespec { tv_sec: i64::try_from(WATCHDOG.as_secs()).unwrap(), tv_nsec: 0 };
    let ready = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&timeout)).unwrap();
    assert_eq!(ready, 1, "no connection came");
    let stream = listener.accept().unwrap().0;
    stream.set_read_timeout(Some(WATCHDOG)).unwrap();
    Connection { lines: BufReader::new(stream) }
}

impl Connection {
    /// The next whole line; `None` at the end. Every one is checked as the hub checks it.
    fn next_raw(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        self.lines.read_until(b'\n', &mut bytes).expect("a line or the end, in time");
        (bytes.pop()? == b'\n').then_some(bytes)
    }

    /// The next line that is no `link.hello`.
    pub(crate) fn next_line(&mut self) -> Option<WireEvent> {
        loop {
            let bytes = self.next_raw()?;
            let line = Line::parse(&bytes, &Limits::default()).expect("every whole line is a line");
            if line.kind != kind::LINK_HELLO {
                return Some(WireEvent::from(&line));
            }
        }
    }

    /// Says a line of its own.
    pub(crate) fn say(&mut self, line: &str) {
        self.lines.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Reads so many bytes at a time from now on.
    pub(crate) fn in_pieces_of(self, bytes: usize) -> Self {
        assert!(self.lines.buffer().is_empty());
        Connection { lines: BufReader::with_capacity(bytes, self.lines.into_inner()) }
    }

    pub(crate) fn stop_sending(&self) {
        self.lines.get_ref().shutdown(Shutdown::Write).unwrap();
    }

    fn read_to_end(mut self) -> Read {
        let mut lines = Vec::new();
        let mut state = RunState::new("r".parse().unwrap());
        while let Some(bytes) = self.next_raw() {
            let line = Line::parse(&bytes, &Limits::default()).expect("every whole line is a line");
            if line.kind == kind::LINK_HELLO {
                continue;
            }
            state.apply(&line);
            lines.push(WireEvent::from(&line));
        }
        Read { lines, state }
    }
}
