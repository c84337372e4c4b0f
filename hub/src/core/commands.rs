//! What people want done with runs: told to the producer at most once an id, and followed up to an answer.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use choo_protocol::{
    CmdAccepted, CmdArgs, CmdRequest, Command, Event, Limits, Line, MAX_REQUEST_BYTES, Precondition,
    RejectReason, RunId, Timestamp, control_line, kind,
};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::history::Body;
use super::hub::Core;
use super::moment::Moment;
use super::run::{ConnectionId, Phase};

/// How long a command has to be taken by its orchestrator: time enough for a pusher that has just lost its
/// connection to come back (5 s at most between two attempts), short enough that nobody has forgotten it.
pub(crate) const GOOD_FOR: Duration = Duration::from_secs(30);

/// Commands of one run without an answer; as many as a pusher lets wait. One more is refused.
pub(crate) const OPEN_PER_RUN: usize = 64;

/// The same of all runs; 16 MiB if each is as long as may be.
const OPEN: usize = 1024;

/// Keys that are remembered, and for how long: as a pusher remembers ids. What is forgotten here is still
/// known there, as a key always gives the same id.
const KEYS: usize = 4096;
const KEY_LIFE: Duration = Duration::from_hours(1);

/// What somebody wants done.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) cmd: Command,
    pub(crate) args: CmdArgs,
    pub(crate) condition: Option<Precondition>,
    /// Who it is, for people and the record.
    pub(crate) by: String,
    /// The same key for the same run is the same command.
    pub(crate) key: Option<String>,
}

/// A command that is on its way, or was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// What the answers will name.
    pub(crate) id: String,
    /// The offset behind which it is on record, and the answers to it.
    pub(crate) behind: u64,
}

/// Why it is not tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such run.
    UnknownRun,
    /// Nobody is connected who could do it.
    NoProducer,
    /// The key was used for something else.
    KeyReused,
    /// Too many commands wait for their answer.
    Busy,
    /// It makes a line that is too long, of so many bytes.
    TooLong(usize),
    /// It makes no line that everybody can read.
    BadLine(String),
}

/// The commands of all runs.
///
/// A command belongs to the connection that said `link.hello` for its run last. It goes out on that one, and
/// again on the next one of the same process if there is no answer yet: a pusher executes no id twice. To
/// another process it goes only if it has gone to none. What no orchestrator took in time is told as rejected.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// Who takes commands for a run. One connection does for one run.
    links: BTreeMap<RunId, Link>,
    /// What has no answer yet, oldest first.
    open: VecDeque<Open>,
    keys: HashMap<String, Key>,
    /// Their ids, oldest first.
    order: VecDeque<String>,
    /// How many commands there ever were.
    asked: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Link {
    connection: ConnectionId,
    pid: Option<u32>,
}

/// A command without an answer.
#[derive(Debug)]
struct Open {
    /// The how manieth it is.
    number: u64,
    run: RunId,
    id: String,
    line: Vec<u8>,
    /// No answer is waited for after this.
    until: Duration,
    /// To whom it went, if to anybody.
    handed: Option<Link>,
}

/// What a key was used for.
#[derive(Debug)]
struct Key {
    /// Of what is wanted.
    digest: [u8; 32],
    since: Duration,
    /// Behind which offset that is on record.
    behind: u64,
}

/// A command that will not be executed, or of which nothing will be heard.
#[derive(Debug)]
struct Lapsed {
    run: RunId,
    id: String,
    reason: RejectReason,
    error: &'static str,
}

const NOBODY_TOOK_IT: &str = "no orchestrator took it in time";
const ENDED: &str = "the orchestrator ended before it took it";
const SILENT: &str = "the orchestrator was told and has gone without a word; it may have been executed";

impl Commands {
    /// A pusher is there: from now on this connection takes the commands of this run, and of no other.
    pub(super) fn handle_hello(&mut self, run: &RunId, connection: ConnectionId, pid: Option<u32>) {
        self.handle_gone(connection);
        self.links.insert(run.clone(), Link { connection, pid });
    }

    /// A pusher has sent everything of a run and closes.
    pub(super) fn handle_bye(&mut self, run: &RunId, connection: ConnectionId) {
        self.links.retain(|linked, link| linked != run || link.connection != connection);
    }

    /// A connection takes none any more.
    pub(super) fn handle_gone(&mut self, connection: ConnectionId) {
        self.links.retain(|_, link| link.connection != connection);
    }

    /// The orchestrator has said something about a command: it has it.
    pub(super) fn handle_answer(&mut self, run: &RunId, id: &str) {
        self.open.retain(|open| open.run != *run || open.id != id);
    }

    /// How many commands there ever were; it rises when there is something for a producer.
    pub(crate) fn asked(&self) -> u64 {
        self.asked
    }

    /// How many wait for their answer.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// Whether there is a command for a connection that has been told of all up to the `told`th.
    pub(super) fn is_due(&self, run: &RunId, connection: ConnectionId, told: u64) -> bool {
        self.next(run, connection, told).is_some()
    }

    /// The place of that command.
    fn next(&self, run: &RunId, connection: ConnectionId, told: u64) -> Option<usize> {
        let link = *self.links.get(run).filter(|link| link.connection == connection)?;
        let may_have_it = |open: &Open| open.handed.is_none_or(|handed| handed.is_same_process(link));
        self.open.iter().position(|open| open.number > told && open.run == *run && may_have_it(open))
    }

    /// Hands out that command: the how manieth it is, and its line with newline.
    pub(super) fn take(
        &mut self,
        run: &RunId,
        connection: ConnectionId,
        told: u64,
    ) -> Option<(u64, Vec<u8>)> {
        let place = self.next(run, connection, told)?;
        let (link, open) = (self.links.get(run)?, self.open.get_mut(place)?);
        open.handed = Some(*link);
        Some((open.number, open.line.clone()))
    }

    /// When the next one's time is over.
    pub(super) fn deadline(&self) -> Option<Duration> {
        // They all have the same time, so the oldest is over first.
        self.open.front().map(|open| open.until)
    }

    /// Forgets those whose time is over; of those that nobody else will speak of, says what became of them.
    fn take_late(&mut self, now: Duration) -> Vec<Lapsed> {
        let mut lapsed = Vec::new();
        while let Some(open) = self.open.pop_front_if(|open| open.until <= now) {
            let there = self.links.get(&open.run);
            let (reason, error) = match open.handed {
                None => (RejectReason::Expired, NOBODY_TOOK_IT),
                // It knows the command, and will say what became of it.
                Some(handed) if there.is_some_and(|link| handed.is_same_process(*link)) => continue,
                Some(_) => (RejectReason::Unanswered, SILENT),
            };
            lapsed.push(Lapsed { run: open.run, id: open.id, reason, error });
        }
        lapsed
    }

    /// Forgets those of a run that ends. With `goodbye` its pusher has answered everything that it heard.
    fn take_ended(&mut self, run: &RunId, goodbye: bool) -> Vec<Lapsed> {
        let mut lapsed = Vec::new();
        self.open.retain(|open| {
            let ends = open.run == *run;
            if ends {
                let (reason, error) = match open.handed {
                    Some(_) if !goodbye => (RejectReason::Unanswered, SILENT),
                    _ => (RejectReason::NoProducer, ENDED),
                };
                lapsed.push(Lapsed { run: run.clone(), id: open.id.clone(), reason, error });
            }
            !ends
        });
        lapsed
    }

    /// Remembers a key's id, and forgets what is old or too much.
    fn remember(&mut self, id: &str, key: Key) {
        let now = key.since;
        while let Some(oldest) = self.order.front()
            && (self.order.len() >= KEYS
                || self.keys.get(oldest).is_none_or(|key| key.since + KEY_LIFE <= now))
        {
            let oldest = self.order.pop_front();
            oldest.map(|oldest| self.keys.remove(&oldest));
        }
        self.keys.insert(id.to_owned(), key);
        self.order.push_back(id.to_owned());
    }
}

impl Link {
    /// Whether both are the same orchestrator, which remembers what it has executed.
    fn is_same_process(self, other: Link) -> bool {
        self.connection == other.connection || (self.pid.is_some() && self.pid == other.pid)
    }
}

impl Core {
    /// Somebody wants something done with a run: records it, and has it told to the producer. For a key that
    /// was used before it gives the same again, and nothing more is done.
    pub(crate) fn ask(&mut self, run: &str, wish: Wish, now: Moment) -> Result<Asked, Refusal> {
        let known = self.runs.get(run).ok_or(Refusal::UnknownRun)?;
        let (run, over) = (known.id().clone(), matches!(known.phase(), Phase::Over { .. }));
        let Wish { cmd, args, condition, by, key } = wish;
        let mut request =
            CmdRequest { id: String::new(), cmd, args, condition, by: String::new(), expires: None };
        let digest = digest(&request);
        request.id = match &key {
            Some(key) => id_of(&run, key),
            None => self.new_run_id(now).to_string(),
        };
        if let Some(used) = self.commands.keys.get(&request.id).filter(|used| now.at < used.since + KEY_LIFE)
        {
            let asked = Asked { id: request.id, behind: used.behind };
            return if used.digest == digest { Ok(asked) } else { Err(Refusal::KeyReused) };
        }
        if over || !self.commands.links.contains_key(&run) {
            return Err(Refusal::NoProducer);
        }
        let open = self.commands.open.iter().filter(|open| open.run == run).count();
        if open >= OPEN_PER_RUN || self.commands.open.len() >= OPEN {
            return Err(Refusal::Busy);
        }
        (request.by, request.expires) = (by, Some(later(now.time, GOOD_FOR)));
        let json = control_line(kind::CMD_REQUEST, now.time, Some(&run), &request);
        if json.len() > MAX_REQUEST_BYTES {
            return Err(Refusal::TooLong(json.len()));
        }
        if let Err(error) = Line::parse(&json, &Limits::default()) {
            return Err(Refusal::BadLine(error.to_string()));
        }
        let (id, behind) = (request.id, self.history.last());
        if key.is_some() {
            self.commands.remember(&id, Key { digest, since: now.at, behind });
        }
        let line = [json.as_slice(), b"\n"].concat();
        self.with_run(&run, |run, history| {
            run.record_own(Body::own(kind::CMD_REQUEST, json), now.time, history);
        });
        self.commands.asked += 1;
        let (number, until) = (self.commands.asked, now.at + GOOD_FOR);
        self.commands.open.push_back(Open { number, run, id: id.clone(), line, until, handed: None });
        Ok(Asked { id, behind })
    }

    /// What is known of the commands.
    pub(crate) fn commands(&self) -> &Commands {
        &self.commands
    }

    /// An event `cmd.*` came.
    pub(super) fn handle_cmd(&mut self, run: &RunId, line: &Line<'_>) {
        if line.kind != kind::CMD_REQUEST
            && let Some(Ok(CmdAccepted { id })) = line.payload()
        {
            self.commands.handle_answer(run, &id);
        }
    }

    /// Commands may be late.
    pub(super) fn tell_late_commands(&mut self, now: Moment) {
        let lapsed = self.commands.take_late(now.at);
        self.record_lapsed(lapsed, now);
    }

    /// A run ends now: what is still asked for is not done any more.
    pub(super) fn tell_ended_commands(&mut self, run: &RunId, goodbye: bool, now: Moment) {
        let lapsed = self.commands.take_ended(run, goodbye);
        self.record_lapsed(lapsed, now);
    }

    fn record_lapsed(&mut self, lapsed: Vec<Lapsed>, now: Moment) {
        for Lapsed { run, id, reason, error } in lapsed {
            let mut json = Vec::new();
            Event::cmd_rejected(id, reason).error(error).encode(Some(&run), None, now.time, &mut json);
            json.pop();
            self.with_run(&run, |run, history| {
                run.record_own(Body::own(kind::CMD_REJECTED, json), now.time, history);
            });
        }
    }
}

/// The id that a key stands for in a run. It is the same after a restart, so that a key never has something
/// done twice by an orchestrator that remembers the id.
fn id_of(run: &RunId, key: &str) -> String {
    let digest = Sha256::new().chain_update(run.as_str()).chain_update([0]).chain_update(key).finalize();
    HEXLOWER.encode(&digest[..16])
}

/// Tells what is wanted from something else.
fn digest(request: &CmdRequest) -> [u8; 32] {
    // A time is needed for a line, and does not matter.
    Sha256::digest(control_line(kind::CMD_REQUEST, Timestamp::from_unix_nanos(0), None, request)).into()
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    Timestamp::from_unix_nanos(time.unix_nanos() + i128::try_from(by.as_nanos()).unwrap_or(0))
}
