//! The hub's end of the socket.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use async_io::Async;

use crate::claim::failed;
use crate::lock::Lock;
use crate::{Claim, Peer, SocketPathError};

/// The socket on which a hub awaits pushers.
///
/// There is one hub per path: the holder of the lock file beside it. The socket appears at its path only
/// when it accepts connections, readable and writable by its user alone from the first moment, and
/// replaces what a killed hub left behind. Dropping the listener removes the socket if it is still the
/// one this listener made; the lock file stays.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("web.sock");
/// use choo_transport::{ListenError, Listener};
/// let listener = Listener::bind(&path)?;
/// listener.announce("http://127.0.0.1:8080/")?;
/// let Err(ListenError::AlreadyRunning { announced, .. }) = Listener::bind(&path) else { panic!() };
/// assert_eq!(announced.as_deref(), Some("http://127.0.0.1:8080/"));
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Listener {
    socket: Async<UnixListener>,
    path: PathBuf,
    /// Device and inode of the socket file, so that only our own is ever removed.
    file: (u64, u64),
    /// Freed after the socket is removed.
    lock: Lock,
}

/// Why there is no listener.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenError {
    /// The path cannot name a socket.
    #[error(transparent)]
    Path(#[from] SocketPathError),
    /// Another hub serves this path, or is about to.
    #[error(
        "another hub is {}{}; use that one, stop it, or choose another socket: {}",
        if *listening { "running" } else { "starting" },
        announced.as_ref().map(|url| format!(" at {url}")).unwrap_or_default(), path.display()
    )]
    AlreadyRunning {
        /// The path.
        path: PathBuf,
        /// What the other hub said by [`Claim::announce`] or [`Listener::announce`].
        announced: Option<String>,
        /// Whether it can be connected to already.
        listening: bool,
    },
    /// The path is a directory.
    #[error("socket path is a directory; name a file in it: {}", path.display())]
    IsDirectory {
        /// The path.
        path: PathBuf,
    },
    /// There is a file at the path that no hub can have made.
    #[error("there is a file in the socket's place; remove it or choose another path: {}", path.display())]
    NotASocket {
        /// The path.
        path: PathBuf,
    },
    /// The directory or a file in it may not be used by this user.
    #[error(
        "no permission to {doing}; choose a socket in a directory of your own: {}", path.display()
    )]
    Permission {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The system failed in another way.
    #[error("cannot {doing} ({source}): {}", path.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On what.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Listener {
    /// Becomes the hub of `path` and listens at once: [`Claim::take`] and [`Claim::listen`].
    pub fn bind(path: impl AsRef<Path>) -> Result<Listener, ListenError> {
        Claim::take(path)?.listen()
    }

    /// For a socket at its place, whose file has this device and inode.
    pub(crate) fn new(
        socket: UnixListener,
        path: PathBuf,
        file: (u64, u64),
        lock: Lock,
    ) -> Result<Listener, ListenError> {
        let socket = Async::new(socket).map_err(|source| {
            remove_own(&path, file);
            failed("wait for connections", &path, source)
        })?;
        Ok(Listener { socket, path, file, lock })
    }

    /// Where the socket is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What the hub of `path` has announced; `None` if none answers there, or it has announced nothing.
    pub fn announced(path: impl AsRef<Path>) -> Option<String> {
        let path = path.as_ref();
        // A killed hub leaves its announcement behind, so the socket is asked first.
        UnixStream::connect(path).ok()?;
        Lock::peek(&Lock::path_of(path))
    }

    /// Leaves a line of at most 4 KiB, such as the hub's URL, for the next one that tries this path.
    pub fn announce(&self, text: &str) -> io::Result<()> {
        self.lock.announce(text)
    }

    /// Waits for the next connection of this user (or root). Those of other users are closed at once.
    ///
    /// An error such as too many open files concerns this attempt alone; wait a little, then go on.
    pub async fn accept(&self) -> io::Result<(Async<UnixStream>, Peer)> {
        loop {
            let (stream, _) = self.socket.accept().await?;
            // Who hung up before being looked at has no credentials and nothing to say.
            let Ok(peer) = Peer::of(&stream) else { continue };
            if peer.is_trusted() {
                return Ok((stream, peer));
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        remove_own(&self.path, self.file);
    }
}

fn remove_own(path: &Path, file: (u64, u64)) {
    if fs::symlink_metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == file) {
        let _ = fs::remove_file(path);
    }
}
