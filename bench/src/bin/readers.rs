//! `readers latency`: from a line on the hub's Unix socket to its readers, 1,000 events/s, 100 readers over SSE.
//! `readers stalled`: 5,000 readers, of which half stop reading, beside all reading and beside that half not being there.
//! `readers memory`: 1,000 and 5,000 readers beside one, over SSE and WebSocket.
//!
//! Prints nanoseconds `p50` and `p99` from the write of a line to its arrival at each reader (in `stalled`: at each of
//! those that read in all three), how many events were `missing` there, and the hub's `memory` in MiB. An event that
//! comes twice or in another order is an error. In `stalled` the others read on in the end, and what they then lack is
//! `missing late`, unless a `hub.gap` says so.
//!
//! `memory` prints KiB by which the hub's memory grows for each reader beyond the first: until all are `idle`, and until
//! each has been sent the same 5,000 events (`after`), which the hub keeps for one reader as for thousands.

#![expect(clippy::print_stdout, reason = "the result is what it prints")]
#![expect(clippy::disallowed_methods, reason = "a benchmark is about clocks")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use choo_bench::{Hub, Result};
use memchr::memmem;
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags, Timespec, epoll, poll};
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketType, sockopt};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

/// Before the number of an event and the time at which it was written, in its text.
const MARK: &[u8] = b"#at=";
/// `0000000001,1700000000000000000`
const MARKED: usize = 10 + 1 + 19;
/// What the readers that stall are sent before it counts, so that no buffer on the way has room: 600 KiB each.
const FILL: u64 = 2_000;
/// So many events are written at once then, for those that read to keep up with.
const BURST: u64 = 50;
/// What a stalled reader's system takes for it: little, so that the hub soon has to keep it.
const LITTLE: usize = 16 << 10;
/// What readers are sent before they are weighed.
const LOAD: u64 = 5_000;
/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let result: Value = match args.first().map(String::as_str) {
        Some("latency") => {
            let mut world = World::new(Form::Sse, 100, 0)?;
            world.warm_up(200)?;
            world.measure(1_000, 4_000)?.into()
        }
        Some("stalled") => {
            let mut result = Map::new();
            for (name, reading, stalled) in
                [("all", 5_000, 0), ("half stalled", 2_500, 2_500), ("half absent", 2_500, 0)]
            {
                let mut world = World::new(Form::Sse, reading, stalled)?;
                world.warm_up(FILL)?;
                world.watched = 2_500;
                let mut measured = world.measure(20, 100)?;
                if stalled > 0 {
                    measured.insert("missing late".to_owned(), world.wake()?.into());
                }
                result.insert(name.to_owned(), measured.into());
            }
            result.into()
        }
        Some("memory") => {
            let mut result = Map::new();
            for (name, form) in [("sse", Form::Sse), ("websocket", Form::WebSocket)] {
                let one = Weight::of(form, 1)?;
                let mut by_readers = Map::new();
                for readers in [1_000, 5_000] {
                    let (many, more) = (Weight::of(form, readers)?, (readers - 1) as f64);
                    let each = json!({
                        "idle": (many.idle - one.idle) / more, "after": (many.after - one.after) / more,
                    });
                    by_readers.insert(readers.to_string(), each);
                }
                result.insert(name.to_owned(), by_readers.into());
            }
            result.into()
        }
        _ => return Err("usage: readers latency|stalled|memory".into()),
    };
    println!("{result}");
    Ok(())
}

/// How events come to a reader.
#[derive(Clone, Copy)]
enum Form {
    Sse,
    WebSocket,
}

/// By how much a hub's memory grew, in KiB.
#[derive(Clone, Copy)]
struct Weight {
    idle: f64,
    after: f64,
}

impl Weight {
    /// With so many readers.
    fn of(form: Form, readers: usize) -> Result<Self> {
        let mut world = World::new(form, readers, 0)?;
        let empty = world.empty;
        let grown =
            |world: &World| -> Result<f64> { Ok((world.hub.memory()? as f64 - empty as f64) / 1024.0) };
        let idle = grown(&world)?;
        world.warm_up(LOAD)?;
        if world.readers.iter().any(|reader| reader.seen < LOAD) {
            return Err("a reader did not get everything".into());
        }
        Ok(Weight { idle, after: grown(&world)? })
    }
}

/// A hub, its readers, and the producer.
struct World {
    hub: Hub,
    /// The hub's memory before anybody came, in bytes.
    empty: u64,
    producer: UnixStream,
    /// What those that are read wait on.
    arrivals: OwnedFd,
    readers: Vec<Reader>,
    /// How many of them are read all the time; they come first.
    reading: usize,
    /// How many of those count.
    watched: usize,
    written: u64,
    nanos: Vec<u64>,
    buffer: Vec<u8>,
}

struct Reader {
    stream: TcpStream,
    /// The number of the last event.
    seen: u64,
    /// It was told of a gap.
    gap: bool,
    /// The end of what was read, where a mark may begin.
    tail: Vec<u8>,
}

impl World {
    fn new(form: Form, reading: usize, stalled: usize) -> Result<Self> {
        let hub = Hub::start(&[])?;
        let empty = hub.memory()?;
        let arrivals = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let mut readers = Vec::new();
        for n in 0..reading + stalled {
            let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
            if n >= reading {
                sockopt::set_socket_recv_buffer_size(&socket, LITTLE)?;
            }
            rustix::net::connect(&socket, &hub.addr())?;
            let mut stream = TcpStream::from(socket);
            match form {
                Form::Sse => hub.ask(&mut stream, "/api/v1/events?since=now", "text/event-stream")?,
                Form::WebSocket => hub.ask_socket(&mut stream, "/api/v1/ws?since=now")?,
            }
            let mut reader = Reader { stream, seen: 0, gap: false, tail: Vec::new() };
            reader.wait_open()?;
            reader.stream.set_nonblocking(true)?;
            if n < reading {
                reader.register(&arrivals, n)?;
            }
            readers.push(reader);
        }
        let producer = hub.producer()?;
        let buffer = vec![0; 256 << 10];
        let (watched, nanos) = (reading, Vec::new());
        Ok(World { hub, empty, producer, arrivals, readers, reading, watched, written: 0, nanos, buffer })
    }

    /// Everybody who reads has so many events; all else stands.
    fn warm_up(&mut self, events: u64) -> Result<()> {
        while self.written < events {
            self.write(BURST.min(events - self.written))?;
            self.read_all(0..self.reading)?;
        }
        Ok(())
    }

    /// So many more events at a rate per second.
    fn measure(&mut self, rate: u64, events: u64) -> Result<Map<String, Value>> {
        self.nanos = Vec::with_capacity(usize::try_from(events)? * self.watched);
        let (start, first) = (Instant::now(), self.written);
        while self.written - first < events {
            let now = u64::try_from(start.elapsed().as_nanos())?;
            let due = (now * rate / 1_000_000_000 + 1).min(events) + first;
            if due > self.written {
                self.write(due - self.written)?;
            }
            let next = (self.written - first) * 1_000_000_000 / rate;
            self.turn(Duration::from_nanos(next.saturating_sub(u64::try_from(start.elapsed().as_nanos())?)))?;
        }
        self.read_all(0..self.reading)?;
        let missing: u64 = self.readers[..self.watched].iter().map(|reader| self.written - reader.seen).sum();
        self.nanos.sort_unstable();
        let at = |percent: usize| self.nanos.get(self.nanos.len() * percent / 100).copied().unwrap_or(0);
        let fields = json!({
            "p50": at(50), "p99": at(99), "missing": missing, "memory": self.hub.memory()? as f64 / f64::from(1 << 20),
        });
        let Value::Object(fields) = fields else { unreachable!("it was just made") };
        Ok(fields)
    }

    /// Those that stood read on, to the end; gives how many events they lack without having been told.
    fn wake(&mut self) -> Result<u64> {
        self.watched = 0;
        let asleep = self.reading..self.readers.len();
        for n in asleep.clone() {
            self.readers[n].register(&self.arrivals, n)?;
        }
        self.read_all(asleep.clone())?;
        Ok(self.readers[asleep].iter().map(|reader| self.written - reader.seen).sum())
    }

    fn write(&mut self, events: u64) -> Result<()> {
        let mut lines = Vec::new();
        for _ in 0..events {
            self.written += 1;
            let (n, now) = (self.written, real_nanos());
            writeln!(
                lines,
                r#"{{"type":"log.stdout","time":"2025-01-18T10:30:15Z","unit":"app-shell","task":1,"payload":{{"content":"Compiling serde v1.0.219 (registry) #at={n:010},{now:019}","n":{n}}},"run":"readers","seq":{n}}}"#
            )?;
        }
        Ok(self.producer.write_all(&lines)?)
    }

    /// Reads until these have everything.
    fn read_all(&mut self, wanted: std::ops::Range<usize>) -> Result<()> {
        let end = Instant::now() + PATIENCE;
        while self.readers[wanted.clone()].iter().any(|reader| reader.seen < self.written) {
            self.turn(Duration::from_millis(10))?;
            if Instant::now() > end {
                break;
            }
        }
        Ok(())
    }

    fn turn(&mut self, timeout: Duration) -> Result<()> {
        // Of the two only this one waits for less than a millisecond, instead of spinning for the rest of it.
        let timeout = Timespec::try_from(timeout)?;
        poll(&mut [PollFd::new(&self.arrivals, PollFlags::IN)], Some(&timeout))?;
        let mut events = Vec::with_capacity(1024);
        epoll::wait(&self.arrivals, spare_capacity(&mut events), Some(&Timespec::default()))?;
        for event in events {
            let n = usize::try_from(event.data.u64())?;
            let counts = n < self.watched;
            self.readers[n].read(&mut self.buffer, |nanos| {
                if counts {
                    self.nanos.push(nanos);
                }
            })?;
        }
        Ok(())
    }
}

impl Reader {
    /// Reads byte by byte to the end of the line that the hub says first, so that all of the rest is read by `read`.
    fn wait_open(&mut self) -> Result<()> {
        let (mut said, mut byte) = (Vec::new(), [0]);
        while memmem::find(&said, b"hub.hello").is_none() || !said.ends_with(b"\n") {
            self.stream.read_exact(&mut byte)?;
            said.extend(byte);
        }
        Ok(())
    }

    fn register(&self, arrivals: &OwnedFd, n: usize) -> Result<()> {
        let data = epoll::EventData::new_u64(n as u64);
        Ok(epoll::add(arrivals, &self.stream, data, epoll::EventFlags::IN)?)
    }

    /// Reads once what is there.
    fn read(&mut self, buffer: &mut [u8], mut took: impl FnMut(u64)) -> Result<()> {
        let kept = self.tail.len();
        buffer[..kept].copy_from_slice(&self.tail);
        let read = match self.stream.read(&mut buffer[kept..]) {
            Ok(0) => return Err("the hub closed a reader".into()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let (bytes, now) = (&buffer[..kept + read], real_nanos());
        self.gap |= memmem::find(bytes, b"\"hub.gap\"").is_some();
        let mut used = 0;
        for at in memmem::find_iter(bytes, MARK) {
            let Some(mark) = bytes.get(at + MARK.len()..at + MARK.len() + MARKED) else { break };
            let (n, written) = std::str::from_utf8(mark)?.split_once(',').ok_or("a torn mark")?;
            let n: u64 = n.parse()?;
            if n != self.seen + 1 && !self.gap {
                return Err(format!("{n} came after {}", self.seen).into());
            }
            self.seen = n;
            took(now.saturating_sub(written.parse()?));
            used = at + MARK.len() + MARKED;
        }
        let from = used.max(bytes.len().saturating_sub(MARK.len() + MARKED));
        self.tail.clear();
        self.tail.extend_from_slice(&bytes[from..]);
        Ok(())
    }
}

fn real_nanos() -> u64 {
    let time = clock_gettime(ClockId::Realtime);
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0)
}
