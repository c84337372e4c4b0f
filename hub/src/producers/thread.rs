//! The thread with the producers' sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use smol::channel::Sender;

use super::news::News;
use super::producer::{CHUNK, Held, Next, Producer, ProducerStatus};
use crate::shared::Shared;

/// The thread's own token; producers have their numbers.
const NEWS: Token = Token(usize::MAX);

/// How many chunks a connection may take before the others get a turn.
const CHUNKS: usize = 16;

/// How many chunks of a connection are taken before a newer one of the same process is read: more than
/// the kernel holds for one.
const CHUNKS_BEFORE_SUCCESSOR: usize = 256;

/// Where producers are handed over, once it runs.
#[derive(Debug)]
pub(crate) struct Intake {
    poll: Poll,
    news: Arc<News>,
}

/// The running thread.
#[derive(Debug)]
pub(crate) struct Producers {
    news: Arc<News>,
    mail: Arc<Mutex<Mail>>,
    thread: JoinHandle<()>,
}

/// Hands producers over.
#[derive(Clone, Debug)]
pub(crate) struct Entrance {
    news: Arc<News>,
    mail: Arc<Mutex<Mail>>,
}

#[derive(Debug, Default)]
struct Mail {
    joining: Vec<Joining>,
    /// Who wants to know who is here.
    asking: Vec<Sender<Vec<ProducerStatus>>>,
    /// Nobody joins any more, and those that are there are done with.
    finish: bool,
}

/// A connection that has sent the first byte of a line.
#[derive(Debug)]
struct Joining {
    stream: UnixStream,
    pid: Option<u32>,
    alive: Sender<()>,
}

impl Intake {
    /// What is needed before the hub's core is there.
    pub(crate) fn new() -> io::Result<Self> {
        let poll = Poll::new()?;
        let news = Arc::new(News::new(Waker::new(poll.registry(), NEWS)?));
        Ok(Intake { poll, news })
    }

    /// To be told of what producers may want to know.
    pub(crate) fn news(&self) -> Arc<News> {
        Arc::clone(&self.news)
    }

    /// Starts the thread.
    pub(crate) fn start(self, shared: &Arc<Shared>) -> io::Result<Producers> {
        let Intake { poll, news } = self;
        let mail = Arc::<Mutex<Mail>>::default();
        let thread = Thread {
            poll,
            news: Arc::clone(&news),
            mail: Arc::clone(&mail),
            shared: Arc::clone(shared),
            open: BTreeMap::new(),
            unread: BTreeSet::new(),
            joined: 0,
            chunk: vec![0; CHUNK].into_boxed_slice(),
        };
        let thread = Builder::new().name("choo-ingest".to_owned()).spawn(move || thread.run())?;
        Ok(Producers { news, mail, thread })
    }
}

impl Producers {
    /// Where connections are handed over.
    pub(crate) fn entrance(&self) -> Entrance {
        Entrance { news: Arc::clone(&self.news), mail: Arc::clone(&self.mail) }
    }

    /// Takes what the connections still hold, and ends them.
    pub(crate) fn finish(self) {
        lock(&self.mail).finish = true;
        self.news.ring();
        if self.thread.join().is_err() {
            tracing::error!("the thread of the producers had panicked");
        }
    }
}

impl Entrance {
    /// Who is there, in the order in which they came; `None` if they are gone with the hub.
    pub(crate) async fn list(&self) -> Option<Vec<ProducerStatus>> {
        let (asking, answer) = smol::channel::bounded(1);
        {
            let mut mail = lock(&self.mail);
            if mail.finish {
                return None;
            }
            mail.asking.push(asking);
        }
        self.news.ring();
        answer.recv().await.ok()
    }

    /// Has lines taken from a connection, which does not block, until it ends.
    pub(crate) fn join(&self, stream: UnixStream, pid: Option<u32>, alive: Sender<()>) {
        let mut mail = lock(&self.mail);
        if !mail.finish {
            mail.joining.push(Joining { stream, pid, alive });
            drop(mail);
            self.news.ring();
        }
    }
}

/// Moves bytes between the core and the sockets.
struct Thread {
    poll: Poll,
    news: Arc<News>,
    mail: Arc<Mutex<Mail>>,
    shared: Arc<Shared>,
    /// In the order in which they were made.
    open: BTreeMap<usize, Producer>,
    /// Those whose sockets may hold more than was read.
    unread: BTreeSet<usize>,
    joined: usize,
    chunk: Box<[u8]>,
}

impl Thread {
    fn run(mut self) {
        let mut events = Events::with_capacity(256);
        loop {
            self.say_all();
            let timeout = if self.unread.is_empty() { self.timeout() } else { Some(Duration::ZERO) };
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "cannot wait for producers");
            }
            for event in &events {
                let Token(number) = event.token();
                let Some(producer) = self.open.get_mut(&number) else { continue };
                if event.is_writable() && producer.next == Next::Writable {
                    producer.say(&self.shared);
                }
                producer.ending |= event.is_read_closed() || event.is_error();
                self.unread.insert(number);
            }
            if self.take_mail() {
                return self.finish();
            }
            for number in std::mem::take(&mut self.unread) {
                self.read(number, CHUNKS);
            }
        }
    }

    /// `true` once nobody joins any more.
    fn take_mail(&mut self) -> bool {
        let mut mail = lock(&self.mail);
        let (joining, asking) = (std::mem::take(&mut mail.joining), std::mem::take(&mut mail.asking));
        let finish = mail.finish;
        drop(mail);
        for joining in joining {
            self.join(joining);
        }
        for asking in asking {
            let list = self.open.iter().map(|(number, producer)| producer.status(*number));
            // Whoever asked may have left.
            let _ = asking.try_send(list.collect());
        }
        finish
    }

    fn join(&mut self, Joining { stream, pid, alive }: Joining) {
        let producer = Producer::new(stream, pid, alive, &self.shared);
        // A pusher that reconnects has closed its last connection first, so what that still holds was
        // sent before, and must not be taken for a repeat of what is sent now.
        let same_process = |(_, earlier): &(&usize, &Producer)| pid.is_some() && earlier.pid == pid;
        let earlier: Vec<usize> = self.open.iter().filter(same_process).map(|(number, _)| *number).collect();
        for number in earlier {
            // Whether it has closed it is perhaps yet to be told.
            if let Some(producer) = self.open.get_mut(&number) {
                producer.ending = true;
            }
            self.read(number, CHUNKS_BEFORE_SUCCESSOR);
        }
        let number = self.joined;
        self.joined += 1;
        let source = producer.stream.as_raw_fd();
        let interests = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = self.poll.registry().register(&mut SourceFd(&source), Token(number), interests) {
            tracing::warn!(%error, "a producer cannot be waited for");
            return producer.end(&self.shared);
        }
        self.open.insert(number, producer);
        self.unread.insert(number);
    }

    /// Takes what has arrived.
    fn read(&mut self, number: usize, chunks: usize) {
        let Some(producer) = self.open.get_mut(&number) else { return };
        match producer.pump(&self.shared, chunks, &mut self.chunk) {
            Held::All => producer.say(&self.shared),
            Held::More => {
                producer.say(&self.shared);
                self.unread.insert(number);
            }
            Held::End => {
                // The socket leaves the poll by being closed.
                if let Some(producer) = self.open.remove(&number) {
                    producer.end(&self.shared);
                }
            }
        }
    }

    /// Says what there is to be said. Afterwards the thread is told of news if somebody waits for them.
    fn say_all(&mut self) {
        // Whose time has come may wait for news from then on.
        self.say(false);
        let waits = self.open.values().any(|producer| producer.next == Next::News);
        // Asked for before looking, so that nothing that happens in between is slept through.
        if waits && self.news.want() {
            self.say(true);
        }
    }

    /// Says what there is to be said to those whose time has come, and if there are news, to who waits for them.
    fn say(&mut self, news: bool) {
        let now = self.shared.now().at;
        for producer in self.open.values_mut() {
            let due = match producer.next {
                Next::News => news,
                Next::At(at) => at <= now,
                Next::Nothing | Next::Writable => false,
            };
            if due {
                producer.say(&self.shared);
            }
        }
    }

    /// How long until something is to be said.
    fn timeout(&self) -> Option<Duration> {
        let times = self.open.values().filter_map(|producer| match producer.next {
            Next::At(at) => Some(at),
            _ => None,
        });
        let now = self.shared.now().at;
        times.min().map(|at| at.saturating_sub(now))
    }

    /// Takes what the connections still hold, and ends them.
    fn finish(mut self) {
        for mut producer in std::mem::take(&mut self.open).into_values() {
            producer.ending = true;
            producer.pump(&self.shared, CHUNKS_BEFORE_SUCCESSOR, &mut self.chunk);
            producer.say(&self.shared);
            producer.end(&self.shared);
        }
    }
}

fn lock(mail: &Mutex<Mail>) -> MutexGuard<'_, Mail> {
    mail.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;
    use crate::clock::Clock;
    use crate::core::{Core, Keep, Restored, Stored};
    use crate::fan::FanOut;

    /// A thread that nobody has started, and a hub whose history is stored when told.
    fn thread() -> Thread {
        let clock = Clock::start();
        let keep = Keep { runs: 1, age: None, bytes: None };
        let core = Core::new(1 << 20, 1, clock.now()).restore(Restored::default(), keep, clock.now());
        let (intake, fan) = (Intake::new().unwrap(), FanOut::new(0).unwrap());
        let shared = Shared::new(core, clock, 1, fan.bell(), intake.news(), None);
        Thread {
            poll: intake.poll,
            news: intake.news,
            mail: Arc::default(),
            shared: Arc::new(shared),
            open: BTreeMap::new(),
            unread: BTreeSet::new(),
            joined: 0,
            chunk: vec![0; CHUNK].into_boxed_slice(),
        }
    }

    fn store(shared: &Shared) {
        let batch = shared.act(|core, now| core.take_unstored(false, now)).unwrap();
        let stored = Stored { through: batch.through(), floor: 0, fresh: false, pending: false };
        shared.act(|core, now| core.handle_stored(&batch, stored, now));
    }

    #[test]
    fn s0_b15_the_last_acknowledgement_comes_although_nothing_else_happens() {
        let mut thread = thread();
        let (mut pusher, stream) = UnixStream::pair().unwrap();
        stream.set_nonblocking(true).unwrap();
        thread.join(Joining { stream, pid: None, alive: smol::channel::bounded(1).0 });
        pusher.write_all(b"{\"type\":\"link.hello\",\"payload\":{\"proto\":1,\"run\":\"r\"}}\n").unwrap();
        let waits_for_time = |thread: &Thread| matches!(thread.open[&0].next, Next::At(_));
        let mut seq = 0;
        let mut send = |thread: &mut Thread| {
            seq += 1;
            let line = format!("{{\"type\":\"x.a\",\"run\":\"r\",\"seq\":{seq}}}\n");
            pusher.write_all(line.as_bytes()).unwrap();
            thread.read(0, CHUNKS);
            store(&thread.shared);
            thread.say_all();
            waits_for_time(thread)
        };
        // Once more is stored while it is too early to say so.
        while !(send(&mut thread) && send(&mut thread)) {}
        while waits_for_time(&thread) {
            thread.say_all();
        }
        assert_eq!(thread.open[&0].next, Next::News);
        assert!(!thread.news.want(), "the thread is told of what is stored from here on");
        let mut told = vec![0; 1 << 16];
        let length = pusher.read(&mut told).unwrap();
        let told = String::from_utf8_lossy(&told[..length]);
        assert!(told.ends_with(&format!("\"seq\":{seq}}}}}\n")), "{told}");
    }
}
