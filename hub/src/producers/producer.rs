//! One connection.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use smol::channel::Sender;

use crate::core::{Ingest, IntakeStatus, Reply};
use crate::shared::Shared;

/// Read at once, in bytes: so much is on its way to readers while the next is taken in. With 64 KiB a hub on
/// one core and the only reader took turns, and 0.55 M events/s got there; with 16 it is 0.95 M.
pub(super) const CHUNK: usize = 16 << 10;

/// A connection as it is.
#[derive(Debug)]
pub(crate) struct ProducerStatus {
    /// Its number among all that ever came.
    pub(crate) number: u64,
    pub(crate) pid: Option<u32>,
    pub(crate) since: Duration,
    /// Bytes that it has sent and nobody has read, where the system tells.
    pub(crate) unread: Option<u64>,
    /// Bytes for it that its socket has not taken.
    pub(crate) waiting: usize,
    pub(crate) intake: IntakeStatus,
}

/// A connection, where its bytes go, and what it is told.
#[derive(Debug)]
pub(super) struct Producer {
    pub(super) stream: UnixStream,
    pub(super) pid: Option<u32>,
    /// When it came, by the hub's clock.
    since: Duration,
    ingest: Ingest,
    /// What is left of the line that is being said to it.
    saying: Vec<u8>,
    /// It does not listen any more.
    deaf: bool,
    /// What it waits for besides new lines.
    pub(super) next: Next,
    /// It has closed its side, and what it has sent is to be read to the end.
    pub(super) ending: bool,
    /// Held as long as the connection lives.
    _alive: Sender<()>,
}

/// What has to happen before there is something to say to a producer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Nothing,
    /// Something more is stored, or somebody gives a command.
    News,
    /// It is this time of the hub's clock.
    At(Duration),
    /// It takes more bytes.
    Writable,
}

/// What its socket held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// No more than was taken.
    All,
    /// Perhaps more.
    More,
    /// The connection's end.
    End,
}

impl Producer {
    pub(super) fn new(stream: UnixStream, pid: Option<u32>, alive: Sender<()>, shared: &Shared) -> Self {
        let ingest = shared.act(|core, _| core.connect(pid));
        tracing::info!(pid, "producer connected");
        let since = shared.now().at;
        Producer {
            stream,
            pid,
            since,
            ingest,
            saying: Vec::new(),
            deaf: false,
            next: Next::Nothing,
            ending: false,
            _alive: alive,
        }
    }

    /// Takes what has arrived, up to a number of chunks.
    ///
    /// A stream that gives less than it was asked for is empty, and says so when it has more, as an end that
    /// it was told of (`ending`) does not.
    pub(super) fn pump(&mut self, shared: &Shared, chunks: usize, chunk: &mut [u8]) -> Held {
        for _ in 0..chunks {
            match self.stream.read(chunk) {
                Ok(n) if n > 0 => {
                    shared.act(|core, now| self.ingest.handle_bytes(core, &chunk[..n], now));
                    if n == chunk.len() {
                        shared.give_way();
                    } else if !self.ending {
                        return Held::All;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Held::All,
                Ok(_) | Err(_) => return Held::End,
            }
        }
        Held::More
    }

    /// Says what there is to be said, as far as the producer takes it, and never waits.
    pub(super) fn say(&mut self, shared: &Shared) {
        self.next = self.say_all(shared);
    }

    fn say_all(&mut self, shared: &Shared) -> Next {
        let Producer { stream, ingest, saying, deaf, .. } = self;
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
            match stream.write(saying) {
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

    pub(super) fn status(&self, number: usize) -> ProducerStatus {
        let unread = rustix::io::ioctl_fionread(&self.stream).ok();
        let Producer { pid, since, ref ingest, ref saying, .. } = *self;
        ProducerStatus {
            number: number as u64,
            pid,
            since,
            unread,
            waiting: saying.len(),
            intake: ingest.status(),
        }
    }

    /// Nothing more is taken of it.
    pub(super) fn end(mut self, shared: &Shared) {
        shared.act(|core, now| self.ingest.handle_end(core, now));
        // It may be gone already.
        let _ = self.stream.shutdown(Shutdown::Both);
        tracing::info!(pid = self.pid, "producer gone");
    }
}
