//! The TCP port.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;

use async_io::Async;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SocketType, bind, listen, socket, sockopt};

/// Connections that wait to be accepted; the system cuts it to its own limit.
const BACKLOG: i32 = 128;

/// A port that is ours and refuses connections until it is opened.
#[derive(Debug)]
pub(crate) struct Port {
    socket: OwnedFd,
    addr: SocketAddr,
}

impl Port {
    /// Takes the port of `addr`; 0 takes a free one.
    pub(crate) fn take(addr: SocketAddr) -> io::Result<Port> {
        let family = if addr.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket(family, SocketType::STREAM, None)?;
        fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        // Connections of a hub that has ended may still be waiting out their minute.
        sockopt::set_socket_reuseaddr(&socket, true)?;
        bind(&socket, &addr)?;
        let addr = SocketAddr::try_from(rustix::net::getsockname(&socket)?)?;
        Ok(Port { socket, addr })
    }

    /// The address, with its real port.
    pub(crate) fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// From now on connections are taken.
    pub(crate) fn open(self) -> io::Result<Async<TcpListener>> {
        listen(&self.socket, BACKLOG)?;
        Async::new(TcpListener::from(self.socket))
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn a_port_is_taken_before_it_is_open() {
        let port = Port::take("127.0.0.1:0".parse().unwrap()).unwrap();
        let addr = port.addr();
        assert_ne!(addr.port(), 0);
        assert_eq!(TcpStream::connect(addr).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
        let open = port.open().unwrap();
        TcpStream::connect(addr).unwrap();
        assert_eq!(Port::take(addr).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(open);
    }
}
