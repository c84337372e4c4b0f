//! One hub at a time: two would give the same offsets to different events.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

/// The right to write a history; free again when dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Takes it; `WouldBlock` says that another hub has it.
    pub(super) fn take(history: &Path) -> io::Result<Self> {
        let path = place(history);
        if let Some(dir) = path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        flock(&file, FlockOperation::NonBlockingLockExclusive)?;
        Ok(Lock(file))
    }

    /// Whether the next hub would come upon it: not if somebody has removed its file.
    pub(super) fn holds(&self, history: &Path) -> bool {
        let id = |data: &std::fs::Metadata| (data.dev(), data.ino());
        match (self.0.metadata(), std::fs::metadata(place(history))) {
            (Ok(ours), Ok(there)) => id(&ours) == id(&there),
            _ => false,
        }
    }
}

fn place(history: &Path) -> PathBuf {
    let mut name = history.as_os_str().to_owned();
    name.push(".lock");
    name.into()
}
