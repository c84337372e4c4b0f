//! Where commands and their answers change hands between the pusher's thread and the orchestrator's.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use choo_protocol::{CmdRequest, RejectReason};
use event_listener::{EventListener, Listener as _};

use crate::command_log::{CommandLog, Present};
use crate::request::Request;
use crate::{EventBus, clock};

/// A [`CommandLog`] that puts its answers on the bus.
pub(crate) struct Desk {
    bus: EventBus,
    log: Mutex<CommandLog>,
    /// Commands wait, or there will be none any more.
    changed: event_listener::Event,
}

/// What there is to take.
pub(crate) enum Taken {
    Command(Box<CmdRequest>),
    /// Nothing yet; this ends when it is worth another look.
    Nothing(EventListener),
    /// There will never be any.
    Closed,
}

impl Desk {
    pub(crate) fn new(bus: EventBus) -> Self {
        Desk { bus, log: Mutex::new(CommandLog::new()), changed: event_listener::Event::new() }
    }

    /// Changes the log and tells what it answers. The lock is not held meanwhile: whoever hears an answer
    /// may answer another command.
    fn with_log<T>(&self, change: impl FnOnce(&mut CommandLog) -> T) -> T {
        let (result, answers) = {
            let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
            let result = change(&mut log);
            let answers: Vec<_> = std::iter::from_fn(|| log.poll_answer()).collect();
            (result, answers)
        };
        for answer in answers {
            self.bus.emit(answer);
        }
        result
    }

    /// A request was heard.
    pub(crate) fn handle_request(&self, request: Request) {
        self.with_log(|log| log.handle_request(request, present()));
        self.changed.notify(1);
    }

    /// Nothing more will be heard.
    pub(crate) fn close(&self) {
        self.with_log(CommandLog::handle_close);
        self.changed.notify(usize::MAX);
    }

    /// Somebody takes commands from now on.
    pub(crate) fn enter(&self) {
        self.with_log(CommandLog::handle_taker);
    }

    /// Somebody does not any more.
    pub(crate) fn leave(&self) {
        self.with_log(CommandLog::handle_taker_gone);
        // It may have been woken for a command that is another one's now.
        self.changed.notify(1);
    }

    /// The next command.
    pub(crate) fn take(&self) -> Taken {
        // First, so that what comes between the look and the wait ends the wait.
        let listener = self.changed.listen();
        let (command, closed) = self.with_log(|log| (log.poll_command(present()), log.is_closed()));
        match command {
            Some(request) => Taken::Command(request),
            None if closed => Taken::Closed,
            None => Taken::Nothing(listener),
        }
    }

    /// Waits for the next command, up to `deadline`.
    pub(crate) fn wait(&self, deadline: Option<Instant>) -> Option<Box<CmdRequest>> {
        loop {
            match self.take() {
                Taken::Command(request) => return Some(request),
                Taken::Closed => return None,
                Taken::Nothing(listener) => match deadline {
                    Some(deadline) => listener.wait_deadline(deadline)?,
                    None => listener.wait(),
                },
            }
        }
    }

    pub(crate) fn accept(&self, id: &str) {
        self.with_log(|log| log.handle_accept(id));
    }

    pub(crate) fn reject(&self, id: &str, reason: RejectReason, error: &str) {
        self.with_log(|log| log.handle_reject(id, reason, error));
    }

    pub(crate) fn finish(&self, id: &str, error: &str) {
        self.with_log(|log| log.handle_done(id, error));
    }
}

fn present() -> Present {
    Present { now: clock::now(), wall: clock::wall() }
}

impl fmt::Debug for Desk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk").finish_non_exhaustive()
    }
}
