//! What is one hub's alone before it serves.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use async_io::Async;
use choo_transport::{Claim, Listener, default_socket_path};

use crate::http::Guard;
use crate::port::Port;
use crate::token::{Token, TokenError};
use crate::{Config, StartError, TokenSource, default_data_dir};

/// The right to be the hub of the Unix socket, the port and the token. A second hub is refused and told the
/// URL, but nobody can connect: a pusher that gets no welcome within 200 ms would take this hub for one that
/// never answers, and reading a history may take longer.
#[derive(Debug)]
pub(crate) struct Claimed {
    unix: Claim,
    port: Port,
    guard: Arc<Guard>,
    url: String,
}

/// Doors that are open.
#[derive(Debug)]
pub(crate) struct Doors {
    pub(crate) unix: Listener,
    pub(crate) tcp: Async<TcpListener>,
    pub(crate) addr: SocketAddr,
    pub(crate) guard: Arc<Guard>,
    pub(crate) url: String,
}

impl Claimed {
    /// Takes what `config` names, and leaves the URL for the next hub that tries the same socket.
    pub(crate) fn take(config: &Config) -> Result<Self, StartError> {
        let Config { socket, listen, token, allow_hosts, allow_origins, .. } = config;
        if !listen.ip().is_loopback() {
            return Err(StartError::NotLoopback { listen: *listen });
        }
        let socket = if socket.as_os_str().is_empty() { default_socket_path()? } else { socket.clone() };
        let unix = Claim::take(socket)?;
        let token = load(token)?;
        let fragment = token.as_ref().map(|token| format!("#token={}", token.expose())).unwrap_or_default();
        let guard = Arc::new(Guard::new(listen.ip(), allow_hosts, allow_origins, token)?);
        let port = Port::take(*listen).map_err(|source| StartError::Listen { listen: *listen, source })?;
        let url = format!("http://{}/{fragment}", port.addr());
        if let Err(error) = unix.announce(&url) {
            tracing::warn!(%error, "cannot leave the URL for a second hub");
        }
        Ok(Claimed { unix, port, guard, url })
    }

    /// From now on producers and readers connect.
    pub(crate) fn open(self) -> Result<Doors, StartError> {
        let Claimed { unix, port, guard, url } = self;
        let addr = port.addr();
        let tcp = port.open().map_err(|source| StartError::Listen { listen: addr, source })?;
        Ok(Doors { unix: unix.listen()?, tcp, addr, guard, url })
    }
}

fn load(source: &TokenSource) -> Result<Option<Token>, TokenError> {
    let path = match source {
        TokenSource::None => return Ok(None),
        TokenSource::File(path) if path.as_os_str().is_empty() => {
            default_data_dir().ok_or(TokenError::NoPlace)?.join("token")
        }
        TokenSource::File(path) => path.clone(),
    };
    Token::load(&path).map(Some)
}
