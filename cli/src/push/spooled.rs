//! `choo push --spool`: what runs left on disk since no hub took it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use choo_transport::{Failure as Refusal, default_spool_dir, spooled_runs};

use crate::exit::{self, Exit, Failure};
use crate::text;

/// For one run. A GiB takes seconds; a hub that takes a byte now and then is given up after this.
const TIMEOUT: Duration = Duration::from_hours(1);

/// Sends them one after the other and says what became of each.
pub(super) fn send(dir: Option<&Path>, socket: &Path) -> Result<Exit, Failure> {
    let dir = dir.map_or_else(default_dir, |dir| Ok(dir.to_owned()))?;
    let unreadable = |error| Failure::new(format_args!("cannot read the spool: {error} ({})", dir.display()));
    let (mut sent, mut left) = (0_u64, 0_u64);
    for spooled in spooled_runs(&dir).map_err(unreadable)? {
        let spooled = spooled.map_err(unreadable)?;
        let (run, path) = (spooled.run().clone(), spooled.path().to_owned());
        let events = text::count(spooled.events(), "event");
        let (report, failure) = spooled.send(socket, TIMEOUT).map_err(Failure::usage)?;
        if report.spooled == 0 && report.unsent == 0 {
            sent += 1;
            exit::say(&format!("run {run}: the hub has all of {events}"));
            continue;
        }
        left += 1;
        let is_absent = failure.as_ref().is_some_and(Refusal::is_absence);
        let why =
            failure.map_or_else(|| "it does not say that it stored them".to_owned(), |why| why.to_string());
        let rest = text::count(report.spooled.max(report.unsent), "event");
        exit::error(format_args!("run {run}: the hub lacks {rest}: {why} ({})", path.display()));
        if is_absent {
            // The others would find nobody either.
            break;
        }
    }
    if sent + left == 0 {
        exit::note(&format!("nothing is left to send in {}", dir.display()));
    }
    Ok(if left > 0 { Exit::Failed } else { Exit::Success })
}

fn default_dir() -> Result<PathBuf, Failure> {
    default_spool_dir().ok_or_else(|| {
        Failure::usage("no place for the spool")
            .hint("set XDG_STATE_HOME or HOME to an absolute path, or name it")
    })
}
