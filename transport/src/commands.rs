//! Commands as an orchestrator receives and answers them.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use choo_protocol::{CmdRequest, RejectReason};
use event_listener::EventListener;
use futures_lite::{FutureExt as _, Stream};

use crate::clock;
use crate::desk::{Desk, Taken};

/// The commands that come back over a pusher's link; see [`SocketPusher::commands`](crate::SocketPusher::commands).
///
/// A [`Stream`] for any executor, and [`Commands::recv`] for threads. It ends when the pusher is closed.
/// While at least one exists, commands are taken; several share them, each command goes to one.
#[derive(Debug)]
#[must_use = "dropping it turns commands off"]
pub struct Commands {
    desk: Arc<Desk>,
    /// Of a poll that found nothing.
    listener: Option<EventListener>,
}

impl Commands {
    pub(crate) fn new(desk: Arc<Desk>) -> Self {
        desk.enter();
        Commands { desk, listener: None }
    }

    fn pending(&self, request: Box<CmdRequest>) -> PendingCommand {
        PendingCommand { answer: Answer { desk: Arc::clone(&self.desk), request, owed: true } }
    }

    /// Waits for the next command; `None` once the pusher is closed.
    pub fn recv(&self) -> Option<PendingCommand> {
        self.desk.wait(None).map(|request| self.pending(request))
    }

    /// Waits for the next command up to `timeout`, for an orchestrator with a loop of its own;
    /// `Duration::ZERO` only looks.
    pub fn recv_timeout(&self, timeout: Duration) -> Option<PendingCommand> {
        self.desk.wait(Some(clock::after(timeout))).map(|request| self.pending(request))
    }
}

impl Stream for Commands {
    type Item = PendingCommand;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<PendingCommand>> {
        loop {
            if let Some(listener) = &mut self.listener {
                ready!(listener.poll(context));
                self.listener = None;
            }
            match self.desk.take() {
                Taken::Command(request) => return Poll::Ready(Some(self.pending(request))),
                Taken::Closed => return Poll::Ready(None),
                Taken::Nothing(listener) => self.listener = Some(listener),
            }
        }
    }
}

impl Drop for Commands {
    /// Turns commands off if it is the last: what waits, and what comes, is rejected as `disabled`.
    fn drop(&mut self) {
        self.desk.leave();
    }
}

/// A command that the orchestrator has to answer. Dropped without an answer it is rejected as
/// `unanswered`.
#[derive(Debug)]
#[must_use = "dropping it rejects the command"]
pub struct PendingCommand {
    answer: Answer,
}

/// A command that is being executed. Dropped without an outcome it is told to have failed, so that
/// nobody waits for it for ever.
#[derive(Debug)]
#[must_use = "say how it ended by `done`"]
pub struct RunningCommand {
    answer: Answer,
}

/// Where the next answer goes.
#[derive(Clone, Debug)]
struct Answer {
    desk: Arc<Desk>,
    request: Box<CmdRequest>,
    /// Whether it has still to be given.
    owed: bool,
}

impl PendingCommand {
    /// What is asked for.
    ///
    /// Its condition (`if`) is the orchestrator's to check, which alone knows what holds at this moment:
    /// by [`CmdRequest::check`] against a fold of its events, or [`CmdRequest::check_status`]. Conditions
    /// that are not known here have been rejected already, as has what came after its time; there is no
    /// need to look at `expires`.
    pub fn request(&self) -> &CmdRequest {
        &self.answer.request
    }

    /// Tells that the command is being executed (`cmd.accepted`), whatever its condition.
    pub fn accept(mut self) -> RunningCommand {
        self.answer.desk.accept(&self.answer.request.id);
        let running = RunningCommand { answer: self.answer.clone() };
        self.answer.owed = false;
        running
    }

    /// Tells that it will not be executed (`cmd.rejected`).
    pub fn reject(self, reason: RejectReason) {
        self.reject_with(reason, "");
    }

    /// Tells that it will not be executed and, in words for people, more about it; 1 KiB at most.
    pub fn reject_with(mut self, reason: RejectReason, error: &str) {
        self.answer.desk.reject(&self.answer.request.id, reason, error);
        self.answer.owed = false;
    }
}

impl Drop for PendingCommand {
    fn drop(&mut self) {
        let Answer { desk, request, owed } = &self.answer;
        if *owed {
            desk.reject(&request.id, RejectReason::Unanswered, "");
        }
    }
}

impl RunningCommand {
    /// What was asked for.
    pub fn request(&self) -> &CmdRequest {
        &self.answer.request
    }

    /// Tells that the command has been executed (`cmd.done`), or what went wrong in the attempt, in words
    /// for people; 1 KiB at most.
    pub fn done<E: std::fmt::Display>(mut self, result: Result<(), E>) {
        let error = result.err().map(|error| error.to_string());
        self.answer.desk.finish(&self.answer.request.id, &error.unwrap_or_default());
        self.answer.owed = false;
    }
}

impl Drop for RunningCommand {
    fn drop(&mut self) {
        let Answer { desk, request, owed } = &self.answer;
        if *owed {
            desk.finish(&request.id, "its outcome was not told");
        }
    }
}
