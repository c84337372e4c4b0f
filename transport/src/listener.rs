//! The hub's end of the socket.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use async_io::Async;

use crate::lock::{Lock, Locked};
use crate::path::{MAX_SOCKET_PATH, check_socket_path};
use crate::{Peer, SocketPathError};

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
    /// Another hub serves this path.
    #[error(
        "another hub is running{}; use that one, stop it, or choose another socket: {}",
        announced.as_ref().map(|url| format!(" at {url}")).unwrap_or_default(), path.display()
    )]
    AlreadyRunning {
        /// The path.
        path: PathBuf,
        /// What the other hub said by [`Listener::announce`].
        announced: Option<String>,
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
    /// Becomes the hub of `path`. Makes missing directories (0700); existing ones stay as they are.
    pub fn bind(path: impl AsRef<Path>) -> Result<Listener, ListenError> {
        let path = path.as_ref();
        check_socket_path(path)?;
        let dir = path.parent().unwrap_or(Path::new("/"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|source| failed("make the socket's directory", dir, source))?;
        // Told before the lock is taken, so that a mistyped path gets no lock file beside it.
        check_occupant(path)?;
        let lock_path = Lock::path_of(path);
        let lock = match Lock::take(&lock_path) {
            Ok(Locked::Ours(lock)) => lock,
            Ok(Locked::Theirs(announced)) => {
                return Err(ListenError::AlreadyRunning { path: path.to_owned(), announced });
            }
            Err(source) => return Err(failed("lock the socket's lock file", &lock_path, source)),
        };
        check_unserved(path)?;
        let (socket, file) = bind_privately(path, dir)?;
        let socket = Async::new(socket).map_err(|source| {
            remove_own(path, file);
            failed("wait for connections", path, source)
        })?;
        Ok(Listener { socket, path: path.to_owned(), file, lock })
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

/// Refuses what must not be replaced by a socket.
fn check_occupant(path: &Path) -> Result<(), ListenError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(failed("look at the socket's place", path, source)),
        Ok(found) if found.is_dir() => Err(ListenError::IsDirectory { path: path.to_owned() }),
        Ok(found) if found.file_type().is_socket() => Ok(()),
        Ok(_) => Err(ListenError::NotASocket { path: path.to_owned() }),
    }
}

/// Refuses a path on which somebody listens who does not know of the lock, such as `nc -lU`.
fn check_unserved(path: &Path) -> Result<(), ListenError> {
    check_occupant(path)?;
    let socket = rustix::net::socket_with(
        rustix::net::AddressFamily::UNIX,
        rustix::net::SocketType::STREAM,
        rustix::net::SocketFlags::empty(),
        None,
    )
    .and_then(|socket| rustix::io::ioctl_fionbio(&socket, true).map(|()| socket))
    .map_err(|error| failed("make a socket", path, error.into()))?;
    let address = rustix::net::SocketAddrUnix::new(path)
        .map_err(|error| failed("use the socket's path", path, error.into()))?;
    match rustix::net::connect(&socket, &address) {
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::CONNREFUSED) => Ok(()),
        // WOULDBLOCK: its queue of connections is full, so somebody owns it.
        Ok(()) | Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INPROGRESS) => {
            Err(ListenError::AlreadyRunning { path: path.to_owned(), announced: None })
        }
        Err(error) => Err(failed("see whether the socket is in use", path, error.into())),
    }
}

/// Makes the socket within a directory nobody else can enter, closes its mode, and only then moves it to
/// its place: a umask would do as well, but belongs to the whole process.
fn bind_privately(path: &Path, dir: &Path) -> Result<(UnixListener, (u64, u64)), ListenError> {
    let private = dir.join(private_name(path));
    let temporary = private.join("s");
    let bytes = temporary.as_os_str().len();
    // Only a name of one or two characters makes the way round longer than the path itself.
    if bytes > MAX_SOCKET_PATH {
        let limit = MAX_SOCKET_PATH - (bytes - path.as_os_str().len());
        let bytes = path.as_os_str().len();
        return Err(SocketPathError::TooLong { path: path.to_owned(), bytes, limit }.into());
    }
    // The name is this socket's own and the lock is ours, so a leftover is that of a killed hub.
    let _ = fs::remove_file(&temporary);
    let _ = fs::remove_dir(&private);
    DirBuilder::new()
        .mode(0o700)
        .create(&private)
        .map_err(|source| failed("make a directory beside the socket", &private, source))?;
    let made = (|| {
        let socket = UnixListener::bind(&temporary)?;
        fs::set_permissions(&temporary, Permissions::from_mode(0o600))?;
        let file = fs::symlink_metadata(&temporary)?;
        fs::rename(&temporary, path)?;
        Ok((socket, (file.dev(), file.ino())))
    })();
    let _ = fs::remove_file(&temporary);
    let _ = fs::remove_dir(&private);
    made.map_err(|source| failed("make the socket", path, source))
}

/// Short, so that the way round is no longer than `web.sock`; differs for other sockets in the directory.
fn private_name(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    // FNV-1a, folded to three hexadecimal digits.
    let name = path.file_name().unwrap_or_default().as_bytes();
    let hash = name.iter().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(*b)).wrapping_mul(0x0100_0193));
    format!(".c{:03x}", (hash ^ (hash >> 12)) & 0xfff)
}

fn remove_own(path: &Path, file: (u64, u64)) {
    if fs::symlink_metadata(path).is_ok_and(|found| (found.dev(), found.ino()) == file) {
        let _ = fs::remove_file(path);
    }
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> ListenError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ListenError::Permission { doing, path, source }
        }
        _ => ListenError::Io { doing, path, source },
    }
}
