//! Who is connected, and how far behind.

use std::sync::Arc;
use std::time::Duration;

use choo_protocol::{Filter, Glob, Globs, RunId, Timestamp};
use futures_lite::{FutureExt, future};
use serde::Serialize;

use super::outcome::Outcome;
use super::respond::{self, ApiError};
use crate::core::{Core, Cursor, Epochs, Moment, Selection};
use crate::fan::{Desk, Origin, ReaderStatus, SeatStatus, Standing};
use crate::producers::{Entrance, ProducerStatus};
use crate::shared::Shared;

/// `/api/v1/streams`
#[derive(Debug, Serialize)]
struct Streams {
    /// Behind the newest event.
    cursor: String,
    readers: Vec<ReaderView>,
    producers: Vec<ProducerView>,
}

#[derive(Debug, Serialize)]
struct ReaderView {
    id: usize,
    encoding: &'static str,
    from: String,
    pid: Option<u32>,
    since: Timestamp,
    /// Bytes for it that its socket has not taken.
    waiting: usize,
    /// Its socket takes nothing at present.
    blocked: bool,
    /// Its stream is over.
    ending: bool,
    /// Of its subscriptions the one that is furthest behind.
    behind: Option<u64>,
    subscriptions: Vec<SubscriptionView>,
    /// What it watches instead.
    topic: Option<&'static str>,
}

#[derive(Debug, Serialize)]
struct SubscriptionView {
    id: Option<Box<str>>,
    /// What of the hub's streams it is.
    of: &'static str,
    run: Option<RunId>,
    types: Vec<String>,
    units: Vec<String>,
    repositories: Vec<String>,
    state: &'static str,
    /// How many events of the hub it has still to look at; unknown while they are being looked up.
    behind: Option<u64>,
}

#[derive(Debug, Serialize)]
struct ProducerView {
    id: u64,
    pid: Option<u32>,
    since: Timestamp,
    /// Whether it is told what is stored, and can be given commands.
    listens: bool,
    lines: u64,
    bytes: u64,
    /// Bytes that it has sent and the hub has not read.
    unread: Option<u64>,
    /// Bytes for it that its socket has not taken.
    waiting: usize,
    runs: Vec<RunView>,
}

#[derive(Debug, Serialize)]
struct RunView {
    run: RunId,
    /// Up to which `seq` the hub has it; unknown where the hub counts.
    have: Option<u64>,
    /// ... and has it stored.
    stored: Option<u64>,
}

/// `/api/v1/streams`
pub(super) fn get(shared: &Arc<Shared>, desk: &Arc<Desk>, producers: &Entrance) -> Outcome {
    let (shared, desk, producers) = (Arc::clone(shared), Arc::clone(desk), producers.clone());
    let answer = async move {
        let readers = readers(&shared, &desk).await?;
        let producers = producers.list().await.ok_or_else(closing)?;
        let (head, producers) = shared.look(|core, now| {
            let producers = producers.iter().map(|producer| ProducerView::new(core, now, producer));
            (Head::of(core, now), producers.collect())
        });
        let readers = readers.iter().map(|reader| ReaderView::new(&head, reader)).collect();
        Ok(respond::json(&Streams { cursor: head.cursor.to_string(), readers, producers }))
    };
    Outcome::Later(answer.boxed())
}

/// All readers, asked for by and by, so that none of them has to wait for this.
pub(super) async fn readers(shared: &Shared, desk: &Desk) -> Result<Vec<ReaderStatus>, ApiError> {
    let closed = || async {
        shared.closed().await;
        None
    };
    let mut readers = Vec::new();
    let mut from = Some(0);
    while let Some(number) = from {
        let look = future::or(desk.look(number), closed()).await;
        let look = look.ok_or_else(closing)?;
        readers.extend(look.readers);
        from = look.next;
    }
    Ok(readers)
}

fn closing() -> ApiError {
    ApiError::busy("the hub shuts down")
}

/// What readers are measured against: copied, so that ten thousand of them do not hold the core.
pub(super) struct Head {
    epochs: Epochs,
    last: u64,
    cursor: Cursor,
    now: Moment,
}

impl Head {
    pub(super) fn of(core: &Core, now: Moment) -> Self {
        let last = core.history().last();
        Head { epochs: core.epochs().clone(), last, cursor: core.cursor(last), now }
    }

    /// How many events a reader is behind; unknown while its next ones are being looked up.
    pub(super) fn behind(&self, reader: &ReaderStatus) -> Option<u64> {
        let mut all = reader.seats.iter().map(|seat| self.behind_of(seat));
        all.try_fold(0, |most, behind| Some(behind?.max(most)))
    }

    fn behind_of(&self, seat: &SeatStatus) -> Option<u64> {
        match seat.standing {
            Standing::Live(position) | Standing::Behind(position) => {
                Some(self.epochs.count(position, self.last))
            }
            Standing::Asked => None,
        }
    }
}

/// What the calendar said at a time of the hub's clock.
fn time(at: Duration, now: Moment) -> Timestamp {
    let ago = i128::try_from(now.at.saturating_sub(at).as_nanos()).unwrap_or(0);
    Timestamp::from_unix_nanos(now.time.unix_nanos() - ago)
}

impl ReaderView {
    fn new(head: &Head, reader: &ReaderStatus) -> Self {
        let (from, pid) = match reader.origin {
            Some(Origin::Tcp(address)) => (address.to_string(), None),
            Some(Origin::Unix { pid }) => ("unix".to_owned(), pid),
            None => ("unknown".to_owned(), None),
        };
        ReaderView {
            id: reader.number,
            encoding: reader.encoding.name(),
            from,
            pid,
            since: time(reader.since, head.now),
            waiting: reader.waiting,
            blocked: reader.blocked,
            ending: reader.ending,
            behind: head.behind(reader),
            topic: reader.topic,
            subscriptions: reader.seats.iter().map(|seat| SubscriptionView::new(head, seat)).collect(),
        }
    }
}

impl SubscriptionView {
    fn new(head: &Head, seat: &SeatStatus) -> Self {
        let all = Filter::all();
        let (of, filter, run) = match &seat.selection {
            Selection::Filter(filter) => ("events", filter, filter.run.clone()),
            Selection::Newest => ("newest run", &all, None),
            Selection::Patches(run) => ("patches", &all, run.clone()),
            Selection::Process(process) => ("process", &all, Some(process.run.clone())),
        };
        let texts = |globs: &Globs| globs.iter().map(Glob::as_str).map(str::to_owned).collect();
        SubscriptionView {
            id: seat.id.clone(),
            of,
            run,
            types: texts(&filter.types),
            units: texts(&filter.units),
            repositories: texts(&filter.repositories),
            state: match seat.standing {
                Standing::Live(_) => "live",
                Standing::Behind(_) => "behind",
                Standing::Asked => "reading",
            },
            behind: head.behind_of(seat),
        }
    }
}

impl ProducerView {
    fn new(core: &Core, now: Moment, producer: &ProducerStatus) -> Self {
        let run = |id: &RunId| {
            let run = core.runs().get(id.as_str());
            let have = run.and_then(crate::core::Run::have);
            RunView { run: id.clone(), have, stored: core.have(id.as_str()) }
        };
        ProducerView {
            id: producer.number,
            pid: producer.pid,
            since: time(producer.since, now),
            listens: producer.intake.listens,
            lines: producer.intake.lines,
            bytes: producer.intake.bytes,
            unread: producer.unread,
            waiting: producer.waiting,
            runs: producer.intake.runs.iter().map(run).collect(),
        }
    }
}
