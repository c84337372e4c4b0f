//! Every command is executed at most once. No clock, no bus, no threads.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use choo_protocol::{CmdRequest, Event, RejectReason, Timestamp};

use crate::request::Request;

/// Commands that may wait for the orchestrator; what comes beyond them is rejected as `busy`.
pub(crate) const WAITING: usize = 64;

/// Ids that are remembered.
pub(crate) const REMEMBERED: usize = 4096;

/// An id is remembered at least this long, and until its command has expired.
pub(crate) const REMEMBERED_FOR: Duration = Duration::from_hours(1);

/// Answers are remembered, so what they say to people is cut to this.
const MAX_ERROR: usize = 1 << 10;

/// Knows what became of every command.
///
/// The shell reports what happened by the `handle_*` methods and hands out what
/// [`CommandLog::poll_command`] gives; after each call it asks [`CommandLog::poll_answer`] until there is
/// nothing more and puts the answers on the bus, in order.
///
/// A request with an id that is remembered is the same command: it is given the answer it was given
/// before, if there is one yet, and never executed again. When there is room for no more ids, those whose
/// time is up are forgotten, then those that were never handed out, oldest first; if there are none, new
/// commands are rejected. So what was executed can only be executed again if it had no expiry and is
/// repeated after [`REMEMBERED_FOR`].
#[derive(Debug)]
pub(crate) struct CommandLog {
    entries: HashMap<String, Entry>,
    /// Ids in the order they came, for forgetting.
    order: VecDeque<String>,
    waiting: VecDeque<Box<CmdRequest>>,
    answers: VecDeque<Event>,
    /// How many take commands at present; without any they are rejected at once.
    takers: usize,
    closed: bool,
    /// The latest expiry of what was forgotten: should the wall clock be set back, commands up to here
    /// are late all the same, as one of them may be one that was executed.
    forgotten: Option<Timestamp>,
    remembered: usize,
}

/// The present by both clocks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Present {
    pub(crate) now: Instant,
    /// What a command's expiry is compared with.
    pub(crate) wall: Timestamp,
}

#[derive(Debug)]
struct Entry {
    outcome: Outcome,
    /// When it came, or was handed out.
    since: Instant,
    /// Whether the orchestrator has, or had, it in its hands. Only what it never saw is surely not executed.
    handed: bool,
    expires: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// Nobody has taken it yet.
    Waiting,
    /// The orchestrator has it and has not said anything.
    Taken,
    Accepted,
    Rejected {
        reason: RejectReason,
        error: String,
    },
    Done {
        error: String,
    },
}

impl CommandLog {
    /// Nothing was heard, and nobody takes commands.
    pub(crate) fn new() -> Self {
        CommandLog {
            entries: HashMap::new(),
            order: VecDeque::new(),
            waiting: VecDeque::new(),
            answers: VecDeque::new(),
            takers: 0,
            closed: false,
            forgotten: None,
            remembered: REMEMBERED,
        }
    }

    /// Somebody takes commands from now on.
    pub(crate) fn handle_taker(&mut self) {
        self.takers += 1;
    }

    /// Somebody does not any more. With the last one, what waits is rejected.
    pub(crate) fn handle_taker_gone(&mut self) {
        self.takers -= 1;
        if self.takers == 0 {
            for request in std::mem::take(&mut self.waiting) {
                self.settle(&request.id, disabled());
            }
        }
    }

    /// The link ends: what waits is rejected, and what was begun will not be heard of.
    pub(crate) fn handle_close(&mut self) {
        if std::mem::replace(&mut self.closed, true) {
            return;
        }
        self.waiting.clear();
        // In the order they came, so that the same run tells the same.
        for id in &self.order {
            let Some(entry) = self.entries.get_mut(id) else { continue };
            entry.outcome = match entry.outcome {
                Outcome::Waiting | Outcome::Taken => {
                    rejected(RejectReason::Conflict, "the orchestrator is ending")
                }
                Outcome::Accepted => {
                    Outcome::Done { error: "the orchestrator ended before it was done".into() }
                }
                Outcome::Rejected { .. } | Outcome::Done { .. } => continue,
            };
            self.answers.extend(entry.outcome.answer(id));
        }
    }

    /// Whether there is nothing to come any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// A request was heard.
    pub(crate) fn handle_request(&mut self, request: Request, present: Present) {
        let (id, expires) = match &request {
            Request::Whole(request) => (&request.id, request.expires),
            Request::Bad { id, .. } => (id, None),
        };
        if let Some(entry) = self.entries.get(id) {
            self.answers.extend(entry.outcome.answer(id));
            return;
        }
        let id = id.clone();
        let outcome = self.judge(&request, present.wall);
        if !self.make_room(present) {
            let busy = if outcome == Outcome::Waiting { busy("remembered") } else { outcome };
            self.answers.extend(busy.answer(&id));
            return;
        }
        self.answers.extend(outcome.answer(&id));
        if let (Outcome::Waiting, Request::Whole(request)) = (&outcome, request) {
            self.waiting.push_back(request);
        }
        self.order.push_back(id.clone());
        self.entries.insert(id, Entry { outcome, since: present.now, handed: false, expires });
    }

    /// What is to become of a command that is new.
    fn judge(&self, request: &Request, wall: Timestamp) -> Outcome {
        if self.takers == 0 || self.closed {
            return disabled();
        }
        let request = match request {
            Request::Whole(request) => request,
            Request::Bad { error, .. } => return rejected(RejectReason::Unsupported, error),
        };
        if self.is_late(request, wall) {
            return expired();
        }
        match &request.condition {
            Some(condition) if !condition.is_understood() => {
                let names: Vec<&str> = condition.other.keys().map(String::as_str).collect();
                rejected(RejectReason::Unsupported, &format!("unknown conditions: {}", names.join(", ")))
            }
            _ if self.waiting.len() >= WAITING => busy("waiting"),
            _ => Outcome::Waiting,
        }
    }

    fn is_late(&self, request: &CmdRequest, wall: Timestamp) -> bool {
        request.expires.is_some_and(|expires| expires < wall || Some(expires) <= self.forgotten)
    }

    /// Forgets what has to be for one more id to be remembered; `false` if nothing may be.
    fn make_room(&mut self, present: Present) -> bool {
        if self.entries.len() < self.remembered {
            return true;
        }
        let over = |entry: &Entry| {
            matches!(entry.outcome, Outcome::Rejected { .. } | Outcome::Done { .. })
                && present.now.saturating_duration_since(entry.since) > REMEMBERED_FOR
                && entry.expires.is_none_or(|expires| expires < present.wall)
        };
        let harmless = |entry: &Entry| !entry.handed && matches!(entry.outcome, Outcome::Rejected { .. });
        let find = |suits: &dyn Fn(&Entry) -> bool| {
            self.order.iter().position(|id| self.entries.get(id).is_some_and(suits))
        };
        let Some(place) = find(&over).or_else(|| find(&harmless)) else { return false };
        let forgotten = self.order.remove(place).and_then(|id| self.entries.remove(&id));
        if let Some(Entry { handed: true, expires, .. }) = forgotten {
            self.forgotten = self.forgotten.max(expires);
        }
        true
    }

    /// The next command for the orchestrator; what expired while it waited is rejected.
    pub(crate) fn poll_command(&mut self, present: Present) -> Option<Box<CmdRequest>> {
        while let Some(request) = self.waiting.pop_front() {
            if self.is_late(&request, present.wall) {
                self.settle(&request.id, expired());
                continue;
            }
            if let Some(entry) = self.entries.get_mut(&request.id) {
                (entry.outcome, entry.handed, entry.since) = (Outcome::Taken, true, present.now);
            }
            return Some(request);
        }
        None
    }

    /// The orchestrator begins to execute what it was handed.
    pub(crate) fn handle_accept(&mut self, id: &str) {
        self.settle(id, Outcome::Accepted);
    }

    /// The orchestrator does not execute it.
    pub(crate) fn handle_reject(&mut self, id: &str, reason: RejectReason, error: &str) {
        self.settle(id, rejected(reason, error));
    }

    /// The orchestrator has executed it; `error` says what went wrong, if something did.
    pub(crate) fn handle_done(&mut self, id: &str, error: &str) {
        self.settle(id, Outcome::Done { error: cut(error) });
    }

    /// The answer is `outcome`, unless one that is final has been given.
    fn settle(&mut self, id: &str, outcome: Outcome) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        if !matches!(entry.outcome, Outcome::Rejected { .. } | Outcome::Done { .. }) {
            entry.outcome = outcome;
            self.answers.extend(entry.outcome.answer(id));
        }
    }

    /// The next answer.
    pub(crate) fn poll_answer(&mut self) -> Option<Event> {
        self.answers.pop_front()
    }
}

impl Outcome {
    fn answer(&self, id: &str) -> Option<Event> {
        match self {
            Outcome::Waiting | Outcome::Taken => None,
            Outcome::Accepted => Some(Event::cmd_accepted(id)),
            Outcome::Rejected { reason, error } => {
                Some(Event::cmd_rejected(id, reason.clone()).error(error.as_str()))
            }
            Outcome::Done { error } => Some(Event::cmd_done(id).error(error.as_str())),
        }
    }
}

fn rejected(reason: RejectReason, error: &str) -> Outcome {
    Outcome::Rejected { reason, error: cut(error) }
}

fn disabled() -> Outcome {
    rejected(RejectReason::Disabled, "the orchestrator takes no commands")
}

fn expired() -> Outcome {
    rejected(RejectReason::Expired, "")
}

fn busy(how: &str) -> Outcome {
    rejected(RejectReason::Busy, &format!("too many commands are {how} already"))
}

fn cut(error: &str) -> String {
    error[..error.floor_char_boundary(MAX_ERROR)].to_owned()
}

#[cfg(test)]
mod tests;
