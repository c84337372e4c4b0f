//! The pusher behind `choo push`, and how fast it may be fed.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_io::Timer;
use choo_protocol::{Event, Line, RunId};
use choo_transport::{CLOSE_TIMEOUT, CloseReport, EventBus, SocketPusher, Warning};
use futures_lite::FutureExt as _;

use crate::exit::{self, Failure};
use crate::run_id;
use crate::signals::Interrupts;

/// Sends events as one run. The pusher starts with the first event, since that may name the run.
pub(super) struct Sender {
    socket: PathBuf,
    run: Option<RunId>,
    /// Whether lines of other runs are taken into this one: only if the person named it.
    adopts: bool,
    /// Whether the input can wait for the hub.
    patient: bool,
    bus: EventBus,
    pusher: Option<Arc<SocketPusher>>,
    /// Events that had been emitted when room was last looked for.
    window: u64,
}

impl Sender {
    pub(super) fn new(socket: PathBuf, run: Option<RunId>, patient: bool) -> Self {
        let adopts = run.is_some();
        Self { socket, run, adopts, patient, bus: EventBus::new(), pusher: None, window: 0 }
    }

    /// Sends the event of a line, or says why it cannot.
    pub(super) fn push(&mut self, line: &Line<'_>) -> Result<(), String> {
        let named = line.run.as_deref();
        let run = self.run.get_or_insert_with(|| {
            // The validator has seen that it is one.
            named.and_then(|run| run.parse().ok()).unwrap_or_else(run_id::fresh)
        });
        if !self.adopts
            && let Some(named) = named
            && named != run.as_str()
        {
            return Err(format!("belongs to run {named}, this is {run}; give --run to make it one"));
        }
        if self.pusher.is_none() {
            let on_warning = |warning: &Warning| exit::note(&format!("WARN: {warning}"));
            let builder =
                SocketPusher::builder().socket(&self.socket).run(run.clone()).on_warning(on_warning);
            let pusher = builder.start(&self.bus).map_err(|error| error.to_string())?;
            self.pusher = Some(Arc::new(pusher));
        }
        self.bus.emit(Event::from_line(line));
        Ok(())
    }

    /// Waits until what was sent before the last call is on its way, so that a fast input does not overflow
    /// the buffer. An input that cannot wait is only held up by a hub that reads.
    pub(super) async fn make_room(&mut self) -> Result<(), Failure> {
        let Some(pusher) = &self.pusher else { return Ok(()) };
        let mut waited = Duration::ZERO;
        loop {
            let stats = pusher.stats();
            if stats.sent + stats.lost() >= self.window {
                self.window = stats.emitted;
                return Ok(());
            }
            if !stats.connected || stats.stalled {
                if !self.patient {
                    return Ok(());
                }
                if waited >= PATIENCE {
                    let why =
                        stats.last_failure.map_or_else(|| "it does not read".into(), |why| why.to_string());
                    return Err(Failure::new(format_args!(
                        "no hub takes the events: {why} ({})",
                        self.socket.display()
                    ))
                    .hint("start one with `choo web`, then push the file again"));
                }
            }
            Timer::after(NAP).await;
            waited += NAP;
        }
    }

    /// Sends what is left, for at most [`CLOSE_TIMEOUT`] or until the next interrupt.
    pub(super) async fn close(self, interrupts: &mut Interrupts) -> CloseReport {
        let Some(pusher) = self.pusher else { return CloseReport::default() };
        let closing = Arc::clone(&pusher);
        smol::unblock(move || closing.close(CLOSE_TIMEOUT))
            .or(async {
                interrupts.next().await;
                pusher.close(Duration::ZERO)
            })
            .await
    }
}

/// How long a file waits for a hub that is not there or does not read.
const PATIENCE: Duration = Duration::from_secs(5);

/// Between two looks at the queue. The pusher does not tell when there is room, and need not for anybody
/// else.
const NAP: Duration = Duration::from_millis(1);
