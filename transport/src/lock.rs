//! The lock file beside the socket, which decides who is the hub.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, OFlags, flock};

/// The longest announcement that is read back, in bytes.
const MAX_ANNOUNCEMENT: usize = 4096;

/// The lock, held until dropped; the kernel frees it when the process ends, however it ends.
///
/// The file stays when the lock is gone: whoever removed it could remove one that another hub has just
/// locked.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

/// Whether the lock could be had.
#[derive(Debug)]
pub(crate) enum Locked {
    /// It is ours.
    Ours(Lock),
    /// Another process holds it and has said this.
    Theirs(Option<String>),
}

impl Lock {
    /// Where the lock of a socket is: the same path with `.lock` at its end.
    pub(crate) fn path_of(socket: &Path) -> PathBuf {
        let mut path = socket.as_os_str().to_owned();
        path.push(".lock");
        path.into()
    }

    /// Takes the lock or reads what its holder announced.
    pub(crate) fn take(path: &Path) -> io::Result<Locked> {
        // Not following links keeps a foreign link in a shared directory from choosing our file.
        let flags = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).mode(0o600).custom_flags(flags).open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {
                // What a former holder announced is no longer true.
                file.set_len(0)?;
                Ok(Locked::Ours(Lock { file }))
            }
            Err(rustix::io::Errno::WOULDBLOCK) => Ok(Locked::Theirs(announcement(&file))),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads what was announced last, without touching the lock: whether its holder is still there is
    /// another question.
    pub(crate) fn peek(path: &Path) -> Option<String> {
        announcement(&File::open(path).ok()?)
    }

    /// Leaves one line for whoever finds the lock taken.
    pub(crate) fn announce(&self, text: &str) -> io::Result<()> {
        // The newline shows a reader that it has the whole text.
        self.file.set_len(0)?;
        self.file.write_all_at(format!("{text}\n").as_bytes(), 0)
    }
}

fn announcement(file: &File) -> Option<String> {
    let mut bytes = vec![0; MAX_ANNOUNCEMENT];
    let len = file.read_at(&mut bytes, 0).ok()?;
    let line = bytes[..len].split_inclusive(|b| *b == b'\n').next()?.strip_suffix(b"\n")?;
    let text = std::str::from_utf8(line).ok()?;
    (!text.is_empty() && !text.contains(char::is_control)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_one_reads_what_the_first_announced() {
        let dir = tempfile::tempdir().unwrap();
        let path = Lock::path_of(&dir.path().join("web.sock"));
        assert!(path.ends_with("web.sock.lock"));
        let Locked::Ours(lock) = Lock::take(&path).unwrap() else { panic!("nobody else holds it") };
        assert!(matches!(Lock::take(&path).unwrap(), Locked::Theirs(None)));
        lock.announce("a longer text that is overwritten").unwrap();
        lock.announce("http://127.0.0.1:8080/").unwrap();
        let Locked::Theirs(Some(text)) = Lock::take(&path).unwrap() else { panic!("it is held") };
        assert_eq!(text, "http://127.0.0.1:8080/");
        drop(lock);
        let Locked::Ours(_lock) = Lock::take(&path).unwrap() else { panic!("it was dropped") };
        assert!(matches!(Lock::take(&path).unwrap(), Locked::Theirs(None)), "old announcement is gone");
    }
}
