//! A history as a hub begins with it.

use std::io;
use std::path::Path;
use std::sync::Arc;

use super::lock::Lock;
use super::store::Store;
use super::{Readers, Sqlite, recover};
use crate::StartError;
use crate::core::{Core, Keep, Moment, Restored};

/// A store, and what reads it.
pub(crate) struct Opened {
    pub(crate) store: Box<dyn Store>,
    pub(crate) readers: Arc<Readers>,
}

/// Has `core` go on with what the file has. If that cannot be read, it begins with nothing, and says so.
pub(crate) fn open(path: &Path, core: Core, keep: Keep, now: Moment) -> Result<(Core, Opened), StartError> {
    let mut store = Sqlite::locked(path.to_owned(), lock(path)?);
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
    let readers = Arc::new(Readers::new(store.for_readers()));
    Ok((core, Opened { store: Box::new(store), readers }))
}

/// Where nothing can be written there is no lock, and nothing will be stored either.
fn lock(path: &Path) -> Result<Option<Lock>, StartError> {
    match Lock::take(path) {
        Ok(lock) => Ok(Some(lock)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
            Err(StartError::HistoryInUse { path: path.to_owned() })
        }
        Err(error) => {
            tracing::warn!(%error, "cannot lock the history");
            Ok(None)
        }
    }
}
