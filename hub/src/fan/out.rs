//! The thread with the readers' sockets.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use choo_protocol::RunId;
use choo_transport::Peer;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, Shutdown, sockopt};
use smol::channel::Sender;

use super::bell::{self, Bell};
use super::clerk::Clerk;
use super::desk::{Desk, Joining, Mail};
use super::machine::{Closing, Fan, Origin};
use super::pace::{ENOUGH, Pace};
use super::reader::Slices;
use crate::core::{Item, Moment};
use crate::shared::{Place, Shared};

/// The thread's own token; readers have their numbers.
const BELL: Token = Token(usize::MAX);

/// Read at once from a reader's socket, in bytes, and how often in a row.
const CHUNK: usize = 16 << 10;
const CHUNKS: usize = 4;

/// How much the system may hold of what was sent to a reader, in bytes; Linux counts twice that, its own
/// share included. Left alone it grows to 4 MiB for each that has stalled, and thousands of those take the
/// memory that is meant for all sockets. This is enough for 2 MB/s over a tenth of a second.
const SEND_BUFFER: usize = 192 << 10;

/// Where readers are handed over, once it runs.
#[derive(Debug)]
pub(crate) struct FanOut {
    poll: Poll,
    bell: Arc<Bell>,
}

/// The running threads.
#[derive(Debug)]
pub(crate) struct Running {
    desk: Arc<Desk>,
    threads: Vec<JoinHandle<()>>,
}

/// The socket of a reader, and what it holds.
struct Socket {
    fd: OwnedFd,
    _place: Place,
    _alive: Sender<()>,
}

impl FanOut {
    /// What is needed before the hub's core is there. `last` is the offset of the newest record.
    pub(crate) fn new(last: u64) -> io::Result<Self> {
        let poll = Poll::new()?;
        let bell = Arc::new(bell::bell(&poll, BELL, last)?);
        Ok(FanOut { poll, bell })
    }

    /// Rings when something is recorded.
    pub(crate) fn bell(&self) -> Arc<Bell> {
        Arc::clone(&self.bell)
    }

    /// Starts the threads.
    pub(crate) fn start(self, shared: &Arc<Shared>) -> io::Result<Running> {
        let FanOut { poll, bell } = self;
        let desk = Arc::new(Desk::new(bell));
        let (fan, newest, now) = shared.look(|core, now| {
            let head = core.history().last();
            let newest = core.runs().newest().map(|run| run.id().clone());
            (Fan::new(core.epoch(), head, now), newest, now)
        });
        let mut thread = Thread {
            poll,
            desk: Arc::clone(&desk),
            shared: Arc::clone(shared),
            fan,
            newest,
            pace: Pace::new(),
            sockets: Vec::new(),
            unread: Vec::new(),
            closing: false,
            now,
        };
        let mut threads = vec![Builder::new().name("choo-fan".to_owned()).spawn(move || thread.run())?];
        threads.extend(Clerk::start(&desk, shared)?);
        Ok(Running { desk, threads })
    }
}

impl Running {
    /// Where readers are handed over.
    pub(crate) fn desk(&self) -> Arc<Desk> {
        Arc::clone(&self.desk)
    }

    /// Cuts off whoever is left, and waits for the threads.
    pub(crate) fn stop(self) {
        self.desk.stop();
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the fan-out had panicked");
            }
        }
    }
}

/// Moves bytes between the machine and the sockets.
struct Thread {
    poll: Poll,
    desk: Arc<Desk>,
    shared: Arc<Shared>,
    fan: Fan,
    /// The most recently started run, as of the machine's head.
    newest: Option<RunId>,
    pace: Pace,
    /// By the readers' numbers.
    sockets: Vec<Option<Socket>>,
    /// Readers whose sockets may hold more than was read, and whether that comes to an end.
    unread: Vec<(usize, bool)>,
    closing: bool,
    now: Moment,
}

impl Thread {
    fn run(&mut self) {
        let mut events = Events::with_capacity(1024);
        let mut chunk = vec![0; CHUNK];
        let bell = Arc::clone(self.desk.bell());
        while !(bell.stopping() || self.closing && self.fan.is_empty()) {
            self.now = self.shared.now();
            for (reader, ending) in std::mem::take(&mut self.unread) {
                self.read(reader, ending, &mut chunk);
            }
            self.take_mail();
            if bell.take_stirred() {
                self.fan.handle_stirred(self.now);
            }
            let due = self.distribute();
            self.fan.handle_tick(self.now);
            self.drive();
            let pressed = self.desk.release(self.fan.take_released());
            self.fan.set_pressed(pressed);
            let head = self.fan.head();
            // What waits to gather is worth a bell only once it is enough.
            let asleep = bell.arm(if due.is_some() { head + ENOUGH } else { head + 1 });
            let next = due.into_iter().chain(self.fan.deadline()).min();
            let timeout = if asleep && self.unread.is_empty() {
                next.map(|next| next.saturating_sub(self.shared.now().at))
            } else {
                Some(Duration::ZERO)
            };
            if let Err(error) = self.poll.poll(&mut events, timeout)
                && error.kind() != io::ErrorKind::Interrupted
            {
                tracing::error!(%error, "the fan-out cannot wait for its sockets");
            }
            bell.disarm();
            self.now = self.shared.now();
            for event in &events {
                let Token(reader) = event.token();
                if event.token() == BELL {
                    continue;
                }
                if event.is_writable() {
                    self.fan.handle_writable(reader);
                }
                let ending = event.is_error() || event.is_read_closed();
                if event.is_readable() || ending {
                    self.read(reader, ending, &mut chunk);
                }
            }
        }
    }

    fn take_mail(&mut self) {
        for mail in self.desk.take_mail() {
            match mail {
                Mail::Join(joining) => self.join(*joining),
                Mail::Answer(answer) => self.fan.handle_answer(answer, self.now),
                Mail::Topic(topic, json) => self.fan.handle_topic(&topic, json, self.now),
                Mail::Look(from, asked) => {
                    let mut look = self.fan.look(from);
                    for reader in &mut look.readers {
                        let socket = self.sockets.get(reader.number).and_then(Option::as_ref);
                        reader.origin = socket.and_then(|socket| origin(&socket.fd));
                    }
                    // Whoever asked may have left.
                    let _ = asked.try_send(look);
                }
            }
        }
    }

    fn join(&mut self, joining: Joining) {
        // A number may be used again as soon as its last socket is closed here.
        self.close();
        let Joining { socket, rest, reader, place, alive } = joining;
        let reader = self.fan.handle_join(reader, self.now);
        if self.sockets.len() <= reader {
            self.sockets.resize_with(reader + 1, || None);
        }
        if let Err(error) = sockopt::set_socket_send_buffer_size(&socket, SEND_BUFFER) {
            tracing::debug!(%error, "a reader's send buffer stays as it is");
        }
        let source = socket.as_raw_fd();
        let registered =
            self.poll.registry().register(&mut SourceFd(&source), Token(reader), Interest::READABLE);
        self.sockets[reader] = Some(Socket { fd: socket, _place: place, _alive: alive });
        if let Err(error) = registered {
            tracing::warn!(%error, "a reader cannot be waited for");
            self.fan.handle_gone(reader);
        } else if !rest.is_empty() {
            self.fan.handle_input(reader, &rest, self.now);
        }
    }

    /// Hands the machine what was recorded, if the time has come; otherwise says when it will.
    fn distribute(&mut self) -> Option<Duration> {
        let bell = Arc::clone(self.desk.bell());
        // Looked at before the records: whoever closes has recorded everything.
        let closing = bell.closing() && !self.closing;
        let waiting = bell.last().saturating_sub(self.fan.head());
        if waiting > 0 {
            let due = self.pace.due(waiting, self.now.at);
            if due > self.now.at && !closing {
                return Some(due);
            }
            self.round();
        }
        if closing {
            self.closing = true;
            self.fan.handle_closing(self.now);
        }
        None
    }

    /// Everything that was recorded goes out to those who have all before it.
    fn round(&mut self) {
        let (head, newest) = (self.fan.head(), &mut self.newest);
        let (items, last, whole) = self.shared.look(|core, _| {
            let history = core.history();
            let items: Vec<Item> =
                history.after(head).map(|record| Item::new(core, record, newest)).collect();
            (items, history.last(), history.floor() <= head)
        });
        let began = self.now.at;
        if whole {
            self.fan.handle_records(&items, last, self.now);
        } else {
            self.fan.handle_overtaken(last, self.now);
        }
        self.drive();
        self.now = self.shared.now();
        self.pace.handle_round(began, self.now.at);
        self.desk.bell().set_light(self.pace.is_light());
    }

    /// Does what the machine says.
    fn drive(&mut self) {
        self.ask();
        while let Some(write) = self.fan.poll_write() {
            let reader = write.reader;
            let Some(socket) = self.sockets.get(reader).and_then(Option::as_ref) else {
                self.fan.handle_gone(reader);
                continue;
            };
            let wanted: usize = write.slices.iter().map(|slice| slice.len()).sum();
            match send(&socket.fd, &write.slices) {
                Ok(sent) => {
                    if sent < wanted {
                        self.wait_to_write(reader);
                    }
                    self.fan.handle_written(reader, sent, sent < wanted);
                }
                Err(Errno::INTR) => self.fan.handle_written(reader, 0, false),
                Err(Errno::AGAIN) => {
                    self.wait_to_write(reader);
                    self.fan.handle_written(reader, 0, true);
                }
                Err(_) => self.fan.handle_gone(reader),
            }
        }
        self.ask();
        self.close();
    }

    fn ask(&mut self) {
        while let Some(question) = self.fan.poll_question() {
            self.desk.ask(question);
        }
        while let Some(topic) = self.fan.poll_topic() {
            self.desk.ask_topic(topic);
        }
    }

    fn close(&mut self) {
        while let Some(closing) = self.fan.poll_close() {
            match closing {
                Closing::Both(reader) => {
                    if let Some(socket) = self.sockets.get_mut(reader).and_then(Option::take) {
                        let _ = self.poll.registry().deregister(&mut SourceFd(&socket.fd.as_raw_fd()));
                    }
                }
                Closing::Write(reader) => {
                    if let Some(socket) = self.sockets.get(reader).and_then(Option::as_ref) {
                        let _ = rustix::net::shutdown(&socket.fd, Shutdown::Write);
                    }
                }
            }
        }
    }

    /// Asks for an event once the socket takes something. Registering again also tells if it does now.
    fn wait_to_write(&self, reader: usize) {
        if let Some(socket) = self.sockets.get(reader).and_then(Option::as_ref) {
            let fd = socket.fd.as_raw_fd();
            let interest = Interest::READABLE | Interest::WRITABLE;
            if let Err(error) = self.poll.registry().reregister(&mut SourceFd(&fd), Token(reader), interest) {
                tracing::warn!(%error, "a reader cannot be waited for");
            }
        }
    }

    /// Reads what came, or part of it: events tell of what is new, so the rest has to be remembered. A socket
    /// that gives less than it was asked for is empty, but for an end that was told already.
    fn read(&mut self, reader: usize, ending: bool, chunk: &mut [u8]) {
        for _ in 0..CHUNKS {
            let Some(socket) = self.sockets.get(reader).and_then(Option::as_ref) else { return };
            match rustix::net::recv(&socket.fd, &mut *chunk, RecvFlags::empty()) {
                Ok((0, _)) => return self.fan.handle_gone(reader),
                Ok((bytes, _)) => {
                    self.fan.handle_input(reader, &chunk[..bytes], self.now);
                    if bytes < chunk.len() && !ending {
                        return;
                    }
                }
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                Err(_) => return self.fan.handle_gone(reader),
            }
        }
        self.unread.push((reader, ending));
    }
}

/// The other end. Asked for when somebody wants to know, so that a reader need not remember it.
fn origin(fd: &OwnedFd) -> Option<Origin> {
    let address = rustix::net::getpeername(fd).ok()??;
    match SocketAddr::try_from(address) {
        Ok(address) => Some(Origin::Tcp(address)),
        Err(_) => Some(Origin::Unix { pid: Peer::of(fd).ok()?.pid }),
    }
}

/// Writes what the socket takes. A single piece, nearly always the case, goes the shorter way.
fn send(fd: &OwnedFd, slices: &Slices<'_>) -> Result<usize, Errno> {
    // A reader that is gone is an error, not a signal; where this flag is missing programs of Rust ignore
    // the signal all the same.
    #[cfg(not(target_vendor = "apple"))]
    const FLAGS: SendFlags = SendFlags::NOSIGNAL;
    #[cfg(target_vendor = "apple")]
    const FLAGS: SendFlags = SendFlags::empty();
    match &slices[..] {
        [one] => rustix::net::send(fd, one, FLAGS),
        many => rustix::net::sendmsg(fd, many, &mut SendAncillaryBuffer::default(), FLAGS),
    }
}
