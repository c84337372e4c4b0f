//! Tells a running command that it has to end.

use smol::channel::{Receiver, Sender, bounded};

/// The side that decides.
#[derive(Debug)]
pub(crate) struct Stopper {
    terminate: Sender<()>,
    kill: Sender<()>,
    signal: StopSignal,
}

/// The side that listens; clones hear the same.
#[derive(Debug, Clone)]
pub(crate) struct StopSignal {
    terminate: Receiver<()>,
    kill: Receiver<()>,
}

impl Stopper {
    pub(crate) fn new() -> Self {
        let (terminate, heard_terminate) = bounded(1);
        let (kill, heard_kill) = bounded(1);
        Self { terminate, kill, signal: StopSignal { terminate: heard_terminate, kill: heard_kill } }
    }

    pub(crate) fn signal(&self) -> StopSignal {
        self.signal.clone()
    }

    /// Asks the command to end. Harmless when repeated.
    pub(crate) fn terminate(&self) {
        self.terminate.close();
    }

    /// Grants no more time.
    pub(crate) fn kill(&self) {
        self.terminate.close();
        self.kill.close();
    }
}

impl StopSignal {
    /// Returns once the command is asked to end. Nothing is ever sent: the closed channel is the message.
    pub(crate) async fn terminated(&self) {
        let _ = self.terminate.recv().await;
    }

    /// Returns once there is no more time.
    pub(crate) async fn killed(&self) {
        let _ = self.kill.recv().await;
    }
}
