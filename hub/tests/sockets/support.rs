//! A hub on real sockets, and a plain HTTP client that shows every byte.
//!
//! Every read has a limit of time, so that what never comes fails the test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use choo_hub::{Config, HistorySource, Hub, TokenSource};
use serde_json::Value;
use tempfile::TempDir;

/// What nothing here takes longer than.
pub(crate) const WATCHDOG: Duration = Duration::from_secs(20);

/// A hub in a thread and a folder of its own.
pub(crate) struct TestHub {
    pub(crate) dir: TempDir,
    pub(crate) addr: SocketAddr,
    pub(crate) url: String,
    stop: Option<smol::channel::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TestHub {
    pub(crate) fn start() -> Self {
        Self::with(|_| {})
    }

    pub(crate) fn with(adjust: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), adjust)
    }

    /// A hub in a folder that may hold what an earlier one left.
    pub(crate) fn start_in(dir: TempDir, adjust: impl FnOnce(&mut Config)) -> Self {
        let mut config = config(&dir);
        adjust(&mut config);
        Self::serve(Hub::start(config).unwrap(), dir)
    }

    /// A hub that was started in this folder.
    pub(crate) fn serve(hub: Hub, dir: TempDir) -> Self {
        let (addr, url) = (hub.addr(), hub.url().to_owned());
        let (stop, stopped) = smol::channel::bounded::<()>(1);
        let run = move || hub.run_until(async move { stopped.recv().await });
        let thread = std::thread::Builder::new().name("test-hub".to_owned()).spawn(run).unwrap();
        TestHub { dir, addr, url, stop: Some(stop), thread: Some(thread) }
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.dir.path().join("web.sock")
    }

    pub(crate) fn token(&self) -> &str {
        self.url.split_once("#token=").unwrap().1
    }

    /// Tells it to stop, without waiting.
    pub(crate) fn stop(&mut self) {
        self.stop = None;
    }

    /// Waits until it has stopped; gives its folder.
    pub(crate) fn join(mut self) -> TempDir {
        self.stop();
        self.thread.take().unwrap().join().unwrap();
        std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap())
    }

    /// A producer that sends lines.
    pub(crate) fn producer(&self) -> Producer {
        Producer(UnixStream::connect(self.socket()).unwrap())
    }

    /// A GET over TCP with the token.
    pub(crate) fn get(&self, path: &str) -> Answer {
        self.request(path, &[&format!("Authorization: Bearer {}", self.token())])
    }

    /// The JSON of such a GET.
    pub(crate) fn json(&self, path: &str) -> Value {
        let mut answer = self.get(path);
        assert_eq!(answer.status, 200, "{path}");
        serde_json::from_slice(&answer.rest()).unwrap()
    }

    /// A GET over TCP with these headers and the right Host.
    pub(crate) fn request(&self, path: &str, headers: &[&str]) -> Answer {
        let host = format!("Host: {}", self.addr);
        let headers: Vec<&str> = [&*host].into_iter().chain(headers.iter().copied()).collect();
        self.raw(&format!("GET {path} HTTP/1.1\r\n{}\r\n\r\n", headers.join("\r\n")))
    }

    /// A POST over TCP with these headers and the right Host: the status, and the answer's JSON.
    pub(crate) fn post(&self, path: &str, headers: &[&str], body: &str) -> (u16, Value) {
        let (host, length) = (format!("Host: {}", self.addr), format!("Content-Length: {}", body.len()));
        let headers = [&[&*host, &*length], headers].concat().join("\r\n");
        let mut answer = self.raw(&format!("POST {path} HTTP/1.1\r\n{headers}\r\n\r\n{body}"));
        (answer.status, serde_json::from_slice(&answer.rest()).unwrap())
    }

    /// These bytes over TCP, and the answer.
    pub(crate) fn raw(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.addr).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        Answer::read(Box::new(stream))
    }

    /// A GET over the Unix socket, without a token.
    pub(crate) fn get_unix(&self, path: &str) -> Answer {
        let mut stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(WATCHDOG)).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        Answer::read(Box::new(stream))
    }

    /// A stream as NDJSON.
    pub(crate) fn ndjson(&self, query: &str) -> Answer {
        let answer = self.stream(query, "application/x-ndjson", &[]);
        assert_eq!(answer.status, 200);
        answer
    }

    /// A stream as server-sent events, with `Last-Event-ID` if there is one.
    pub(crate) fn sse(&self, query: &str, last_event_id: Option<&str>) -> Answer {
        let last = last_event_id.map(|id| format!("Last-Event-ID: {id}"));
        self.stream(query, "text/event-stream", &last.as_deref().into_iter().collect::<Vec<_>>())
    }

    fn stream(&self, query: &str, accept: &str, headers: &[&str]) -> Answer {
        let (token, accept) =
            (format!("Authorization: Bearer {}", self.token()), format!("Accept: {accept}"));
        let headers: Vec<&str> = [&*token, &*accept].into_iter().chain(headers.iter().copied()).collect();
        self.request(&format!("/api/v1/events{query}"), &headers)
    }
}

impl Drop for TestHub {
    fn drop(&mut self) {
        self.stop();
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the hub panicked");
        }
    }
}

/// What a hub in this folder is started with.
pub(crate) fn config(dir: &TempDir) -> Config {
    let mut config = Config::default();
    config.socket = dir.path().join("web.sock");
    config.listen = "127.0.0.1:0".parse().unwrap();
    config.token = TokenSource::File(dir.path().join("data/token"));
    config.history = HistorySource::File(dir.path().join("data/history.db"));
    config
}

/// A connection that lines go out by.
pub(crate) struct Producer(UnixStream);

impl Producer {
    pub(crate) fn send(&mut self, line: &str) {
        self.0.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Events of a run with these numbers.
    pub(crate) fn events(&mut self, run: &str, seqs: std::ops::RangeInclusive<u64>) {
        let lines: String = seqs.map(|seq| event(run, seq) + "\n").collect();
        self.0.write_all(lines.as_bytes()).unwrap();
    }

    /// The next line that it is told.
    pub(crate) fn line(&mut self) -> Value {
        self.0.set_read_timeout(Some(WATCHDOG)).unwrap();
        let mut line = Vec::new();
        let mut byte = [0];
        while self.0.read(&mut byte).unwrap() > 0 && byte[0] != b'\n' {
            line.push(byte[0]);
        }
        serde_json::from_slice(&line).unwrap()
    }

    /// Waits until this number of the run `r` is acknowledged: by the welcome, if it was stored before that.
    pub(crate) fn wait_acked(&mut self, seq: u64) {
        loop {
            let line = self.line();
            let stored = match line["type"].as_str() {
                Some("link.welcome") => &line["payload"]["have"]["r"],
                Some("link.ack") => &line["payload"]["seq"],
                _ => &Value::Null,
            };
            if *stored == seq {
                return;
            }
        }
    }

    pub(crate) fn close(self) {
        self.0.shutdown(Shutdown::Both).unwrap();
    }

    /// Waits for the hub to close the connection.
    pub(crate) fn wait_closed(&mut self) {
        self.0.set_read_timeout(Some(WATCHDOG)).unwrap();
        assert_eq!(self.0.read(&mut [0]).unwrap(), 0);
    }
}

pub(crate) fn event(run: &str, seq: u64) -> String {
    format!(
        r#"{{"type":"x.test.tick","time":"2025-01-18T10:30:15Z","unit":"u{}","run":"{run}","seq":{seq}}}"#,
        seq % 3
    )
}

/// An answer: its head, and its body as it comes.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    body: BufReader<Box<dyn Read>>,
    /// Bytes of the current chunk that are not read yet; `None` when the body is not chunked.
    chunk: Option<usize>,
    length: usize,
    text: Vec<u8>,
}

impl Answer {
    pub(crate) fn read(stream: Box<dyn Read>) -> Self {
        let mut body = BufReader::new(stream);
        let mut line = String::new();
        body.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).unwrap_or_else(|| panic!("no answer: {line:?}")).parse().unwrap();
        let mut headers = HashMap::new();
        loop {
            let mut line = String::new();
            body.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.insert(name.to_ascii_lowercase(), value.to_owned());
        }
        let chunk = headers.contains_key("transfer-encoding").then_some(0);
        let length = headers.get("content-length").map_or(0, |text| text.parse().unwrap());
        Answer { status, headers, body, chunk, length, text: Vec::new() }
    }

    /// Some more bytes of the body; `false` at its end.
    fn more(&mut self) -> bool {
        let mut buffer = [0; 8192];
        let room = match self.chunk {
            None => self.length,
            Some(0) => {
                let mut size = String::new();
                self.body.read_line(&mut size).unwrap();
                let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
                self.chunk = Some(size);
                size
            }
            Some(left) => left,
        };
        let room = room.min(buffer.len());
        if room == 0 {
            return false;
        }
        let n = self.body.read(&mut buffer[..room]).unwrap();
        assert!(n > 0, "the connection was cut");
        self.text.extend_from_slice(&buffer[..n]);
        match &mut self.chunk {
            None => self.length -= n,
            Some(left) => {
                *left -= n;
                if *left == 0 {
                    self.body.read_line(&mut String::new()).unwrap();
                }
            }
        }
        true
    }

    /// The next line of the body; `None` at its end.
    pub(crate) fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.text.iter().position(|b| *b == b'\n') {
                let line = self.text.drain(..=end).take(end).collect();
                return Some(String::from_utf8(line).unwrap());
            }
            if !self.more() {
                assert!(self.text.is_empty(), "a torn line");
                return None;
            }
        }
    }

    /// The next line of the body that is JSON, of an NDJSON stream or the data of an SSE one.
    pub(crate) fn event(&mut self) -> Option<Value> {
        loop {
            let line = self.line()?;
            let data = line.strip_prefix("data: ").unwrap_or(&line);
            if data.starts_with('{') {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }

    /// The next event of a type; what comes before it is passed over.
    pub(crate) fn wait(&mut self, kind: &str) -> Value {
        loop {
            let event = self.event().unwrap_or_else(|| panic!("ended before {kind}"));
            if event["type"] == kind {
                return event;
            }
        }
    }

    /// The numbers of a run's events up to one, and the cursor that came behind it.
    pub(crate) fn numbers(&mut self, run: &str, until: u64) -> Vec<u64> {
        let mut numbers = Vec::new();
        while numbers.last() != Some(&until) {
            let event = self.event().unwrap_or_else(|| panic!("ended before {until}"));
            assert_ne!(event["type"], "hub.gap");
            if event["run"] == run {
                numbers.extend(event["seq"].as_u64());
            }
        }
        numbers
    }

    /// The whole rest of the body.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        while self.more() {}
        std::mem::take(&mut self.text)
    }
}
