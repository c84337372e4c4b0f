//! What a hub is told at its start.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

/// How to start a hub. Every field has a default that suits one person on one machine.
///
/// ```
/// use choo_hub::{Config, TokenSource};
/// let mut config = Config::default();
/// config.listen = "127.0.0.1:0".parse()?;
/// config.token = TokenSource::None;
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The Unix socket for orchestrators and local tools. Empty (the default) means
    /// [`choo_transport::default_socket_path`].
    pub socket: PathBuf,
    /// Where HTTP is served; loopback only. Port 0 takes a free one. Default
    /// [`Config::LISTEN`].
    pub listen: SocketAddr,
    /// What a client on TCP has to know. Default: the file `token` in [`default_data_dir`].
    pub token: TokenSource,
    /// Names, besides those of loopback, by which browsers may reach the hub: `host` or `host:port`.
    /// Needed behind a proxy. Default none.
    pub allow_hosts: Vec<String>,
    /// Origins, besides the hub's own, whose pages may read from it: `http://localhost:5173`.
    /// Default none.
    pub allow_origins: Vec<String>,
    /// How many bytes of events are kept in memory; readers further behind get a gap. About as much
    /// memory is used. Raise it if late visitors should see more of long logs. Default
    /// [`Config::HISTORY_BYTES`].
    pub history_bytes: usize,
    /// How many streams may be read at once; one more gets 503. Each takes a file descriptor and, while
    /// its reader is slow, up to 200 KiB. Default [`Config::MAX_CLIENTS`].
    pub max_clients: usize,
}

/// Where the token comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenSource {
    /// This file, made with a new token (mode 0600) if it is not there. Empty means the default.
    File(PathBuf),
    /// No token is asked for: every process and page that can reach the port may read.
    None,
}

impl Config {
    /// 127.0.0.1:8080.
    pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
    /// 64 MiB: about 300,000 events.
    pub const HISTORY_BYTES: usize = 64 << 20;
    /// 10,000.
    pub const MAX_CLIENTS: usize = 10_000;
}

impl Default for Config {
    fn default() -> Self {
        Config {
            socket: PathBuf::new(),
            listen: Self::LISTEN,
            token: TokenSource::File(PathBuf::new()),
            allow_hosts: Vec::new(),
            allow_origins: Vec::new(),
            history_bytes: Self::HISTORY_BYTES,
            max_clients: Self::MAX_CLIENTS,
        }
    }
}

/// Where a hub keeps what must outlive it: `$XDG_STATE_HOME/choo`, else `~/.local/state/choo`. `None`
/// without a home directory; a relative path in the environment counts as none.
pub fn default_data_dir() -> Option<PathBuf> {
    data_dir(env::var_os("XDG_STATE_HOME").map(PathBuf::from), env::home_dir())
}

fn data_dir(state: Option<PathBuf>, home: Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |path: &PathBuf| path.is_absolute();
    let state = state.filter(absolute).or_else(|| Some(home.filter(absolute)?.join(".local/state")));
    Some(state?.join("choo"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_directory_follows_the_environment() {
        let dir =
            |state: Option<&str>, home: Option<&str>| data_dir(state.map(Into::into), home.map(Into::into));
        assert_eq!(dir(Some("/s"), Some("/h")), Some("/s/choo".into()));
        assert_eq!(dir(Some("s"), Some("/h")), Some("/h/.local/state/choo".into()));
        assert_eq!(dir(Some(""), Some("/h")), Some("/h/.local/state/choo".into()));
        assert_eq!(dir(None, Some("h")), None);
        assert_eq!(dir(None, None), None);
    }
}
