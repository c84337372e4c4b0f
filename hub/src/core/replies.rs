//! What a producer is told of its lines.

use std::time::Duration;

use choo_protocol::{LinkAck, LinkPing, LinkPong, LinkWelcome, PROTO, RunId, control_line, kind};

use super::hub::Core;
use super::moment::Moment;
use super::run::ConnectionId;

/// Acknowledgements are at least so far apart: each costs the producer a wake-up.
const ACK_EVERY: Duration = Duration::from_millis(10);

/// The hub's side of the conversation with one producer: nothing until it says `link.hello`, then
/// `link.welcome`, then commands as people give them, and `link.ack` for what the history took. Of the latter
/// only the latest counts, and there is a bound on commands without answer, so a producer that does not read
/// costs nothing.
#[derive(Debug, Default)]
pub(crate) struct Replies {
    /// The run that the producer said hello for.
    run: Option<RunId>,
    welcome_owed: bool,
    /// The answer to its latest `link.ping`.
    pong: Option<LinkPong>,
    /// The last number that the producer has been told of.
    told: u64,
    /// The last command that it has been told.
    commanded: u64,
    /// No acknowledgement before this time.
    next: Option<Duration>,
}

/// What is to be said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    Nothing,
    /// Ask again at this time.
    At(Duration),
    /// A line with its newline.
    Say(Vec<u8>),
    /// A command is to be told; [`Ingest::take_command`](super::ingest::Ingest::take_command) has it.
    Command,
}

impl Replies {
    /// `link.hello`: the producer listens, and tells of this run.
    pub(super) fn handle_hello(&mut self, run: RunId) {
        *self = Replies { run: Some(run), welcome_owed: true, ..Replies::default() };
    }

    /// `link.ping`: whoever has said hello is answered.
    pub(super) fn handle_ping(&mut self, ping: LinkPing) {
        self.pong = self.run.is_some().then(|| ping.pong());
    }

    /// Whether the producer has said hello.
    pub(super) fn is_greeted(&self) -> bool {
        self.run.is_some()
    }

    /// `link.bye`: the producer may be waiting.
    pub(super) fn handle_bye(&mut self) {
        self.next = None;
    }

    /// What is to be said now on this connection. The history has everything that the answer speaks of.
    pub(super) fn poll(&mut self, core: &Core, connection: ConnectionId, now: Moment) -> Reply {
        let Some(run) = &self.run else { return Reply::Nothing };
        let have = core.have(run.as_str());
        if std::mem::take(&mut self.welcome_owed) {
            self.told = have.unwrap_or(0);
            let have = have.map(|have| (run.clone(), have)).into_iter().collect();
            let welcome = LinkWelcome { proto: PROTO, epoch: core.epoch().to_string(), have };
            return Reply::Say(line(kind::LINK_WELCOME, now, &welcome));
        }
        if let Some(pong) = self.pong.take() {
            return Reply::Say(line(kind::LINK_PONG, now, &pong));
        }
        if core.commands().is_due(run, connection, self.commanded) {
            return Reply::Command;
        }
        let Some(seq) = have.filter(|have| *have > self.told) else { return Reply::Nothing };
        if let Some(next) = self.next.filter(|next| now.at < *next) {
            return Reply::At(next);
        }
        (self.told, self.next) = (seq, Some(now.at + ACK_EVERY));
        Reply::Say(line(kind::LINK_ACK, now, &LinkAck { run: run.clone(), seq }))
    }

    /// The command that is to be told, if there still is one.
    pub(super) fn take_command(&mut self, core: &mut Core, connection: ConnectionId) -> Option<Vec<u8>> {
        let (number, line) = core.commands.take(self.run.as_ref()?, connection, self.commanded)?;
        self.commanded = number;
        Some(line)
    }
}

fn line<T: serde::Serialize>(kind: &str, now: Moment, payload: &T) -> Vec<u8> {
    let mut line = control_line(kind, now.time, None, payload);
    line.push(b'\n');
    line
}
