//! The right to be the hub of a path, and how the socket is made there.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use crate::lock::{Lock, Locked};
use crate::path::{MAX_SOCKET_PATH, check_socket_path};
use crate::{ListenError, Listener, SocketPathError};

/// The right to be the hub of a path: the lock is held, but nobody can connect yet.
///
/// For a hub that has something to do before it can answer, such as reading its history: a pusher that finds
/// the socket waits 200 ms for a welcome and otherwise takes the hub for one that never answers. Dropping it
/// gives the right up; the lock file stays.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let dir = tempfile::tempdir()?;
/// # let path = dir.path().join("web.sock");
/// use choo_transport::{Claim, ListenError, Listener};
/// let claim = Claim::take(&path)?;
/// claim.announce("http://127.0.0.1:8080/")?;
/// let Err(ListenError::AlreadyRunning { listening: false, .. }) = Listener::bind(&path) else { panic!() };
/// let listener = claim.listen()?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Claim {
    path: PathBuf,
    lock: Lock,
}

impl Claim {
    /// Takes the lock beside `path`. Makes missing directories (0700); existing ones stay as they are.
    pub fn take(path: impl AsRef<Path>) -> Result<Claim, ListenError> {
        let path = path.as_ref();
        check_socket_path(path)?;
        let dir = directory(path);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|source| failed("make the socket's directory", dir, source))?;
        // Told before the lock is taken, so that a mistyped path gets no lock file beside it.
        check_occupant(path)?;
        let lock_path = Lock::path_of(path);
        match Lock::take(&lock_path) {
            Ok(Locked::Ours(lock)) => {
                check_unserved(path)?;
                Ok(Claim { path: path.to_owned(), lock })
            }
            Ok(Locked::Theirs(announced)) => {
                let listening = is_served(path).unwrap_or(false);
                Err(ListenError::AlreadyRunning { path: path.to_owned(), announced, listening })
            }
            Err(source) => Err(failed("lock the socket's lock file", &lock_path, source)),
        }
    }

    /// Leaves a line of at most 4 KiB, such as the hub's URL, for the next one that tries this path.
    pub fn announce(&self, text: &str) -> io::Result<()> {
        self.lock.announce(text)
    }

    /// Makes the socket; from now on pushers connect.
    pub fn listen(self) -> Result<Listener, ListenError> {
        let Claim { path, lock } = self;
        // Again: whoever knows nothing of the lock may have come in the meantime.
        check_unserved(&path)?;
        let (socket, file) = bind_privately(&path)?;
        Listener::new(socket, path, file, lock)
    }
}

fn directory(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new("/"))
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
    if is_served(path)? {
        return Err(ListenError::AlreadyRunning { path: path.to_owned(), announced: None, listening: true });
    }
    Ok(())
}

/// Whether somebody listens at the path.
fn is_served(path: &Path) -> Result<bool, ListenError> {
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
        Err(rustix::io::Errno::NOENT | rustix::io::Errno::CONNREFUSED) => Ok(false),
        // WOULDBLOCK: its queue of connections is full, so somebody owns it.
        Ok(()) | Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INPROGRESS) => Ok(true),
        Err(error) => Err(failed("see whether the socket is in use", path, error.into())),
    }
}

/// Makes the socket within a directory nobody else can enter, closes its mode, and only then moves it to
/// its place: a umask would do as well, but belongs to the whole process. Also the device and inode of its
/// file.
fn bind_privately(path: &Path) -> Result<(UnixListener, (u64, u64)), ListenError> {
    let private = directory(path).join(private_name(path));
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

pub(crate) fn failed(doing: &'static str, path: &Path, source: io::Error) -> ListenError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ListenError::Permission { doing, path, source }
        }
        _ => ListenError::Io { doing, path, source },
    }
}
