//! The file of a spool.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use choo_protocol::RunId;
use rustix::fs::{FlockOperation, OFlags, flock};

use super::{Extent, Scan, SpoolAction};
use crate::SpoolFailure;
use crate::link::Link;

/// Read at once when a file is looked through.
const SCAN_BYTES: usize = 256 << 10;

/// What its name ends in.
const SUFFIX: &str = ".ndjson";

/// A file that is made when it is needed, and the lock on it, which the kernel frees when the process ends.
#[derive(Debug)]
pub(crate) struct SpoolFile {
    path: PathBuf,
    file: Option<File>,
}

impl SpoolFile {
    /// The file of a run; nothing is touched yet.
    pub(crate) fn of_run(dir: &Path, run: &RunId) -> Self {
        SpoolFile { path: dir.join(format!("{run}{SUFFIX}")), file: None }
    }

    /// What is there already in a directory, from the oldest on.
    pub(crate) fn list(dir: &Path) -> io::Result<Vec<PathBuf>> {
        let entries = match fs::read_dir(dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let entry = entry?;
            let name = entry.file_name();
            if name.to_str().is_some_and(|name| name.ends_with(SUFFIX))
                && let Ok(meta) = entry.metadata()
                && meta.is_file()
            {
                files.push((meta.modified().ok(), entry.path()));
            }
        }
        files.sort();
        Ok(files.into_iter().map(|(_, path)| path).collect())
    }

    /// Opens what another process left, cuts its torn tail off, and reads what is in it. `None` if a process
    /// still has it, or nothing is in it: then it is removed.
    pub(crate) fn adopt(path: PathBuf) -> io::Result<Option<(SpoolFile, RunId, Extent)>> {
        let file = match open(&path, false) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        if file.metadata()?.uid() != rustix::process::getuid().as_raw() || !lock(&file, &path)? {
            return Ok(None);
        }
        let mut scan = Scan::default();
        let mut buffer = vec![0; SCAN_BYTES];
        let mut offset = 0;
        loop {
            let n = file.read_at(&mut buffer, offset)?;
            if n == 0 {
                break;
            }
            scan.feed(&buffer[..n]);
            offset += n as u64;
        }
        if scan.torn() > 0 {
            file.set_len(offset - scan.torn())?;
        }
        let mut spool = SpoolFile { path, file: Some(file) };
        let Some((run, extent)) = scan.finish() else {
            spool.remove();
            return Ok(None);
        };
        Ok(Some((spool, run, extent)))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Does what a link asks for; answers whether it asked for anything.
    pub(crate) fn serve(&mut self, link: &mut Link, now: std::time::Instant) -> bool {
        let mut served = false;
        while let Some(action) = link.poll_spool() {
            served = true;
            match action {
                SpoolAction::Append { offset, bytes } => {
                    let result = self.append(offset, bytes);
                    link.handle_appended(now, result);
                }
                SpoolAction::Read { offset, len } => {
                    let result = self.read(offset, len);
                    link.handle_read(result);
                }
                SpoolAction::Remove => self.remove(),
            }
        }
        served
    }

    fn append(&mut self, offset: u64, bytes: &[u8]) -> Result<(), SpoolFailure> {
        if self.file.is_none() {
            self.file = Some(self.create()?);
        }
        let Some(file) = &self.file else { return Ok(()) };
        let result = file.write_all_at(bytes, offset);
        if result.is_err() {
            // Where this fails too, whoever opens the file next cuts the torn tail.
            let _ = file.set_len(offset);
        }
        Ok(result?)
    }

    fn create(&self) -> Result<File, SpoolFailure> {
        if let Some(dir) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
        }
        let file = open(&self.path, true)?;
        if !lock(&file, &self.path)? || file.metadata()?.len() > 0 {
            return Err(SpoolFailure::Taken);
        }
        Ok(file)
    }

    fn read(&self, offset: u64, len: usize) -> Result<Vec<u8>, SpoolFailure> {
        let Some(file) = &self.file else { return Err(SpoolFailure::Damaged) };
        let mut bytes = vec![0; len];
        match file.read_exact_at(&mut bytes, offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(SpoolFailure::Damaged),
            result => Ok(result.map(|()| bytes)?),
        }
    }

    fn remove(&mut self) {
        // Still locked, so that nobody adopts it in between. If it cannot go, it should at least be empty.
        if let Some(file) = self.file.take()
            && fs::remove_file(&self.path).is_err()
        {
            let _ = file.set_len(0);
        }
    }
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    // Not following links keeps a foreign link from choosing our file.
    let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
    OpenOptions::new().read(true).write(true).create(create).mode(0o600).custom_flags(flags).open(path)
}

/// Takes the lock; `false` if another process has it, or has removed the file meanwhile.
fn lock(file: &File, path: &Path) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(false),
        Err(error) => return Err(error.into()),
    }
    let (ours, there) = (file.metadata()?, fs::symlink_metadata(path));
    Ok(there.is_ok_and(|there| (there.dev(), there.ino()) == (ours.dev(), ours.ino())))
}
