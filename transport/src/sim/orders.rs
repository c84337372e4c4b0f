//! People at the hub who want something done, and the orchestrator that does it.

use std::collections::{BTreeMap, BTreeSet};

use choo_protocol::{CmdRequest, Event, Payload, RejectReason, Timestamp, control_line, kind};

use super::mark::{Mark, Marks};
use crate::command_log::{CommandLog, Present};
use crate::request::Request;

/// Asked for in one world at most: fewer than are remembered, so that nothing is forgotten.
const IDS: usize = 200;

/// Commands on both ends of a link. It draws from a source of its own, so that a world plays the same way
/// but for them.
pub(crate) struct Orders {
    log: CommandLog,
    random: fastrand::Rng,
    given: Vec<CmdRequest>,
    /// Ids that the orchestrator was handed, and whether it has accepted them.
    held: Vec<(String, bool)>,
    handed: BTreeSet<String>,
    /// The `seq` of each final answer, by id.
    finals: BTreeMap<String, Vec<u64>>,
    /// What each id was finally answered: it never changes.
    outcomes: BTreeMap<String, String>,
}

impl Orders {
    pub(crate) fn new(seed: u64) -> Self {
        let mut log = CommandLog::new();
        log.handle_taker();
        Orders {
            log,
            random: fastrand::Rng::with_seed(seed),
            given: Vec::new(),
            held: Vec::new(),
            handed: BTreeSet::new(),
            finals: BTreeMap::new(),
            outcomes: BTreeMap::new(),
        }
    }

    /// Whether somebody wants something in this step.
    pub(crate) fn due(&mut self) -> bool {
        self.random.u8(..) < 30
    }

    /// Somebody gives a command, or gives one again, as a hub does that has not heard what became of it.
    pub(crate) fn give(&mut self, wall: Timestamp) -> Vec<u8> {
        let fresh = self.given.is_empty() || (self.given.len() < IDS && self.random.bool());
        if fresh {
            let mut request: CmdRequest =
                serde_json::from_str(&format!(r#"{{"id":"c{}","cmd":"pause"}}"#, self.given.len())).unwrap();
            // Some expire before they can be heard, some on their way, some never.
            let secs = match self.random.u8(0..10) {
                0 => Some(-1),
                1..4 => Some(self.random.i32(0..30)),
                _ => None,
            };
            let nanos = |secs| wall.unix_nanos() + i128::from(secs) * 1_000_000_000;
            request.expires = secs.map(|secs| Timestamp::from_unix_nanos(nanos(secs)));
            self.given.push(request);
        }
        let at = if fresh { self.given.len() - 1 } else { self.random.usize(..self.given.len()) };
        line(&self.given[at])
    }

    /// Commands of which a reader who has stored the events that `stored` names knows no end.
    pub(crate) fn open(&self, stored: impl Fn(u64) -> bool) -> Vec<Vec<u8>> {
        let told = |id: &String| self.finals.get(id).is_some_and(|seqs| seqs.iter().any(|seq| stored(*seq)));
        self.given.iter().filter(|request| !told(&request.id)).map(line).collect()
    }

    /// The pusher has heard a request.
    pub(crate) fn handle_request(&mut self, request: Request, present: Present, marks: &mut Marks) {
        let Request::Whole(whole) = &request else { panic!("a request comes whole or not at all") };
        marks.hit_if(self.handed.contains(&whole.id), Mark::CommandRepeated);
        self.log.handle_request(request, present);
    }

    /// The orchestrator does some of what it may do now.
    pub(crate) fn turn(&mut self, present: Present, marks: &mut Marks) {
        if self.random.u8(..) < 200
            && let Some(request) = self.log.poll_command(present)
        {
            assert!(request.expires.is_none_or(|expires| expires >= present.wall), "{request:?} is late");
            assert!(self.handed.insert(request.id.clone()), "{} is handed out twice", request.id);
            marks.hit(Mark::Commanded);
            self.held.push((request.id, false));
        }
        if self.held.is_empty() || self.random.u8(..) < 60 {
            return;
        }
        let at = self.random.usize(..self.held.len());
        if !self.held[at].1 && self.random.u8(..) < 200 {
            self.held[at].1 = true;
            self.log.handle_accept(&self.held[at].0);
            return;
        }
        match self.held.swap_remove(at) {
            (id, true) => self.log.handle_done(&id, ""),
            (id, false) => self.log.handle_reject(&id, RejectReason::Conflict, ""),
        }
    }

    /// The program ends.
    pub(crate) fn close(&mut self) {
        self.log.handle_close();
    }

    /// The next answer, which becomes the event `seq`.
    pub(crate) fn poll_answer(&mut self, seq: u64, marks: &mut Marks) -> Option<Event> {
        let answer = self.log.poll_answer()?;
        let id = match &answer.payload {
            Some(Payload::CmdAccepted(accepted)) => {
                assert!(!self.outcomes.contains_key(&accepted.id), "{} is over", accepted.id);
                return Some(answer);
            }
            Some(Payload::CmdRejected(rejected)) => {
                marks.hit(Mark::CommandRejected);
                assert!(
                    rejected.reason == RejectReason::Conflict || !self.handed.contains(&rejected.id),
                    "{} is in the orchestrator's hands",
                    rejected.id
                );
                rejected.id.clone()
            }
            Some(Payload::CmdDone(done)) => done.id.clone(),
            other => panic!("{other:?} is no answer"),
        };
        let said = format!("{answer:?}");
        let outcome = self.outcomes.entry(id.clone()).or_insert_with(|| said.clone());
        assert_eq!(*outcome, said, "the outcome of {id} has changed");
        self.finals.entry(id).or_default().push(seq);
        Some(answer)
    }
}

fn line(request: &CmdRequest) -> Vec<u8> {
    let mut line = control_line(kind::CMD_REQUEST, Timestamp::from_unix_nanos(0), None, request);
    line.push(b'\n');
    line
}
