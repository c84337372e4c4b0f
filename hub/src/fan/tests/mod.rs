//! Readers of every speed on sockets that take what they like, against a hub that forgets nothing.

mod patches;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use choo_protocol::{Filter, Globs, Limits, Line, RunId, RunStore, Timestamp, kind};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::care::{DEAD, KEEP_ALIVE, LINGER, PING, SWEEP};
use super::inbound::MESSAGE_BYTES;
use super::machine::{Closing, Fan, NewReader};
use super::question::{Looked, Question};
use crate::core::{Body, Core, Cursor, Ingest, Item, Moment, Selection, Since, Subscription};
use crate::encoding::{Encoding, Framing};

/// A hub with a clock that moves when told.
struct World {
    core: Core,
    fan: Fan,
    newest: Option<RunId>,
    now: Moment,
    questions: VecDeque<Question>,
}

/// What a reader's side of a connection has.
#[derive(Default)]
struct Socket {
    got: Vec<u8>,
    /// How many more bytes it takes.
    room: usize,
    finished: bool,
    gone: bool,
}

impl World {
    fn new(history: usize) -> Self {
        let now = Moment { at: Duration::from_secs(100), time: "2025-01-18T10:30:00Z".parse().unwrap() };
        let core = Core::new(history, 7, now);
        let fan = Fan::new(core.epoch(), 0, now);
        World { core, fan, newest: None, now, questions: VecDeque::new() }
    }

    fn pass(&mut self, duration: Duration) {
        self.now.at += duration;
        let nanos = self.now.time.unix_nanos() + i128::try_from(duration.as_nanos()).unwrap();
        self.now.time = Timestamp::from_unix_nanos(nanos);
        self.core.handle_tick(self.now);
    }

    fn send(&mut self, producer: &mut Ingest, line: &str) {
        producer.handle_bytes(&mut self.core, format!("{line}\n").as_bytes(), self.now);
    }

    fn join(
        &mut self,
        sockets: &mut Vec<Socket>,
        form: Form,
        subscription: Option<(Selection, Since)>,
    ) -> usize {
        let subscription = subscription.map(|(selection, since)| {
            (selection.clone(), Box::new(Subscription::new(&self.core, selection, since, self.now)))
        });
        let Form(encoding, framing) = form;
        let new = NewReader { encoding, framing, head: Bytes::new(), subscription };
        let reader = self.fan.handle_join(new, self.now);
        if sockets.len() <= reader {
            sockets.resize_with(reader + 1, Socket::default);
        }
        sockets[reader] = Socket::default();
        reader
    }

    /// What was recorded goes out.
    fn round(&mut self) {
        let (head, history) = (self.fan.head(), self.core.history());
        if history.last() == head {
            return;
        }
        let newest = &mut self.newest;
        let items: Vec<Item> = history.after(head).map(|r| Item::new(&self.core, r, newest)).collect();
        if history.floor() <= head {
            self.fan.handle_records(&items, history.last(), self.now);
        } else {
            self.fan.handle_overtaken(history.last(), self.now);
        }
    }

    fn answer(&mut self) -> bool {
        let Some(mut question) = self.questions.pop_front() else { return false };
        let found = loop {
            match question.look(&self.core, self.now) {
                Looked::Again(more) => question = more,
                Looked::Cold(_, fetch) => panic!("nothing is stored: {fetch:?}"),
                Looked::Found(found) => break found,
            }
        };
        self.fan.handle_answer(found.encode(), self.now);
        true
    }

    /// Writes what the sockets take.
    fn drive(&mut self, sockets: &mut [Socket]) {
        while let Some(write) = self.fan.poll_write() {
            let reader = write.reader;
            let bytes: Vec<u8> = write.slices.iter().flat_map(|slice| slice.to_vec()).collect();
            let socket = &mut sockets[reader];
            assert!(!socket.gone && !socket.finished, "written to a closed socket");
            let taken = bytes.len().min(socket.room);
            socket.room -= taken;
            socket.got.extend_from_slice(&bytes[..taken]);
            self.fan.handle_written(reader, taken, taken < bytes.len());
        }
        while let Some(question) = self.fan.poll_question() {
            self.questions.push_back(question);
        }
        while let Some(closing) = self.fan.poll_close() {
            match closing {
                Closing::Write(reader) => sockets[reader].finished = true,
                Closing::Both(reader) => sockets[reader].gone = true,
            }
        }
    }

    /// Until nothing is left to do, with sockets that take everything.
    fn settle(&mut self, sockets: &mut [Socket]) {
        for (reader, socket) in sockets.iter_mut().enumerate() {
            socket.room = usize::MAX;
            if !socket.gone {
                self.fan.handle_writable(reader);
            }
        }
        loop {
            self.round();
            self.drive(sockets);
            if !self.answer() {
                return;
            }
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Form(Encoding, Framing);

const NDJSON: Form = Form(Encoding::Ndjson, Framing::Chunked);
const SSE: Form = Form(Encoding::Sse, Framing::Plain);
const WEBSOCKET: Form = Form(Encoding::WebSocket, Framing::Message);

/// A client's frame; a mask of zeros leaves the text as it is.
fn frame(code: u8, text: &str) -> Vec<u8> {
    let length = text.len();
    let mut frame = vec![0x80 | code];
    match u8::try_from(length) {
        Ok(short) if short < 126 => frame.push(0x80 | short),
        _ if length < 1 << 16 => {
            frame.push(0xfe);
            frame.extend_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
        }
        _ => {
            frame.push(0xff);
            frame.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

fn subscribe(id: &str, since: &str, types: &[&str]) -> Vec<u8> {
    frame(1, &json!({"type": "subscribe", "payload": {"id": id, "since": since, "types": types}}).to_string())
}

/// Takes whole pieces off what came, the framing aside: text for responses, messages for a WebSocket.
fn pieces(form: Form, got: &mut Vec<u8>) -> Vec<String> {
    let mut pieces = Vec::new();
    while let Some((from, to, end)) = piece(form, got) {
        if !matches!((form.1, got[0] & 0xf), (Framing::Message, 8..)) {
            pieces.push(String::from_utf8(got[from..to].to_vec()).unwrap());
        }
        got.drain(..end);
    }
    pieces
}

fn piece(Form(_, framing): Form, got: &[u8]) -> Option<(usize, usize, usize)> {
    match framing {
        Framing::Plain => {
            // Up to the last line that is whole.
            let end = got.iter().rposition(|b| *b == b'\n')? + 1;
            Some((0, end, end))
        }
        Framing::Chunked => {
            let head = got.windows(2).position(|two| two == b"\r\n")?;
            let size = usize::from_str_radix(std::str::from_utf8(&got[..head]).unwrap(), 16).unwrap();
            let from = head + 2;
            (got.len() >= from + size + 2).then_some((from, from + size, from + size + 2))
        }
        Framing::Message => {
            let (head, size) = match got.get(1)? {
                126 => (4, u64::from(u16::from_be_bytes(got.get(2..4)?.try_into().unwrap()))),
                127 => (10, u64::from_be_bytes(got.get(2..10)?.try_into().unwrap())),
                short => (2, u64::from(*short)),
            };
            let end = head + usize::try_from(size).unwrap();
            (got.len() >= end).then_some((head, end, end))
        }
    }
}

/// One subscription as a client keeps it.
struct Client {
    filter: Filter,
    since: String,
    /// Behind the events up to here it has everything.
    at: Option<u64>,
    page: RunStore,
    /// Lines since the last cursor.
    lines: Vec<String>,
    /// Whether the stream has begun.
    told: bool,
}

impl Client {
    fn new(filter: Filter, since: &str) -> Self {
        let page = RunStore::new(1 << 20);
        Client { filter, since: since.to_owned(), at: None, page, lines: Vec::new(), told: false }
    }

    fn line(&mut self, line: &str) {
        self.page.push(line.as_bytes());
        self.page.push(b"\n");
        self.lines.push(line.to_owned());
    }

    /// All up to here has come.
    fn cursor(&mut self, cursor: &str, truth: &Core) {
        self.since = cursor.to_owned();
        let lines = std::mem::take(&mut self.lines);
        // A word stands behind a part of the beginning.
        let Ok(cursor) = cursor.parse::<Cursor>() else { return };
        let mut events = Vec::new();
        let mut gap = None;
        for line in &lines {
            let parsed = Line::parse(line.as_bytes(), &Limits::default()).unwrap();
            match &*parsed.kind {
                kind::HUB_HELLO => {
                    assert!(!std::mem::replace(&mut self.told, true), "two beginnings");
                    gap = None;
                    if self.at.is_none() {
                        self.at = Some(cursor.offset);
                    }
                }
                kind::HUB_GAP => {
                    let value: Value = serde_json::from_str(line).unwrap();
                    gap = value["payload"]["from"].as_str().and_then(|from| from.parse::<Cursor>().ok());
                    assert_eq!(value["payload"]["to"], cursor.to_string());
                }
                kind::HUB_SNAPSHOT | kind::HUB_END | kind::HUB_BYE | kind::HUB_CURSOR => {}
                _ => events.push(line.clone()),
            }
        }
        assert!(self.told, "events before the hello: {lines:?}");
        let at = self.at.unwrap();
        if let Some(from) = gap {
            assert!(from.offset >= at && events.is_empty(), "a gap from {} for one at {at}", from.offset);
        } else {
            let records = truth.history().after(at).take_while(|record| record.offset <= cursor.offset);
            let expected: Vec<String> = records
                .filter_map(|record| match &record.body {
                    Body::Line { json, .. } => Some(String::from_utf8(json.to_vec()).unwrap()),
                    Body::State(_) => None,
                })
                .filter(|line| {
                    let line = Line::parse(line.as_bytes(), &Limits::default()).unwrap();
                    line.kind != kind::HUB_END && self.filter.admits_line(&line)
                })
                .collect();
            assert_eq!(events, expected, "from {at} to {}", cursor.offset);
        }
        self.at = Some(cursor.offset);
    }
}

/// A connection and the client behind it.
struct Peer {
    form: Form,
    reader: usize,
    /// By their names; one without for a response.
    clients: Vec<(&'static str, Client)>,
    /// What of an event of SSE has come.
    data: Vec<String>,
    id: Option<String>,
}

impl Peer {
    fn connect(
        world: &mut World,
        sockets: &mut Vec<Socket>,
        form: Form,
        mut clients: Vec<(&'static str, Client)>,
    ) -> Self {
        for (_, client) in &mut clients {
            client.told = false;
            client.lines.clear();
        }
        let reader = if form.0 == Encoding::WebSocket {
            let reader = world.join(sockets, form, None);
            for (id, client) in &clients {
                let types: Vec<&str> = client.filter.types.iter().map(choo_protocol::Glob::as_str).collect();
                world.fan.handle_input(reader, &subscribe(id, &client.since, &types), world.now);
            }
            reader
        } else {
            let client = &clients[0].1;
            let since = match &*client.since {
                "snapshot" => Since::Snapshot,
                "earliest" => Since::Earliest,
                cursor => Since::Cursor(cursor.parse().unwrap()),
            };
            world.join(sockets, form, Some((Selection::Filter(client.filter.clone()), since)))
        };
        Peer { form, reader, clients, data: Vec::new(), id: None }
    }

    fn read(&mut self, got: &mut Vec<u8>, truth: &Core) {
        for piece in pieces(self.form, got) {
            match self.form.0 {
                Encoding::WebSocket => {
                    let last: Value = serde_json::from_str(piece.lines().last().unwrap()).unwrap();
                    let id = last["payload"]["id"].as_str().unwrap();
                    let client = &mut self.clients.iter_mut().find(|(name, _)| *name == id).unwrap().1;
                    piece.lines().for_each(|line| client.line(line));
                    client.cursor(last["payload"]["cursor"].as_str().unwrap(), truth);
                }
                Encoding::Ndjson => {
                    let client = &mut self.clients[0].1;
                    for line in piece.lines() {
                        client.line(line);
                        let value: Value = serde_json::from_str(line).unwrap();
                        if value["type"] == kind::HUB_CURSOR {
                            client.cursor(value["payload"]["cursor"].as_str().unwrap(), truth);
                        }
                    }
                }
                _ => {
                    for line in piece.lines() {
                        if let Some(data) = line.strip_prefix("data: ") {
                            self.data.push(data.to_owned());
                        } else if let Some(id) = line.strip_prefix("id: ") {
                            self.id = Some(id.to_owned());
                        } else if line.is_empty() {
                            let client = &mut self.clients[0].1;
                            self.data.drain(..).for_each(|line| client.line(&line));
                            if let Some(id) = self.id.take() {
                                client.cursor(&id, truth);
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What happens next.
#[derive(Clone, Debug)]
enum Act {
    Emit {
        producer: usize,
        kind: usize,
        bytes: usize,
        lost: bool,
    },
    Resend {
        producer: usize,
    },
    Bye {
        producer: usize,
    },
    Round,
    /// A socket takes some more bytes.
    Take {
        peer: usize,
        bytes: usize,
    },
    Answer,
    Reconnect {
        peer: usize,
    },
    Pass {
        millis: u64,
    },
}

const PRODUCERS: usize = 2;
const PEERS: usize = 6;

fn act() -> impl Strategy<Value = Act> {
    let (p, r) = (0..PRODUCERS, 0..PEERS);
    let bytes = prop_oneof![20 => Just(10usize), 4 => Just(3000usize), 1 => Just(70_000usize)];
    prop_oneof![
        30 => (p.clone(), 0..9usize, bytes, prop::bool::weighted(0.05))
            .prop_map(|(producer, kind, bytes, lost)| Act::Emit { producer, kind, bytes, lost }),
        2 => p.clone().prop_map(|producer| Act::Resend { producer }),
        1 => p.prop_map(|producer| Act::Bye { producer }),
        15 => Just(Act::Round),
        25 => (r.clone(), prop_oneof![0..300usize, 0..100_000usize])
            .prop_map(|(peer, bytes)| Act::Take { peer, bytes }),
        12 => Just(Act::Answer),
        2 => r.prop_map(|peer| Act::Reconnect { peer }),
        3 => prop_oneof![0..40u64, 1_000..40_000u64].prop_map(|millis| Act::Pass { millis }),
    ]
}

struct Producer {
    run: String,
    ingests: Option<[Ingest; 2]>,
    sent: Vec<String>,
    seq: u64,
}

struct Simulation {
    world: World,
    /// A hub with room for everything.
    truth: World,
    sockets: Vec<Socket>,
    peers: Vec<Option<Peer>>,
    producers: Vec<Producer>,
}

impl Simulation {
    fn new(history: usize) -> Self {
        let (mut world, mut sockets) = (World::new(history), Vec::new());
        let mut typed = Filter::all();
        typed.types = Globs::parse(["task.*", "orch.*"]).unwrap();
        let client = |filter: &Filter, since| Client::new(filter.clone(), since);
        let all = Filter::all();
        let plans = [
            (NDJSON, vec![("", client(&all, "snapshot"))]),
            (NDJSON, vec![("", client(&all, "snapshot"))]),
            (SSE, vec![("", client(&all, "snapshot"))]),
            (NDJSON, vec![("", client(&typed, "earliest"))]),
            (WEBSOCKET, vec![("a", client(&all, "snapshot")), ("b", client(&typed, "earliest"))]),
            (WEBSOCKET, vec![("a", client(&all, "snapshot"))]),
        ];
        let connect = |(form, clients)| Some(Peer::connect(&mut world, &mut sockets, form, clients));
        let peers = plans.into_iter().map(connect).collect();
        let producers = (0..PRODUCERS)
            .map(|n| Producer { run: format!("run-{n}"), ingests: None, sent: Vec::new(), seq: 0 })
            .collect();
        Simulation { world, truth: World::new(1 << 30), sockets, peers, producers }
    }

    fn send(&mut self, producer: usize, line: &str) {
        let pid = u32::try_from(producer).ok();
        let Simulation { world, truth, producers, .. } = self;
        let [one, other] = producers[producer]
            .ingests
            .get_or_insert_with(|| [world.core.connect(pid), truth.core.connect(pid)]);
        world.send(one, line);
        truth.send(other, line);
    }

    fn act(&mut self, act: &Act) {
        match *act {
            Act::Emit { producer, kind, bytes, lost } => {
                const KINDS: [&str; 9] = [
                    "orch.started",
                    "unit.queued",
                    "unit.started",
                    "task.started",
                    "task.completed",
                    "unit.failed",
                    "log.stdout",
                    "unit.completed",
                    "orch.completed",
                ];
                let p = &mut self.producers[producer];
                p.seq += 1;
                let line = format!(
                    r#"{{"type":"{}","time":"2025-01-18T10:30:15Z","unit":"a","task":1,"payload":{{"content":"{}"}},"run":"{}","seq":{}}}"#,
                    KINDS[kind],
                    "x".repeat(bytes),
                    p.run,
                    p.seq
                );
                if !lost {
                    p.sent.push(line.clone());
                    self.send(producer, &line);
                }
            }
            Act::Resend { producer } => {
                if let Some([mut one, mut other]) = self.producers[producer].ingests.take() {
                    one.handle_end(&mut self.world.core, self.world.now);
                    other.handle_end(&mut self.truth.core, self.truth.now);
                }
                let sent = self.producers[producer].sent.clone();
                for line in &sent[sent.len().saturating_sub(3)..] {
                    self.send(producer, line);
                }
            }
            Act::Bye { producer } => {
                let line = format!(r#"{{"type":"link.bye","run":"{}"}}"#, self.producers[producer].run);
                self.send(producer, &line);
            }
            Act::Round => self.world.round(),
            Act::Take { peer, bytes } => {
                let reader = self.peers[peer].as_ref().unwrap().reader;
                self.sockets[reader].room += bytes;
                self.world.fan.handle_writable(reader);
            }
            Act::Answer => drop(self.world.answer()),
            Act::Reconnect { peer } => {
                let old = self.peers[peer].take().unwrap();
                self.world.fan.handle_gone(old.reader);
                self.world.drive(&mut self.sockets);
                self.peers[peer] =
                    Some(Peer::connect(&mut self.world, &mut self.sockets, old.form, old.clients));
            }
            Act::Pass { millis } => {
                self.world.pass(Duration::from_millis(millis));
                self.truth.pass(Duration::from_millis(millis));
                self.world.fan.handle_tick(self.world.now);
                // Clients answer pings.
                for peer in self.peers.iter().flatten().filter(|peer| peer.form.0 == Encoding::WebSocket) {
                    self.world.fan.handle_input(peer.reader, &frame(10, ""), self.world.now);
                }
            }
        }
        self.world.drive(&mut self.sockets);
        self.read();
    }

    fn read(&mut self) {
        for peer in self.peers.iter_mut().flatten() {
            peer.read(&mut self.sockets[peer.reader].got, &self.truth.core);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn s4_b02_nothing_missing_nothing_twice_at_any_speed_in_any_form(
        acts in prop::collection::vec(act(), 1..250),
        history in prop_oneof![Just(0usize), 1_000..400_000usize, Just(1 << 30)],
    ) {
        let mut simulation = Simulation::new(history);
        for act in &acts {
            simulation.act(act);
        }
        simulation.act(&Act::Pass { millis: 40_000 });
        simulation.world.settle(&mut simulation.sockets);
        simulation.act(&Act::Pass { millis: 16_000 });
        simulation.read();
        let last = simulation.world.core.history().last();
        for (n, peer) in simulation.peers.iter().flatten().enumerate() {
            for (id, client) in &peer.clients {
                prop_assert_eq!(client.at, Some(last), "peer {} {} has not caught up", n, id);
                prop_assert!(client.page.faults().all(|fault| fault.kind == "not-an-object"));
                // Those who admit all lifecycle events know how every run stands.
                if client.filter.types.is_empty() {
                    for run in simulation.world.core.runs().newest_first() {
                        if let Some(state) = client.page.state(run.id().as_str()) {
                            prop_assert_eq!(state, &**run.state(), "peer {} {}", n, id);
                        }
                    }
                }
            }
        }
    }
}

fn event(seq: u64) -> String {
    format!(r#"{{"type":"x.tick","time":"2025-01-18T10:30:15Z","run":"r","seq":{seq}}}"#)
}

fn all() -> Selection {
    Selection::Filter(Filter::all())
}

#[test]
fn readers_of_the_same_share_their_bytes() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    for _ in 0..3 {
        world.join(&mut sockets, NDJSON, Some((all(), Since::Now)));
    }
    world.settle(&mut sockets);
    let mut producer = world.core.connect(None);
    world.send(&mut producer, &event(1));
    world.round();
    let mut places = Vec::new();
    while let Some(write) = world.fan.poll_write() {
        let (reader, length) = (write.reader, write.slices[0].len());
        places.push(write.slices[0].as_ptr());
        world.fan.handle_written(reader, length, false);
    }
    assert_eq!(places.len(), 3);
    assert!(places.windows(2).all(|two| two[0] == two[1]), "one copy in memory");
}

#[test]
fn s2_b02_a_reader_that_takes_nothing_costs_its_budget() {
    let (mut world, mut sockets) = (World::new(1 << 30), Vec::new());
    let stalled = world.join(&mut sockets, SSE, Some((all(), Since::Now)));
    let healthy = world.join(&mut sockets, SSE, Some((all(), Since::Now)));
    world.settle(&mut sockets);
    sockets[stalled].room = 0;
    let mut producer = world.core.connect(None);
    for seq in 1..=20_000 {
        world.send(&mut producer, &event(seq));
        if seq % 100 == 0 {
            world.round();
            world.drive(&mut sockets);
        }
    }
    assert!(world.fan.held() < 512 << 10, "{} bytes are held", world.fan.held());
    assert!(sockets[healthy].got.len() > 20_000 * 80);
    world.settle(&mut sockets);
    assert_eq!(sockets[stalled].got, sockets[healthy].got, "and in the end it has the same");
}

#[test]
fn s4_13_silence_is_broken_by_a_comment_or_a_cursor() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let mut filter = Filter::all();
    filter.types = Globs::parse(["nothing.*"]).unwrap();
    let reader = world.join(&mut sockets, SSE, Some((Selection::Filter(filter), Since::Now)));
    world.settle(&mut sockets);
    sockets[reader].got.clear();
    let mut producer = world.core.connect(None);
    let mut listen = |world: &mut World| {
        let mut silence = Duration::ZERO;
        while sockets[reader].got.is_empty() {
            world.pass(SWEEP);
            silence += SWEEP;
            world.fan.handle_tick(world.now);
            world.round();
            world.drive(&mut sockets);
        }
        assert!(silence <= KEEP_ALIVE && silence + 2 * SWEEP > KEEP_ALIVE, "{silence:?}");
        String::from_utf8(std::mem::take(&mut sockets[reader].got)).unwrap()
    };
    assert_eq!(listen(&mut world), ":\n");
    world.send(&mut producer, &event(1));
    let text = listen(&mut world);
    assert!(text.starts_with("id: ") && text.contains("hub.cursor"), "{text}");
    assert_eq!(listen(&mut world), ":\n");
}

#[test]
fn s3_14_s3_15_a_websocket_is_pinged_and_a_dead_one_let_go() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let (dead, alive) =
        (world.join(&mut sockets, WEBSOCKET, None), world.join(&mut sockets, WEBSOCKET, None));
    let start = world.now.at;
    world.settle(&mut sockets);
    let mut pinged = None;
    while !sockets[dead].finished {
        world.pass(SWEEP);
        world.fan.handle_tick(world.now);
        world.drive(&mut sockets);
        if pinged.is_none() && sockets[alive].got.ends_with(&[0x89, 0]) {
            pinged = Some(world.now.at.abs_diff(start));
            world.fan.handle_input(alive, &frame(10, ""), world.now);
        }
        assert!(world.now.at.abs_diff(start) < DEAD + 3 * SWEEP);
    }
    assert_eq!(pinged, Some(PING));
    assert!(world.now.at.abs_diff(start) >= DEAD);
    let close = sockets[dead].got.split_off(2);
    assert_eq!(close[..4], [0x88, u8::try_from(close.len() - 2).unwrap(), 0x03, 0xf0], "1008 with a reason");
    assert!(!sockets[alive].finished);
    world.pass(LINGER);
    world.fan.handle_tick(world.now);
    world.drive(&mut sockets);
    assert!(sockets[dead].gone, "it is not waited for");
}

#[test]
fn s3_b06_subscriptions_add_up_replace_and_end() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = world.join(&mut sockets, WEBSOCKET, None);
    let mut producer = world.core.connect(None);
    let mut seq = 0;
    let mut tick = |world: &mut World, sockets: &mut Vec<Socket>, input: Option<Vec<u8>>| {
        if let Some(input) = input {
            world.fan.handle_input(reader, &input, world.now);
        }
        world.settle(sockets);
        sockets[reader].got.clear();
        seq += 1;
        world.send(&mut producer, &event(seq));
        world.settle(sockets);
        let messages = pieces(WEBSOCKET, &mut sockets[reader].got);
        let id = |message: &String| {
            let last: Value = serde_json::from_str(message.lines().last().unwrap()).unwrap();
            last["payload"]["id"].as_str().unwrap_or("").to_owned()
        };
        let mut ids: Vec<String> = messages.iter().map(id).collect();
        ids.sort();
        ids.join(" ")
    };
    let unsubscribe =
        |id: &str| Some(frame(1, &json!({"type": "unsubscribe", "payload": {"id": id}}).to_string()));
    assert_eq!(tick(&mut world, &mut sockets, None), "", "C-16: without a subscription no events");
    assert_eq!(tick(&mut world, &mut sockets, Some(subscribe("a", "now", &[]))), "a");
    assert_eq!(tick(&mut world, &mut sockets, Some(subscribe("b", "now", &["x.*"]))), "a b");
    assert_eq!(tick(&mut world, &mut sockets, Some(subscribe("a", "now", &["task.*"]))), "b");
    assert_eq!(tick(&mut world, &mut sockets, unsubscribe("b")), "");
    assert_eq!(tick(&mut world, &mut sockets, unsubscribe("nobody")), "");
    let nameless = frame(1, r#"{"type":"subscribe","data":{"repositories":["o/r"]}}"#);
    assert_eq!(
        tick(&mut world, &mut sockets, Some(nameless)),
        "",
        "S3's frame has no name; `x.tick` is no record"
    );
}

#[test]
fn a_mistake_is_told_and_too_much_is_the_end() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let reader = world.join(&mut sockets, WEBSOCKET, None);
    world.fan.handle_input(reader, &frame(1, "nonsense"), world.now);
    world.fan.handle_input(reader, &frame(9, "there?"), world.now);
    world.settle(&mut sockets);
    let got = std::mem::take(&mut sockets[reader].got);
    assert!(got.windows(9).any(|w| w == b"hub.error"), "{}", String::from_utf8_lossy(&got));
    assert!(got.ends_with(b"\x8a\x06there?"));
    world.fan.handle_input(reader, &frame(1, &"x".repeat(MESSAGE_BYTES + 1)), world.now);
    world.settle(&mut sockets);
    assert_eq!(sockets[reader].got[2..4], [0x03, 0xf1], "1009");
    assert!(sockets[reader].finished && !sockets[reader].gone);
    world.fan.handle_input(reader, b"", world.now);
    world.drive(&mut sockets);
    assert!(sockets[reader].gone, "it closed, too");
}

#[test]
fn s4_24_everybody_gets_what_is_there_and_a_goodbye() {
    let (mut world, mut sockets) = (World::new(1 << 20), Vec::new());
    let mut readers = Vec::new();
    for form in [NDJSON, SSE, WEBSOCKET] {
        readers.push(world.join(&mut sockets, form, Some((all(), Since::Now))));
    }
    let silent = world.join(&mut sockets, WEBSOCKET, None);
    world.settle(&mut sockets);
    for socket in &mut sockets {
        socket.room = 10;
    }
    let mut producer = world.core.connect(None);
    world.send(&mut producer, &event(1));
    world.round();
    world.drive(&mut sockets);
    world.fan.handle_closing(world.now);
    world.settle(&mut sockets);
    for reader in readers {
        let text = String::from_utf8_lossy(&sockets[reader].got).into_owned();
        let (event, bye) = (text.find("x.tick").unwrap(), text.find("hub.bye").unwrap());
        assert!(event < bye, "{text}");
    }
    assert!(String::from_utf8_lossy(&sockets[silent].got).contains("hub.bye"));
    assert!(sockets[0].gone && sockets[1].gone && sockets[2].finished && sockets[silent].finished);
}
