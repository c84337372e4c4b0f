//! Who is here, and how far behind.

use std::net::SocketAddr;
use std::time::Duration;

use super::Fan;
use super::seat::Place;
use crate::core::Selection;
use crate::encoding::Encoding;
use crate::fan::reader::Phase;

/// How many readers are told of in one turn: each costs two calls of the system, for which all others wait.
pub(crate) const READERS_A_LOOK: usize = 256;

/// Some of the readers.
#[derive(Debug)]
pub(crate) struct Look {
    pub(crate) readers: Vec<ReaderStatus>,
    /// With which number the rest begins, if there is any.
    pub(crate) next: Option<usize>,
}

/// One reader.
#[derive(Debug)]
pub(crate) struct ReaderStatus {
    /// Its number while it is here.
    pub(crate) number: usize,
    pub(crate) encoding: Encoding,
    /// When it came, by the hub's clock.
    pub(crate) since: Duration,
    /// Bytes for it that its socket has not taken yet.
    pub(crate) waiting: usize,
    /// Its socket takes nothing at the moment.
    pub(crate) blocked: bool,
    /// Its stream is over, and the connection is being closed.
    pub(crate) ending: bool,
    pub(crate) seats: Vec<SeatStatus>,
    /// What it watches instead, by the type of the messages.
    pub(crate) topic: Option<&'static str>,
    /// Where it is, if the system knows.
    pub(crate) origin: Option<Origin>,
}

/// One of its subscriptions.
#[derive(Debug)]
pub(crate) struct SeatStatus {
    pub(crate) id: Option<Box<str>>,
    pub(crate) selection: Selection,
    pub(crate) standing: Standing,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has everything up to this offset, or that is on its way to the socket, and there is no more for it.
    Live(u64),
    /// It has everything up to this offset.
    Behind(u64),
    /// Its next events are being looked up.
    Asked,
}

/// The other end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    Tcp(SocketAddr),
    /// The hub's Unix socket, and the process, where the system tells.
    Unix {
        pid: Option<u32>,
    },
}

impl Fan {
    /// Some of the readers, from a number on.
    pub(crate) fn look(&self, from: usize) -> Look {
        let mut readers = Vec::new();
        for number in from..self.readers.capacity() {
            let Some(it) = self.readers.get(number) else { continue };
            if readers.len() == READERS_A_LOOK {
                return Look { readers, next: Some(number) };
            }
            readers.push(ReaderStatus {
                number,
                encoding: it.encoding,
                since: it.since,
                waiting: it.bytes(),
                blocked: it.blocked,
                ending: it.phase != Phase::Open,
                seats: it.seats.iter().map(|seat| self.seat_status(*seat)).collect(),
                topic: it.watch.map(|watch| self.topic_of(watch)),
                origin: None,
            });
        }
        Look { readers, next: None }
    }

    fn seat_status(&self, index: usize) -> SeatStatus {
        let seat = &self.seats[index];
        let key = &self.channels[seat.channel].key;
        let standing = match &seat.place {
            Place::Live => Standing::Live(self.head),
            Place::Ahead(subscription) => Standing::Live(subscription.position()),
            Place::Behind { position, .. } => Standing::Behind(*position),
            Place::Away(subscription) => Standing::Behind(subscription.position()),
            Place::New(_) | Place::Asked => Standing::Asked,
        };
        SeatStatus { id: key.id.clone(), selection: key.selection.clone(), standing }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use choo_protocol::{Filter, Timestamp};

    use super::*;
    use crate::core::{Core, Moment, Since, Subscription};
    use crate::encoding::Framing;
    use crate::fan::NewReader;

    #[test]
    fn readers_are_told_of_by_and_by() {
        let now = |secs| Moment { at: Duration::from_secs(secs), time: Timestamp::from_unix_nanos(0) };
        let core = Core::new(1 << 20, 1, now(0));
        let mut fan = Fan::new(core.epoch(), 0, now(0));
        let (encoding, framing) = (Encoding::Sse, Framing::Plain);
        for n in 0..READERS_A_LOOK as u64 + 2 {
            let selection = Selection::Filter(Filter::all());
            let subscription = Subscription::new(&core, selection.clone(), Since::Now, now(n));
            let subscription = Some((selection, Box::new(subscription)));
            fan.handle_join(
                NewReader { encoding, framing, head: Bytes::from("head"), subscription, topic: None },
                now(n),
            );
        }
        fan.handle_gone(1);
        let first = fan.look(0);
        assert_eq!((first.readers.len(), first.next), (READERS_A_LOOK, Some(READERS_A_LOOK + 1)));
        let numbers: Vec<usize> = first.readers.iter().map(|reader| reader.number).collect();
        assert_eq!(numbers[..3], [0, 2, 3]);
        let rest = fan.look(READERS_A_LOOK + 1);
        assert_eq!((rest.readers.len(), rest.next), (1, None));
        let last = &rest.readers[0];
        assert_eq!((last.since, last.waiting), (Duration::from_secs(READERS_A_LOOK as u64 + 1), 4));
        // It is told first what stream this is.
        assert_eq!(last.seats[0].standing, Standing::Behind(0));
        assert!(fan.look(READERS_A_LOOK + 2).readers.is_empty());
    }
}
