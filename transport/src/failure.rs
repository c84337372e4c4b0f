//! Why there is no connection.

use std::path::Path;
use std::{fmt, fs, io};

use rustix::io::Errno;

use crate::SpoolFailure;

/// Why there is no connection. `Display` says what is wrong and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// There is no file at the path (`ENOENT`): no hub has run yet, or it took its socket away.
    NoSocket,
    /// Nobody listens on the socket (`ECONNREFUSED`): a hub that was killed leaves it behind.
    Refused,
    /// The socket's queue of connections is full (`EAGAIN`, or not connected once it was waited for):
    /// the hub is starting, or hangs.
    Busy,
    /// What is at the path is no socket that can be connected to.
    NotASocket,
    /// The socket or its directory may not be used by this user (`EACCES`).
    Denied,
    /// The attempt took longer than the dial timeout.
    DialTimeout,
    /// The socket belongs to another user, who is not given the run's events.
    ForeignHub {
        /// That user.
        uid: u32,
    },
    /// The program, or the whole system, has as many files open as it may (`EMFILE`, `ENFILE`).
    NoDescriptors,
    /// The peer closed the connection.
    Closed,
    /// The peer took nothing for the stall timeout.
    Stalled,
    /// What an earlier process left in a spool cannot be read now.
    Spool(SpoolFailure),
    /// The system failed in another way.
    System(io::ErrorKind),
}

impl Failure {
    /// Whether it only means that no hub is there at present.
    pub fn is_absence(&self) -> bool {
        matches!(self, Failure::NoSocket | Failure::Refused | Failure::Busy)
    }

    /// What an error of `connect` says.
    pub(crate) fn of_dial(error: &io::Error, path: &Path) -> Failure {
        use io::ErrorKind::{
            ConnectionRefused, NotADirectory, NotConnected, NotFound, PermissionDenied, WouldBlock,
        };
        match error.kind() {
            NotFound => Failure::NoSocket,
            // Linux refuses files and directories the same way.
            ConnectionRefused if !is_socket(path) => Failure::NotASocket,
            ConnectionRefused => Failure::Refused,
            WouldBlock | NotConnected => Failure::Busy,
            PermissionDenied => Failure::Denied,
            NotADirectory => Failure::NotASocket,
            _ if is_kind_mismatch(error) => Failure::NotASocket,
            _ if is_limit(error) => Failure::NoDescriptors,
            kind => Failure::System(kind),
        }
    }

    /// What an error of reading or writing says.
    pub(crate) fn of_transfer(error: &io::Error) -> Failure {
        use io::ErrorKind::{BrokenPipe, ConnectionReset, NotConnected};
        match error.kind() {
            BrokenPipe | ConnectionReset | NotConnected => Failure::Closed,
            kind => Failure::System(kind),
        }
    }
}

/// A file that cannot be looked at is given the benefit of the doubt.
fn is_socket(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    fs::metadata(path).map_or(true, |found| found.file_type().is_socket())
}

/// Not a socket at all (`ENOTSOCK`), or one for datagrams (`EPROTOTYPE`).
fn is_kind_mismatch(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::NOTSOCK | Errno::PROTOTYPE))
}

/// Too many files are open.
fn is_limit(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Failure::NoSocket => "no hub is running; start `choo web`",
            Failure::Refused => "the hub is gone; start `choo web` again",
            Failure::Busy => "the hub does not take connections; it is starting or hangs",
            Failure::NotASocket => "that is no socket; give the path that `choo web` listens on",
            Failure::Denied => "permission denied; use a socket of your own user",
            Failure::DialTimeout => "no answer in time; the hub hangs",
            Failure::ForeignHub { uid } => {
                return write!(f, "it belongs to another user, uid {uid}; use a socket of your own");
            }
            Failure::NoDescriptors => "too many open files; raise the limit (`ulimit -n`)",
            Failure::Closed => "closed by the peer",
            Failure::Stalled => "the peer stopped reading",
            Failure::Spool(failure) => return write!(f, "the spool file cannot be read: {failure}"),
            Failure::System(kind) => return write!(f, "{kind}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};

    use super::*;

    fn dial(path: &Path) -> Failure {
        Failure::of_dial(&UnixStream::connect(path).unwrap_err(), path)
    }

    #[test]
    fn c_03_every_way_in_which_no_hub_is_there_has_its_name() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("web.sock");
        assert_eq!(dial(&path), Failure::NoSocket);
        drop(UnixListener::bind(&path).unwrap());
        assert_eq!(dial(&path), Failure::Refused, "what a killed hub leaves behind");
        for kind in [io::ErrorKind::WouldBlock, io::ErrorKind::NotConnected] {
            assert_eq!(Failure::of_dial(&kind.into(), &path), Failure::Busy);
        }
        for absent in [Failure::NoSocket, Failure::Refused, Failure::Busy] {
            assert!(absent.is_absence());
        }
    }

    #[test]
    fn what_will_not_mend_itself_is_told_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(dial(dir.path()), Failure::NotASocket);
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(dial(&file), Failure::NotASocket);
        assert_eq!(dial(&file.join("web.sock")), Failure::NotASocket);
        let datagrams = dir.path().join("datagrams");
        let _socket = UnixDatagram::bind(&datagrams).unwrap();
        assert_eq!(dial(&datagrams), Failure::NotASocket);
        let denied = Failure::of_dial(&io::ErrorKind::PermissionDenied.into(), &file);
        assert!(denied == Failure::Denied && !denied.is_absence());
        assert!(denied.to_string().contains("permission denied"));
    }
}
