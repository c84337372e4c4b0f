//! New connections.

use std::io;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::Duration;

use async_io::{Async, Timer};
use choo_transport::{Listener, Peer};
use futures_lite::future;
use rustix::net::RecvFlags;
use smol::Executor;
use smol::channel::Sender;

use crate::fan::Desk;
use crate::http::{Door, Visit, serve};
use crate::producers::Entrance;
use crate::shared::Shared;

/// How long to wait after a failed accept, doubling up to the maximum while it goes on failing. Such an
/// error (no file descriptor left) lasts, and asking again at once would only burn the processor.
const RETRY: Duration = Duration::from_millis(50);
const MAX_RETRY: Duration = Duration::from_secs(1);

/// Takes connections and starts a task for each.
#[derive(Clone)]
pub(crate) struct Acceptor {
    pub(crate) shared: Arc<Shared>,
    pub(crate) producers: Entrance,
    pub(crate) desk: Arc<Desk>,
    pub(crate) executor: Arc<Executor<'static>>,
    /// Held by every connection as long as it lives.
    pub(crate) alive: Sender<()>,
}

impl Acceptor {
    /// Accepts on TCP, for ever.
    pub(crate) async fn run_tcp(self, listener: Async<std::net::TcpListener>, door: Door) {
        let mut pause = Pause::new("TCP");
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    pause.reset();
                    self.serve_tcp(stream, door.clone());
                }
                Err(error) => {
                    Timer::after(pause.after(&error)).await;
                }
            }
        }
    }

    /// Accepts on the Unix socket, for ever.
    pub(crate) async fn run_unix(self, listener: Listener) {
        let mut pause = Pause::new("the Unix socket");
        loop {
            match listener.accept().await {
                Ok((stream, peer)) => {
                    pause.reset();
                    self.serve_unix(stream, peer);
                }
                Err(error) => {
                    Timer::after(pause.after(&error)).await;
                }
            }
        }
    }

    fn serve_tcp(&self, stream: Async<TcpStream>, door: Door) {
        // Blocks are put together by the hub; nothing is gained by waiting for more.
        let _ = stream.get_ref().set_nodelay(true);
        // A peer whose machine has vanished is noticed in minutes although nobody writes to it.
        let _ = rustix::net::sockopt::set_socket_keepalive(stream.get_ref(), true);
        self.executor.spawn(serve(self.visit(door), stream)).detach();
    }

    fn serve_unix(&self, stream: Async<UnixStream>, peer: Peer) {
        let Acceptor { shared, producers, .. } = self.clone();
        let visit = self.visit(Door::Unix { uid: peer.uid });
        let task = async move {
            let closed = async {
                shared.closed().await;
                Ok(None)
            };
            match future::or(first_byte(&stream), closed).await {
                Ok(Some(byte)) if is_http(byte) => serve(visit, stream).await,
                Ok(Some(_)) => match stream.into_inner() {
                    Ok(stream) => producers.join(stream, peer.pid, visit.alive),
                    Err(error) => tracing::warn!(%error, "a producer cannot be handed over"),
                },
                // Whoever only looked whether somebody is there.
                Ok(None) | Err(_) => {}
            }
        };
        self.executor.spawn(task).detach();
    }
}

impl Acceptor {
    fn visit(&self, door: Door) -> Visit {
        let Acceptor { shared, producers, desk, alive, .. } = self.clone();
        Visit { shared, desk, producers, door, alive }
    }
}

/// The first byte that comes, left where it is.
async fn first_byte(stream: &Async<UnixStream>) -> io::Result<Option<u8>> {
    let mut byte = [0];
    let peek = stream.read_with(|stream| Ok(rustix::net::recv(stream, &mut byte, RecvFlags::PEEK)?.0));
    let n = peek.await?;
    Ok((n > 0).then_some(byte[0]))
}

/// Methods are capital letters; no line of the wire begins with one.
fn is_http(first: u8) -> bool {
    first.is_ascii_uppercase()
}

/// The pauses after failed accepts.
struct Pause {
    what: &'static str,
    next: Duration,
}

impl Pause {
    fn new(what: &'static str) -> Self {
        Pause { what, next: RETRY }
    }

    fn reset(&mut self) {
        self.next = RETRY;
    }

    /// How long to wait now; the first time in a row is worth a warning.
    fn after(&mut self, error: &io::Error) -> Duration {
        if self.next == RETRY {
            tracing::warn!(%error, "cannot accept connections on {}; trying again", self.what);
        }
        let pause = self.next;
        self.next = (pause * 2).min(MAX_RETRY);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_accepts_are_retried_ever_more_rarely_until_one_succeeds() {
        let mut pause = Pause::new("a test");
        let error = io::Error::from_raw_os_error(24);
        let pauses: Vec<u128> = (0..7).map(|_| pause.after(&error).as_millis()).collect();
        assert_eq!(pauses, [50, 100, 200, 400, 800, 1000, 1000]);
        pause.reset();
        assert_eq!(pause.after(&error), RETRY);
    }

    #[test]
    fn no_line_of_the_wire_is_taken_for_http() {
        assert!("GET POST HEAD".bytes().all(|b| is_http(b) || b == b' '));
        assert!(![b'{', b' ', b'\n', b'\r', b'\t', b'[', b'g', 0, 0xff].into_iter().any(is_http));
    }
}
