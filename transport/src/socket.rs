//! The pusher's socket.

use std::io::{self, Read};
use std::os::fd::BorrowedFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use async_io::Async;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::{Failure, Peer};

/// What the peer says is taken in pieces of this size.
const READ_BYTES: usize = 4 << 10;

/// How many such pieces are taken before it is the writer's turn again.
const READS: usize = 16;

/// A connected socket that never blocks and never raises SIGPIPE.
#[derive(Debug)]
pub(crate) struct Socket {
    stream: Async<UnixStream>,
    /// The peer sends no more but still reads; waiting for it to say something would spin.
    half_closed: bool,
}

impl Socket {
    /// Connects, and makes sure that the peer is no other user.
    pub(crate) async fn connect(path: PathBuf) -> Result<Socket, Failure> {
        let failed = |error: io::Error| Failure::of_dial(&error, &path);
        let stream = Async::<UnixStream>::connect(&path).await.map_err(failed)?;
        let peer = Peer::of(&stream).map_err(failed)?;
        if let (Some(uid), false) = (peer.uid, peer.is_trusted()) {
            return Err(Failure::ForeignHub { uid });
        }
        #[cfg(target_vendor = "apple")]
        rustix::net::sockopt::set_socket_nosigpipe(&stream, true).map_err(|error| failed(error.into()))?;
        Ok(Socket { stream, half_closed: false })
    }

    /// Writes what fits now; `None` if nothing does.
    pub(crate) fn write(&self, bytes: &[u8]) -> Result<Option<usize>, Failure> {
        loop {
            match send(self.stream.get_ref(), bytes) {
                Ok(n) => return Ok(Some(n)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::of_transfer(&error)),
            }
        }
    }

    /// Takes what the peer has said.
    pub(crate) fn read(&mut self, mut on: impl FnMut(&[u8])) -> Result<(), Failure> {
        let mut scratch = [0; READ_BYTES];
        for _ in 0..READS {
            match self.stream.get_ref().read(&mut scratch) {
                Ok(0) if self.is_hung_up() => return Err(Failure::Closed),
                Ok(0) => {
                    self.half_closed = true;
                    return Ok(());
                }
                Ok(n) => on(&scratch[..n]),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(Failure::of_transfer(&error)),
            }
        }
        Ok(())
    }

    /// Whether the peer has closed both directions. A one-way reader such as `socat -u` closes only its
    /// own and reads on.
    fn is_hung_up(&self) -> bool {
        let mut polled = [PollFd::new(&self.stream, PollFlags::empty())];
        let result = poll(&mut polled, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }));
        result.is_err() || polled[0].revents().intersects(PollFlags::HUP | PollFlags::ERR)
    }

    /// Waits until the peer has said something or is gone.
    pub(crate) async fn readable(&self) {
        if self.half_closed {
            std::future::pending::<()>().await;
        }
        // An error shows again, and is handled, when it is read.
        let _ = self.stream.readable().await;
    }

    /// Waits until the peer takes something or is gone.
    pub(crate) async fn writable(&self) {
        let _ = self.stream.writable().await;
    }
}

/// Files that the reactor opens for itself when it is used first.
const REACTOR_FILES: usize = 4;

/// Makes sure of the reactor, which panics if there is no file left when it is used first. An error is the
/// system's.
pub(crate) fn prepare() -> io::Result<()> {
    let (one, other) = UnixStream::pair()?;
    let room = (0..REACTOR_FILES).map(|_| one.try_clone()).collect::<io::Result<Vec<_>>>()?;
    drop(room);
    Async::new_nonblocking(other).map(drop)
}

/// What a socket is ready for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ready {
    /// The peer has said something or is gone.
    Read,
    /// The peer takes bytes again.
    Write,
    /// What else was waited for can be read.
    Other,
    /// The time is up.
    Nothing,
}

/// Lets the thread sleep for a time; shorter if the socket has something to read or, if asked for, can be
/// written to; without a socket, if `other` has something to read.
pub(crate) fn nap(
    socket: Option<&Socket>,
    writable: bool,
    other: Option<BorrowedFd<'_>>,
    time: Duration,
) -> Ready {
    let nanos = time.subsec_nanos().into();
    let timeout = Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX), tv_nsec: nanos };
    let Some(socket) = socket else {
        // A signal can end it too, which only makes it shorter.
        let mut polled: Vec<PollFd<'_>> =
            other.iter().map(|other| PollFd::from_borrowed_fd(*other, PollFlags::IN)).collect();
        let _ = poll(&mut polled, Some(&timeout));
        let readable = polled.first().is_some_and(|polled| !polled.revents().is_empty());
        return if readable { Ready::Other } else { Ready::Nothing };
    };
    let mut events = PollFlags::empty();
    events.set(PollFlags::IN, !socket.half_closed);
    events.set(PollFlags::OUT, writable);
    let mut polled = [PollFd::new(&socket.stream, events)];
    let _ = poll(&mut polled, Some(&timeout));
    let ready = polled[0].revents();
    if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
        Ready::Read
    } else if ready.contains(PollFlags::OUT) {
        Ready::Write
    } else {
        Ready::Nothing
    }
}

/// Lets the calling thread's naps end when they should: Linux rounds them up by 50 µs otherwise.
pub(crate) fn nap_exactly() {
    // Without it naps are longer, no more.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1_000));
}

/// A program that has put SIGPIPE back to its default must not be killed by a hub that goes away.
#[cfg(not(target_vendor = "apple"))]
fn send(stream: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(stream, bytes, rustix::net::SendFlags::NOSIGNAL)?)
}

#[cfg(target_vendor = "apple")]
fn send(mut stream: &UnixStream, bytes: &[u8]) -> io::Result<usize> {
    io::Write::write(&mut stream, bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::Shutdown;

    use super::*;

    fn pair() -> (Socket, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        (Socket { stream: Async::new(ours).unwrap(), half_closed: false }, theirs)
    }

    #[test]
    fn a_peer_that_only_reads_is_kept_and_one_that_is_gone_is_noticed() {
        let (mut socket, mut peer) = pair();
        peer.write_all(b"nobody asked").unwrap();
        assert_eq!(socket.read(|_| ()), Ok(()));
        peer.shutdown(Shutdown::Write).unwrap();
        assert_eq!(socket.read(|_| ()), Ok(()));
        assert!(socket.half_closed);
        assert_eq!(socket.write(b"line\n"), Ok(Some(5)));
        drop(peer);
        assert_eq!(socket.write(b"line\n"), Err(Failure::Closed));

        let (mut socket, peer) = pair();
        drop(peer);
        assert_eq!(socket.read(|_| ()), Err(Failure::Closed));
    }

    #[test]
    fn a_full_peer_takes_nothing() {
        let (socket, _peer) = pair();
        let block = vec![0; 1 << 16];
        while socket.write(&block).unwrap().is_some() {}
        assert_eq!(socket.write(b"x"), Ok(None));
    }
}
