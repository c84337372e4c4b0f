//! `--web`: sends the bus to the hub. Whether there is one never changes the run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use choo_protocol::RunId;
use choo_transport::{CLOSE_TIMEOUT, Commands, EventBus, Redaction, SocketPusher, Warning};
use futures_lite::FutureExt as _;
use smol::channel::{Receiver, bounded};

use super::args::{RunArgs, WebMode};
use crate::exit::{self, Failure};
use crate::plan::Plan;
use crate::signals::Interrupts;
use crate::text;

/// The pusher of a run.
pub(super) struct Attached {
    pusher: Arc<SocketPusher>,
    notices: Receiver<String>,
}

/// Starts the pusher, gives the hub a moment to answer and says whether it did. Fails only if the hub is
/// required; `None` if there can never be one at that path.
pub(super) fn attach(
    mode: WebMode,
    args: &RunArgs,
    run: &RunId,
    plan: &Plan,
    parallelism: usize,
    bus: &EventBus,
) -> Result<Option<Attached>, Failure> {
    let required = mode == WebMode::Required;
    let redaction = args.redact.redaction(plan)?;
    let (attached, problem) = match start(args, redaction, run, plan, parallelism, bus) {
        Ok((attached, path)) => {
            if wait_connected(&attached.pusher, required) {
                exit::say("Orchestrator connected to web UI");
                return Ok(Some(attached));
            }
            let failure = attached.pusher.stats().last_failure;
            let failure = failure.map_or_else(|| "no answer yet".to_owned(), |failure| failure.to_string());
            (Some(attached), format!("{failure} ({})", path.display()))
        }
        Err(problem) => (None, problem),
    };
    if required {
        return Err(Failure::new(format_args!("failed to connect to web UI: {problem}"))
            .hint("start `choo web` first, or run with --web to go on without it"));
    }
    exit::note(&format!("WARN: failed to connect to web UI: {problem}; the run goes on"));
    Ok(attached)
}

fn start(
    args: &RunArgs,
    redaction: Redaction,
    run: &RunId,
    plan: &Plan,
    parallelism: usize,
    bus: &EventBus,
) -> Result<(Attached, PathBuf), String> {
    let path = args.socket.path()?;
    let (sender, notices) = bounded(NOTICES);
    let on_warning = move |warning: &Warning| {
        // That there is no hub has been told before the run began.
        if !matches!(warning, Warning::NoHub { .. }) {
            // A full channel has enough to tell already.
            let _ = sender.try_send(format!("WARN: {warning}"));
        }
    };
    let mut builder = SocketPusher::builder();
    if let Some(dir) = &args.spool {
        // The working directory of a run is its own affair.
        let dir = dir.as_ref().map(std::path::absolute).transpose().map_err(|error| error.to_string())?;
        builder = builder.spool(dir.unwrap_or_default());
    }
    let pusher = builder
        .socket(&path)
        .run(run.clone())
        .graph(plan.graph.clone(), u32::try_from(parallelism).unwrap_or(u32::MAX))
        .redact(redaction)
        .on_warning(on_warning)
        .start(bus)
        .map_err(|error| error.to_string())?;
    Ok((Attached { pusher: Arc::new(pusher), notices }, path))
}

/// What [`Attached::notices`] is without a pusher: nothing ever comes.
pub(super) fn no_notices() -> Receiver<String> {
    bounded(1).1
}

impl Attached {
    /// What went wrong on the way while the run goes on, in lines for the console.
    pub(super) fn notices(&self) -> Receiver<String> {
        self.notices.clone()
    }

    /// What people want done. Until this is asked for, and after it is dropped, they are told that the run takes
    /// no commands.
    pub(super) fn commands(&self) -> Commands {
        self.pusher.commands()
    }

    /// Sends what is left, for at most [`CLOSE_TIMEOUT`] or until the next interrupt, and says so if a hub
    /// that was there has not got everything.
    pub(super) async fn finish(self, interrupts: &mut Interrupts) {
        let closing = Arc::clone(&self.pusher);
        let report = smol::unblock(move || closing.close(CLOSE_TIMEOUT))
            .or(async {
                interrupts.next().await;
                self.pusher.close(Duration::ZERO)
            })
            .await;
        if report.spooled > 0 {
            let events = text::count(report.spooled, "event");
            exit::note(&format!(
                "WARN: {events} of run {} wait on disk; `choo push --spool` or the next run with --spool sends them",
                self.pusher.run()
            ));
        }
        let missing = report.unsent.saturating_sub(report.spooled) + report.lost;
        // Of a hub that never came the person has been told.
        if missing > 0 && self.pusher.stats().connections > 0 {
            let events = text::count(missing, "event");
            exit::note(&format!("WARN: {events} did not reach the web UI"));
        }
    }
}

fn wait_connected(pusher: &SocketPusher, required: bool) -> bool {
    if required {
        return pusher.wait_connected(REQUIRED_WAIT);
    }
    // A socket that refuses is an answer as well: there is no need to wait longer.
    let mut slices = 0..OPTIONAL_SLICES;
    slices.any(|_| pusher.wait_connected(SLICE) || pusher.stats().last_failure.is_some())
        && pusher.connected()
}

/// 200 ms in all: a hub on this machine answers within one.
const SLICE: Duration = Duration::from_millis(10);
const OPTIONAL_SLICES: u32 = 20;

/// A hub that is just being started gets the time to come up.
const REQUIRED_WAIT: Duration = Duration::from_secs(2);

/// Notices are rate-limited where they are made; more than these at once would be a flood.
const NOTICES: usize = 16;
