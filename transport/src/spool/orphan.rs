//! What earlier processes left behind.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use choo_protocol::{Limits, RunId};

use super::Extent;
use super::file::SpoolFile;
use crate::builder::Builder;
use crate::clock::Anchor;
use crate::desk::Desk;
use crate::driver::Driver;
use crate::link::Link;
use crate::shared::Shared;
use crate::staging::Staging;
use crate::{CloseReport, EventBus, Failure, SocketPathError, Wire, check_socket_path, clock};

/// A run whose process ended before a hub had all of it. Whoever holds this is the only one to send it.
#[derive(Debug)]
pub struct SpooledRun {
    file: SpoolFile,
    run: RunId,
    extent: Extent,
}

/// Where spools are by default: `$XDG_STATE_HOME/choo/spool`, else `~/.local/state/choo/spool`. `None`
/// without an absolute home directory.
pub fn default_spool_dir() -> Option<PathBuf> {
    spool_dir_in(std::env::var_os("XDG_STATE_HOME").map(PathBuf::from), etcetera::home_dir().ok())
}

fn spool_dir_in(state: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let state = state.filter(|dir| dir.is_absolute());
    let state = state.or_else(|| home.filter(|dir| dir.is_absolute()).map(|dir| dir.join(".local/state")));
    state.map(|dir| dir.join("choo/spool"))
}

/// The runs that are left in a directory, from the oldest on; none if there is no such directory. Those of
/// processes that go on, and of other users, are left out.
///
/// Each is opened as the iterator comes to it: what a process that was killed left unfinished at its end is
/// cut off, and a file with nothing in it is removed.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let (dir, socket) = (dir.path(), dir.path().join("web.sock"));
/// for spooled in choo_transport::spooled_runs(dir)? {
///     let spooled = spooled?;
///     let run = spooled.run().clone();
///     let (report, failure) = spooled.send(&socket, std::time::Duration::from_secs(60))?;
///     if report.spooled > 0 {
///         println!("{run}: {} events are still to be sent: {failure:?}", report.spooled);
///     }
/// }
/// # Ok(()) }
/// ```
pub fn spooled_runs(dir: &Path) -> io::Result<impl Iterator<Item = io::Result<SpooledRun>> + use<>> {
    let adopt = |path| {
        let adopted = SpoolFile::adopt(path).transpose()?;
        Some(adopted.map(|(file, run, extent)| SpooledRun { file, run, extent }))
    };
    Ok(SpoolFile::list(dir)?.into_iter().filter_map(adopt))
}

impl SpooledRun {
    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Events in the file.
    pub fn events(&self) -> u64 {
        self.extent.events()
    }

    /// Bytes of the file.
    pub fn bytes(&self) -> u64 {
        self.extent.len()
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Sends what the hub at a socket lacks, as the run's own process would have, for up to `timeout`, and
    /// removes the file once the hub has said that it stored all of it; a reader that says nothing has it
    /// once it is written. Without a hub it makes one attempt, and a file that cannot be read stays for the next
    /// one: [`CloseReport::spooled`] says how many events are left. The second value is why that is so, if it
    /// is known: there was no connection at the end, or the file cannot be read.
    pub fn send(
        self,
        socket: &Path,
        timeout: Duration,
    ) -> Result<(CloseReport, Option<Failure>), SocketPathError> {
        check_socket_path(socket)?;
        let anchor = Anchor::read();
        let config = Builder::default().link_config(socket.to_owned(), self.run.clone(), anchor);
        let staging = Staging::new(&self.run, Wire::Full, Limits::default());
        let shared = Arc::new(Shared::new(socket.to_owned(), staging));
        shared.staging.close(clock::after(timeout));
        let link = Link::inherit(config, clock::now(), self.extent);
        let desk = Arc::new(Desk::new(EventBus::new()));
        let driver = Driver::new(link, Arc::clone(&shared), desk, anchor, Box::new(|_| ()));
        async_io::block_on(driver.with_spool(Some(self.file)).run());
        let stats = shared.published();
        let unreadable = stats.spool_failure.clone().map(Failure::Spool);
        Ok((stats.close_report(true), unreadable.or(stats.last_failure)))
    }
}

/// Sends what earlier runs left once a pusher has a hub, on a thread that nobody waits for: a file is only
/// removed when the hub has it.
pub(crate) fn send_in_background(dir: PathBuf, shared: &Arc<Shared>) -> io::Result<()> {
    if SpoolFile::list(&dir).is_ok_and(|files| files.is_empty()) {
        return Ok(());
    }
    let shared = Arc::clone(shared);
    let send = move || {
        while !shared.wait(true, clock::after(HUB_WAIT)) {
            if shared.is_finished() {
                return;
            }
        }
        let Ok(runs) = spooled_runs(&dir) else { return };
        for spooled in runs.filter_map(Result::ok) {
            // What cannot be sent now is there for the next run.
            let _ = spooled.send(&shared.path, SEND_TIMEOUT);
        }
    };
    std::thread::Builder::new().name("choo-spool".to_owned()).spawn(send)?;
    Ok(())
}

/// An hour at a time.
const HUB_WAIT: Duration = Duration::from_hours(1);

/// For one file. A hub that takes a GiB needs seconds; one that stalls is not worth more.
const SEND_TIMEOUT: Duration = Duration::from_hours(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_home_first_then_home() {
        let dir = |state: Option<&str>, home: Option<&str>| {
            spool_dir_in(state.map(Into::into), home.map(Into::into))
        };
        assert_eq!(dir(Some("/s"), Some("/h")), Some("/s/choo/spool".into()));
        assert_eq!(dir(Some("s"), Some("/h")), Some("/h/.local/state/choo/spool".into()));
        assert_eq!(dir(None, Some("h")), None);
    }
}
