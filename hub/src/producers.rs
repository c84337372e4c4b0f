//! The connections that event lines come in by.

use std::collections::BTreeMap;
use std::future::pending;
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_io::Async;
use event_listener::EventListener;
use futures_lite::future;

use crate::core::{Ingest, IntakeStatus, Reply};
use crate::shared::Shared;

/// Read at once, in bytes.
const CHUNK: usize = 64 << 10;

/// How many chunks a connection may take before the others get a turn.
const CHUNKS: usize = 4;

/// How many chunks of a connection are taken before a newer one of the same process is read: more than
/// the kernel holds for one.
const CHUNKS_BEFORE_SUCCESSOR: usize = 64;

/// All connections that lines come in by, in the order in which they were made.
#[derive(Debug)]
pub(crate) struct Producers {
    shared: Arc<Shared>,
    open: Mutex<BTreeMap<u64, Arc<Producer>>>,
}

/// One of them.
#[derive(Debug)]
struct Producer {
    stream: Async<UnixStream>,
    pid: Option<u32>,
    /// When it came, by the hub's clock.
    since: Duration,
    /// Gone once the connection has ended.
    intake: Mutex<Option<Intake>>,
}

/// One of them, as it is.
#[derive(Debug)]
pub(crate) struct ProducerStatus {
    /// Its number while it is here.
    pub(crate) number: u64,
    pub(crate) pid: Option<u32>,
    pub(crate) since: Duration,
    /// Bytes that it has sent and nobody has read, where the system tells.
    pub(crate) unread: Option<u64>,
    /// Bytes for it that its socket has not taken.
    pub(crate) waiting: usize,
    pub(crate) intake: IntakeStatus,
}

/// Where its bytes go, and what it is told.
#[derive(Debug)]
struct Intake {
    ingest: Ingest,
    chunk: Box<[u8]>,
    /// What is left of the line that is being said to it.
    saying: Vec<u8>,
    /// It does not listen any more.
    deaf: bool,
}

/// What a producer's task has to wait for besides new lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Nothing,
    /// Something may be to be said once more is stored, or somebody gives a command.
    News,
    /// Something is to be said at this time of the hub's clock.
    At(Duration),
    /// Something is to be said as soon as the producer takes it.
    Writable,
}

impl Producers {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Producers { shared, open: Mutex::new(BTreeMap::new()) }
    }

    /// Takes lines from a connection until it ends.
    pub(crate) async fn serve(&self, stream: Async<UnixStream>, pid: Option<u32>) {
        let ingest = self.shared.act(|core, _| core.connect(pid));
        let chunk = vec![0; CHUNK].into_boxed_slice();
        let intake = Intake { ingest, chunk, saying: Vec::new(), deaf: false };
        let since = self.shared.now().at;
        let producer = Arc::new(Producer { stream, pid, since, intake: Mutex::new(Some(intake)) });
        let number = self.register(&producer);
        tracing::info!(pid, "producer connected");
        // A pusher that reconnects has closed its last connection first, so what that still holds was
        // sent before, and must not be taken for a repeat of what is sent now.
        for earlier in self.earlier_of_same_process(number, pid) {
            earlier.pump(&self.shared, CHUNKS_BEFORE_SUCCESSOR);
        }
        while producer.pump(&self.shared, CHUNKS) {
            future::yield_now().await;
            // Made before looking, so that nothing that happens in between is slept through.
            let news = self.shared.news();
            let next = producer.say(&self.shared);
            if producer.wait(&self.shared, next, news).await.is_err() {
                break;
            }
        }
        producer.end(&self.shared);
        self.lock().remove(&number);
        tracing::info!(pid, "producer gone");
    }

    /// Takes what the connections still hold, and ends them.
    pub(crate) fn finish(&self) {
        let open = std::mem::take(&mut *self.lock());
        for producer in open.into_values() {
            producer.pump(&self.shared, CHUNKS_BEFORE_SUCCESSOR);
            producer.say(&self.shared);
            producer.end(&self.shared);
            // Its task finds the end and returns.
            let _ = producer.stream.get_ref().shutdown(Shutdown::Both);
        }
    }

    /// Who is there, in the order in which they came.
    pub(crate) fn list(&self) -> Vec<ProducerStatus> {
        let open = self.lock();
        open.iter().filter_map(|(number, producer)| producer.status(*number)).collect()
    }

    fn register(&self, producer: &Arc<Producer>) -> u64 {
        let mut open = self.lock();
        let number = open.last_key_value().map_or(0, |(last, _)| last + 1);
        open.insert(number, Arc::clone(producer));
        number
    }

    fn earlier_of_same_process(&self, number: u64, pid: Option<u32>) -> Vec<Arc<Producer>> {
        let open = self.lock();
        let earlier = open.range(..number).map(|(_, producer)| producer);
        earlier.filter(|producer| pid.is_some() && producer.pid == pid).cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Arc<Producer>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Producer {
    /// Takes what has arrived, up to a number of chunks; `false` once the connection has ended.
    fn pump(&self, shared: &Shared, chunks: usize) -> bool {
        let mut slot = self.lock();
        let Some(Intake { ingest, chunk, .. }) = slot.as_mut() else { return false };
        for _ in 0..chunks {
            match self.stream.get_ref().read(chunk) {
                Ok(n) if n > 0 => shared.act(|core, now| ingest.handle_bytes(core, &chunk[..n], now)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return true,
                Ok(_) | Err(_) => {
                    drop(slot);
                    self.end(shared);
                    return false;
                }
            }
        }
        true
    }

    /// Says what there is to be said, as far as the producer takes it, and never waits.
    fn say(&self, shared: &Shared) -> Next {
        let mut slot = self.lock();
        let Some(Intake { ingest, saying, deaf, .. }) = slot.as_mut() else { return Next::Nothing };
        while ingest.is_greeted() && !*deaf {
            if saying.is_empty() {
                match shared.look(|core, now| ingest.poll_reply(core, now)) {
                    Reply::Say(line) => *saying = line,
                    Reply::Command => match shared.act(|core, _| ingest.take_command(core)) {
                        Some(line) => *saying = line,
                        None => continue,
                    },
                    Reply::At(at) => return Next::At(at),
                    Reply::Nothing => return Next::News,
                }
            }
            match self.stream.get_ref().write(saying) {
                Ok(n) => drop(saying.drain(..n)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Next::Writable,
                // It may have closed this direction only, and go on sending.
                Err(_) => {
                    *deaf = true;
                    shared.act(|core, _| ingest.handle_deaf(core));
                }
            }
        }
        Next::Nothing
    }

    fn status(&self, number: u64) -> Option<ProducerStatus> {
        let slot = self.lock();
        let Intake { ingest, saying, .. } = slot.as_ref()?;
        let unread = rustix::io::ioctl_fionread(self.stream.get_ref()).ok();
        let (pid, since, waiting) = (self.pid, self.since, saying.len());
        Some(ProducerStatus { number, pid, since, unread, waiting, intake: ingest.status() })
    }

    /// Waits for new lines, or until something can be said.
    async fn wait(&self, shared: &Shared, next: Next, news: EventListener) -> io::Result<()> {
        let say = async {
            match next {
                Next::Nothing => pending().await,
                Next::News => {
                    news.await;
                    Ok(())
                }
                Next::At(at) => {
                    shared.sleep_until(at).await;
                    Ok(())
                }
                Next::Writable => self.stream.writable().await,
            }
        };
        future::or(self.stream.readable(), say).await
    }

    /// Tells the core that nothing more will come; again without effect.
    fn end(&self, shared: &Shared) {
        if let Some(mut intake) = self.lock().take() {
            shared.act(|core, now| intake.ingest.handle_end(core, now));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Option<Intake>> {
        self.intake.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
