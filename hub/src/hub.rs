//! The daemon: sockets around the core.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_io::Timer;
use futures_lite::future;
use rustix::process::{Resource, getrlimit, setrlimit};
use smol::Executor;

use crate::accept::Acceptor;
use crate::claimed::{Claimed, Doors};
use crate::clock::Clock;
use crate::core::{Core, Keep};
use crate::fan::FanOut;
use crate::history::{self, Opened, Writer};
use crate::http::Door;
use crate::producers::Intake;
use crate::shared::Shared;
use crate::{Config, HistorySource, StartError, default_data_dir};

/// How long a shutdown may take, readers that do not read included.
pub(crate) const DRAIN: Duration = Duration::from_secs(2);

/// A hub that listens. It serves while [`Hub::run_until`] runs; connections made before wait.
///
/// Dropping it frees the socket and the port.
pub struct Hub {
    shared: Arc<Shared>,
    fan: FanOut,
    intake: Intake,
    doors: Doors,
    /// What stores the history.
    writer: Option<Writer>,
}

impl Hub {
    /// Takes the right to the Unix socket, the port and the token, leaves the URL for the next hub that tries
    /// the same socket, goes on with the history, and only then lets anybody connect. Raises the process's
    /// limit of open files to what it may be.
    pub fn start(config: Config) -> Result<Hub, StartError> {
        let claimed = Claimed::take(&config)?;
        raise_open_files();
        let keep = Keep { runs: config.keep_runs, age: config.keep_age, bytes: config.keep_bytes };
        let seed = getrandom::u64()
            .map_err(|error| StartError::System { doing: "get randomness", source: error.into() })?;
        let clock = Clock::start();
        let mut core = Core::new(config.history_bytes, seed, clock.now()).keeping(keep.runs);
        let mut opened = None;
        if let HistorySource::File(path) = config.history {
            let path = history_path(path)?;
            let (continued, file) = history::open(&path, core, keep, clock.now())?;
            (core, opened) = (continued, Some(file));
        }
        let readers = opened.as_ref().map(|opened| Arc::clone(&opened.readers));
        let cannot_wait = |source| StartError::System { doing: "wait for sockets", source };
        let fan = FanOut::new(core.history().last()).map_err(cannot_wait)?;
        let intake = Intake::new().map_err(cannot_wait)?;
        let (bell, news) = (fan.bell(), intake.news());
        let shared = Arc::new(Shared::new(core, clock, config.max_clients, bell, news, readers));
        let doors = claimed.open()?;
        let start = |Opened { store, .. }| Writer::start(Arc::clone(&shared), store, keep);
        let writer = opened.map(start).transpose();
        let writer = writer.map_err(|source| StartError::System { doing: "start a thread", source })?;
        Ok(Hub { shared, fan, intake, doors, writer })
    }

    /// Where a browser opens the dashboard, token included: `http://127.0.0.1:8080/#token=…`
    pub fn url(&self) -> &str {
        &self.doors.url
    }

    /// Where HTTP is served.
    pub fn addr(&self) -> SocketAddr {
        self.doors.addr
    }

    /// The Unix socket.
    pub fn socket(&self) -> &Path {
        self.doors.unix.path()
    }

    /// Serves on this thread until `shutdown` resolves. Then the socket and the port are freed, what
    /// producers have sent is taken, and readers get the rest and `hub.bye`, for 2 s at most. Then the
    /// history is closed, which takes a moment, and 2 s at most where the disk is slow.
    pub fn run_until(self, shutdown: impl Future) {
        let executor = Arc::new(Executor::new());
        let shared = self.shared;
        let fan = match self.fan.start(&shared) {
            Ok(fan) => fan,
            Err(error) => {
                tracing::error!(%error, "cannot start the threads that serve readers");
                return;
            }
        };
        let producers = match self.intake.start(&shared) {
            Ok(producers) => producers,
            Err(error) => {
                tracing::error!(%error, "cannot start the thread that takes events in");
                return fan.stop();
            }
        };
        let (alive, all_gone) = smol::channel::bounded(1);
        let acceptor = Acceptor {
            shared: Arc::clone(&shared),
            producers: producers.entrance(),
            desk: fan.desk(),
            executor: Arc::clone(&executor),
            alive,
        };
        let Doors { unix, tcp, addr, guard, .. } = self.doors;
        let unix = executor.spawn(acceptor.clone().run_unix(unix));
        let tcp = executor.spawn(acceptor.run_tcp(tcp, Door::Tcp(guard)));
        let ticker = Arc::clone(&shared);
        let ticker = executor.spawn(async move { ticker.tick().await });
        tracing::info!(%addr, "hub serves");
        async_io::block_on(executor.run(async {
            shutdown.await;
            tracing::info!("hub shuts down");
            // Dropping the acceptors frees socket and port for a successor.
            unix.cancel().await;
            tcp.cancel().await;
            producers.finish();
            shared.close();
            ticker.cancel().await;
            // Nothing is ever sent; it errs when the last connection has dropped its end.
            let gone = async {
                let _ = all_gone.recv().await;
            };
            let late = async {
                Timer::after(DRAIN).await;
                tracing::warn!("some readers were cut off");
            };
            future::or(gone, late).await;
        }));
        fan.stop();
        if let Some(writer) = self.writer {
            writer.finish(DRAIN);
        }
    }
}

impl fmt::Debug for Hub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hub")
            .field("addr", &self.addr())
            .field("socket", &self.socket())
            .finish_non_exhaustive()
    }
}

fn history_path(path: PathBuf) -> Result<PathBuf, StartError> {
    if !path.as_os_str().is_empty() {
        return Ok(path);
    }
    Ok(default_data_dir().ok_or(StartError::NoHistoryPlace)?.join("history.db"))
}

/// A reader takes a file descriptor; the usual soft limit of 1,024 is not meant for daemons.
fn raise_open_files() {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        limit.current = limit.maximum;
        if let Err(error) = setrlimit(Resource::Nofile, limit) {
            tracing::warn!(%error, "cannot raise the limit of open files");
        }
    }
}
