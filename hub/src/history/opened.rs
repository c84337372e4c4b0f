//! A history as a hub begins with it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::fs::{FlockOperation, flock};

use super::store::Store;
use super::{Readers, Sqlite, recover};
use crate::StartError;
use crate::core::{Core, Keep, Moment, Restored};

/// A store, and what keeps others from it.
pub(crate) struct Opened {
    pub(crate) store: Box<dyn Store>,
    pub(crate) readers: Arc<Readers>,
    /// Held as long as the hub lives.
    pub(crate) lock: Option<File>,
}

/// Has `core` go on with what the file has. If that cannot be read, it begins with nothing, and says so.
pub(crate) fn open(path: PathBuf, core: Core, keep: Keep, now: Moment) -> Result<(Core, Opened), StartError> {
    let lock = lock(&path)?;
    let mut store = Sqlite::new(path.clone());
    let (restored, trouble, aside) = match recover(&mut store) {
        Ok((restored, aside)) => (restored, None, aside),
        Err(error) => (Restored::default(), Some(error), None),
    };
    let (runs, start) = (restored.runs.len(), restored.start);
    let mut core = core.restore(restored, keep, now);
    if let Some(aside) = aside {
        let message =
            format!("the history was damaged; it now lies in {}, and a new one begins", aside.display());
        tracing::error!("{message}");
        core.tell_of_history(message, now);
    }
    tracing::info!(path = %path.display(), runs, start, "history opened");
    if let Some(error) = trouble.or_else(|| store.begin(core.epochs().now()).err()) {
        tracing::error!(%error, "the history is not stored; live streams go on");
        core.handle_trouble(&error.to_string(), now);
    }
    let readers = Arc::new(Readers::new(Sqlite::new(path)));
    Ok((core, Opened { store: Box::new(store), readers, lock }))
}

/// One hub at a time: two would give the same offsets to different events.
fn lock(path: &Path) -> Result<Option<File>, StartError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let taken = || {
        if let Some(dir) = path.parent() {
            fs::create_dir_all(dir)?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&name)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        io::Result::Ok(file)
    };
    match taken() {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(StartError::HistoryInUse { path: path.to_owned() })
        }
        // Where nothing can be written, nothing will be stored either.
        Err(error) => {
            tracing::warn!(%error, "cannot lock the history");
            Ok(None)
        }
    }
}
