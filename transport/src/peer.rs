//! Who is at the other end of a socket.

use std::io;
use std::os::fd::AsFd;

/// The process at the other end, as the kernel knows it.
///
/// macOS has no safe call for it; there both are `None`, and the socket's mode (0600) alone keeps other
/// users out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process id when it connected or began to listen.
    pub pid: Option<u32>,
    /// The user it runs as.
    pub uid: Option<u32>,
}

impl Peer {
    /// The peer of a connected Unix socket. Fails for what is none.
    #[cfg(any(target_os = "linux", target_os = "android"))]
    pub fn of(socket: impl AsFd) -> io::Result<Peer> {
        let credentials = rustix::net::sockopt::socket_peercred(socket)?;
        Ok(Peer {
            pid: u32::try_from(credentials.pid.as_raw_nonzero().get()).ok(),
            uid: Some(credentials.uid.as_raw()),
        })
    }

    /// The peer of a connected Unix socket: unknown on this system.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    #[expect(clippy::unnecessary_wraps, reason = "fails on Linux")]
    pub fn of(_socket: impl AsFd) -> io::Result<Peer> {
        Ok(Peer { pid: None, uid: None })
    }

    /// Whether it runs as this process's user, as root (whom no check keeps out), or as nobody knows.
    pub(crate) fn is_trusted(self) -> bool {
        self.uid.is_none_or(|uid| uid == 0 || uid == rustix::process::geteuid().as_raw())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_peer_of_a_pair_is_this_process() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let peer = Peer::of(&one).unwrap();
        assert_eq!(peer.pid, Some(std::process::id()));
        assert!(peer.is_trusted());
    }

    #[test]
    fn another_user_is_not_trusted() {
        let me = rustix::process::geteuid().as_raw();
        assert!(!Peer { pid: None, uid: Some(me + 1) }.is_trusted());
        assert!(Peer { pid: None, uid: Some(0) }.is_trusted());
        assert!(Peer { pid: None, uid: None }.is_trusted());
    }
}
