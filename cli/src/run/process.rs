//! One command as a process: `sh -c TEXT` in a process group of its own, its output line by line.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use async_io::{Async, Timer};
use choo_protocol::LogStream;
use futures_lite::{AsyncRead, AsyncReadExt as _, FutureExt as _, future};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::lines::LineSplitter;
use super::stop::StopSignal;

/// What to run, and where.
#[derive(Debug, Clone)]
pub(crate) struct ShellCommand {
    /// The text after `sh -c`.
    pub text: String,
    /// The working directory; ours if absent.
    pub dir: Option<PathBuf>,
    /// Added to our environment.
    pub env: Vec<(OsString, OsString)>,
    /// After this long the command is stopped.
    pub timeout: Option<Duration>,
}

/// How a command ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself, or by a signal that was not ours.
    Exited(ExitStatus),
    /// We stopped it since its time was up.
    TimedOut(Duration),
    /// We stopped it since the run or its unit was cancelled, or the unit left out.
    Stopped,
    /// There was no process to begin with.
    NotStarted(io::Error),
}

/// Runs `command` to its end and reports every line of its output.
///
/// On a stop, or when its time is up, the whole process group gets SIGTERM, and SIGKILL after [`GRACE`].
/// The command is over when its shell is; what it left behind and still holds the pipes is stopped as well.
pub(crate) async fn run(command: &ShellCommand, stop: &StopSignal, on_line: &dyn Fn(LogStream, &str)) -> End {
    match Running::start(command) {
        Ok(running) => running.run_to_end(command, stop, on_line).await,
        Err(error) => End::NotStarted(error),
    }
}

struct Running {
    child: Child,
    /// The child's id, and that of its process group: valid until the child is reaped, which happens last
    /// of all.
    group: Pid,
    stdout: Async<std::process::ChildStdout>,
    stderr: Async<std::process::ChildStderr>,
}

impl Running {
    fn start(command: &ShellCommand) -> io::Result<Self> {
        let mut builder = Command::new("sh");
        builder.arg("-c").arg(&command.text).envs(command.env.iter().map(|(key, value)| (key, value)));
        builder.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        if let Some(dir) = &command.dir {
            builder.current_dir(dir);
        }
        let mut child = builder.spawn()?;
        let group = Pid::from_child(&child);
        let pipes = child.stdout.take().zip(child.stderr.take());
        let (stdout, stderr) = pipes.ok_or_else(|| io::Error::other("the process has no pipes"))?;
        Ok(Self { child, group, stdout: Async::new(stdout)?, stderr: Async::new(stderr)? })
    }

    async fn run_to_end(
        mut self,
        command: &ShellCommand,
        stop: &StopSignal,
        on_line: &dyn Fn(LogStream, &str),
    ) -> End {
        let group = self.group;
        let (told_over, over) = smol::channel::bounded::<()>(1);
        let supervise = async {
            let early = supervise(group, command.timeout, stop).await;
            told_over.close();
            early
        };
        let read = async {
            future::zip(
                pump(&mut self.stdout, |line| on_line(LogStream::Stdout, line)),
                pump(&mut self.stderr, |line| on_line(LogStream::Stderr, line)),
            )
            .await;
        };
        // Reading goes on while the process is watched, and a little longer; then whoever still writes has
        // to go.
        let read = read.or(async {
            let _ = over.recv().await;
            Timer::after(DRAIN).await;
            signal(group, Signal::TERM);
            Timer::after(DRAIN).await;
            signal(group, Signal::KILL);
            Timer::after(DRAIN).await;
        });
        let (early, ()) = future::zip(supervise, read).await;
        let status = self.child.wait();
        match (early, status) {
            (Some(early), _) => early,
            (None, Ok(status)) => End::Exited(status),
            (None, Err(error)) => End::NotStarted(error),
        }
    }
}

/// Returns when the group's first process has ended; tells what made us end it, if something did.
async fn supervise(group: Pid, timeout: Option<Duration>, stop: &StopSignal) -> Option<End> {
    let mut exited = smol::unblock(move || wait_without_reaping(group));
    let cause = async {
        (&mut exited).await;
        None
    }
    .or(async {
        stop.terminated().await;
        Some(End::Stopped)
    })
    .or(async {
        match timeout {
            Some(after) => {
                Timer::after(after).await;
                Some(End::TimedOut(after))
            }
            None => future::pending().await,
        }
    })
    .await?;
    signal(group, Signal::TERM);
    let grace = async {
        Timer::after(GRACE).await;
    };
    let patience = async {
        grace.or(stop.killed()).await;
        false
    };
    let ended = async {
        (&mut exited).await;
        true
    };
    if !ended.or(patience).await {
        signal(group, Signal::KILL);
        exited.await;
    }
    Some(cause)
}

/// Blocks until the process has ended and leaves it a zombie, so that its id cannot become somebody else's
/// while we may still send signals to it.
fn wait_without_reaping(pid: Pid) {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while matches!(waitid(WaitId::Pid(pid), options), Err(rustix::io::Errno::INTR)) {}
}

/// A group whose members have all gone takes no signal; that is what was wanted.
fn signal(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
}

async fn pump(pipe: &mut (impl AsyncRead + Unpin), on_line: impl Fn(&str)) {
    let mut splitter = LineSplitter::default();
    let mut chunk = vec![0; CHUNK_BYTES];
    // A pipe that fails has nothing more to say, as one that ends.
    while let Ok(n @ 1..) = pipe.read(&mut chunk).await {
        splitter.handle_bytes(&chunk[..n], &on_line);
        // A command that never stops writing must not keep the others from their turn.
        future::yield_now().await;
    }
    splitter.handle_end(&on_line);
}

/// Between SIGTERM and SIGKILL.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// How long processes left behind may hold the pipes of a command that is over.
const DRAIN: Duration = Duration::from_millis(500);

/// Read at once; the usual capacity of a pipe.
const CHUNK_BYTES: usize = 64 * 1024;
