//! A hub, or whoever else sits at the other end.

use std::time::{Duration, Instant};

use choo_protocol::{
    Frame, Limits, Line, LineDecoder, LinkAck, LinkPing, LinkWelcome, PROTO, RunId, Timestamp, control_line,
    kind,
};

use super::book::{Book, Truth};
use super::mark::{Mark, Marks};

/// Who is at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Nobody.
    Empty,
    /// Somebody who never answers.
    Hanging,
    /// Somebody who reads and says nothing.
    Collector,
    /// The original tool's daemon.
    Seed,
    /// Somebody who does not even read.
    HalfOpen,
    Hub,
}

/// What a hub does when a producer says hello.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manners {
    pub(crate) welcome_after: Duration,
    /// Whether it says what it had when it heard the hello, or what it has when it answers.
    pub(crate) have_at_hello: bool,
}

/// The other end of one connection.
pub(crate) struct Peer {
    pub(crate) place: Place,
    decoder: LineDecoder,
    manners: Manners,
    lines: u64,
    /// When it will say welcome, and with which number if that is settled.
    welcome: Option<(Instant, Option<u64>)>,
    greeted: bool,
    told: u64,
    ack_at: Option<Instant>,
    pings: u64,
    /// The event that came last.
    last: u64,
}

const ACK_EVERY: Duration = Duration::from_millis(10);

impl Peer {
    pub(crate) fn new(place: Place, manners: Manners) -> Self {
        Peer {
            place,
            decoder: LineDecoder::new(Limits::default()),
            manners,
            lines: 0,
            welcome: None,
            greeted: false,
            told: 0,
            ack_at: None,
            pings: 0,
            last: 0,
        }
    }

    /// Reads.
    pub(crate) fn read(
        &mut self,
        bytes: &[u8],
        book: &mut Book,
        truth: &Truth,
        marks: &mut Marks,
        now: Instant,
    ) {
        let Peer { decoder, manners, lines, welcome, pings, place, last, .. } = self;
        decoder.feed(bytes, |frame| {
            let Frame::Line(bytes) = frame else { panic!("a line longer than any reader takes") };
            if *place == Place::Seed {
                let seq =
                    *truth.seed_lines.get(bytes).expect("a line arrives as the original tool writes it");
                let opening = *last == 0 && bytes.starts_with(br#"{"type":"orch.started""#);
                book.take_plain(seq, opening);
                assert!(*last < seq || opening, "{seq} came after {last}");
                *last = if opening { *last } else { seq };
                return;
            }
            let line = Line::parse(bytes, &Limits::default()).expect("every whole line is a line");
            *lines += 1;
            match &*line.kind {
                kind::LINK_HELLO => {
                    assert_eq!(*lines, 1, "link.hello comes first");
                    if *place == Place::Hub {
                        let have = manners.have_at_hello.then(|| book.have());
                        *welcome = Some((now + manners.welcome_after, have));
                    }
                }
                kind::LINK_PONG => {
                    marks.hit(Mark::Pong);
                    *pings = pings.checked_sub(1).expect("an answer to a question");
                }
                _ if *place == Place::Collector => {}
                _ => {
                    assert_eq!(line.run.as_deref(), Some(truth.run.as_str()));
                    book.take(&line, truth, marks);
                }
            }
        });
        if self.greeted && book.have() > self.told && self.ack_at.is_none() {
            self.ack_at = Some(now + ACK_EVERY);
        }
    }

    /// What it has to say now.
    pub(crate) fn say(&mut self, book: &Book, run: &RunId, now: Instant) -> Option<Vec<u8>> {
        if let Some((_, have)) = self.welcome.take_if(|(at, _)| *at <= now) {
            let have = have.unwrap_or_else(|| book.have());
            (self.greeted, self.told) = (true, have);
            self.ack_at = (book.have() > have).then_some(now + ACK_EVERY);
            let have = [(run.clone(), have)].into_iter().filter(|(_, have)| *have > 0).collect();
            return Some(line(
                kind::LINK_WELCOME,
                &LinkWelcome { proto: PROTO, epoch: "e".to_owned(), have },
            ));
        }
        self.ack_at.take_if(|at| *at <= now)?;
        self.told = book.have();
        Some(line(kind::LINK_ACK, &LinkAck { run: run.clone(), seq: self.told }))
    }

    /// Asks whether somebody is there.
    pub(crate) fn ping(&mut self) -> Vec<u8> {
        self.pings += 1;
        line(kind::LINK_PING, &LinkPing { id: self.pings.to_string() })
    }

    /// When it has something to say.
    pub(crate) fn wake(&self) -> Option<Instant> {
        self.welcome.map(|(at, _)| at).into_iter().chain(self.ack_at).min()
    }

    /// The connection ends; whether in the middle of a line.
    pub(crate) fn end(mut self) -> bool {
        self.decoder.finish().is_some()
    }
}

fn line<T: serde::Serialize>(kind: &str, payload: &T) -> Vec<u8> {
    let mut line = control_line(kind, Timestamp::from_unix_nanos(0), None, payload);
    line.push(b'\n');
    line
}
