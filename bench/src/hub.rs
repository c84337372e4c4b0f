//! A `choo web` that is measured, as a process of its own.

use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};
use tempfile::TempDir;

/// What everything here fails with.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// A running hub, with socket and data in a folder of its own; ends when dropped.
///
/// It has the first core for itself, as in the harness, and this process gets the second: two that take
/// turns on one core would measure the scheduler.
#[derive(Debug)]
pub struct Hub {
    child: Child,
    dir: TempDir,
    addr: SocketAddr,
}

impl Hub {
    /// Starts the `choo` that lies beside this program, without a token.
    pub fn start(options: &[&str]) -> Result<Self> {
        let dir = tempfile::tempdir()?;
        let choo = std::env::current_exe()?.with_file_name("choo");
        let mut command = Command::new(choo);
        command.args(["web", "--listen", "127.0.0.1:0", "--no-token"]).args(options);
        command.arg("--socket").arg(dir.path().join("web.sock")).arg("--data").arg(dir.path().join("data"));
        command.stdout(Stdio::piped());
        run_on(0)?;
        let mut child = command.spawn()?;
        run_on(1)?;
        let mut url = String::new();
        BufReader::new(child.stdout.take().ok_or("no output")?).read_line(&mut url)?;
        let addr = url.trim().trim_start_matches("http://").trim_end_matches('/').parse()?;
        Ok(Hub { child, dir, addr })
    }

    /// Its Unix socket.
    pub fn socket(&self) -> PathBuf {
        self.dir.path().join("web.sock")
    }

    /// A connection that lines go in by.
    pub fn producer(&self) -> Result<UnixStream> {
        Ok(UnixStream::connect(self.socket())?)
    }

    /// Sends a request for a path over TCP; the answer is yet to be read.
    pub fn request(&self, path: &str, accept: &str) -> Result<TcpStream> {
        let mut stream = TcpStream::connect(self.addr)?;
        self.ask(&mut stream, path, accept)?;
        Ok(stream)
    }

    /// The same on a connection that is there already.
    pub fn ask(&self, stream: &mut impl Write, path: &str, accept: &str) -> Result<()> {
        let host = self.addr;
        Ok(write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: {accept}\r\n\r\n")?)
    }

    /// Sends the request for a WebSocket.
    pub fn ask_socket(&self, stream: &mut impl Write, path: &str) -> Result<()> {
        let host = self.addr;
        let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13";
        let key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
        Ok(write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{upgrade}\r\n{key}\r\n\r\n")?)
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The JSON that a path answers with.
    pub fn json(&self, path: &str) -> Result<serde_json::Value> {
        let mut stream = UnixStream::connect(self.socket())?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let (_, body) = text.split_once("\r\n\r\n").ok_or("no answer")?;
        Ok(serde_json::from_str(body)?)
    }

    /// CPU time that it has used so far, in nanoseconds: in all, and of the threads of this name.
    pub fn cpu_nanos(&self, thread: &str) -> Result<(u64, u64)> {
        let (mut all, mut named) = (0, 0);
        for task in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let task = task?.path();
            let stat = fs::read_to_string(task.join("schedstat"))?;
            let nanos: u64 = stat.split(' ').next().unwrap_or_default().parse()?;
            all += nanos;
            if fs::read_to_string(task.join("comm"))?.trim() == thread {
                named += nanos;
            }
        }
        Ok((all, named))
    }

    /// Bytes of memory that it has to itself.
    pub fn memory(&self) -> Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).ok_or("no RssAnon")?;
        Ok(line.trim().trim_end_matches(" kB").parse::<u64>()? * 1024)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        // In good order, so that profilers around it write down what they have.
        let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let _ = self.child.wait();
    }
}

/// Keeps this thread, and what it starts, on one core, where there are two.
fn run_on(core: usize) -> Result<()> {
    if std::thread::available_parallelism()?.get() > 1 || core == 0 {
        let mut cores = CpuSet::new();
        cores.set(core);
        sched_setaffinity(None, &cores)?;
    }
    Ok(())
}
