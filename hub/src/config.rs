//! What a hub is told at its start.

use std::env;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

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
    /// Where the history lasts. Default: the file `history.db` in [`default_data_dir`].
    pub history: HistorySource,
    /// How many bytes of events are kept in memory; readers further behind read the file, or without one
    /// get a gap. About as much memory is used. Default [`Config::HISTORY_BYTES`].
    pub history_bytes: usize,
    /// How many runs are kept; beyond that the longest finished ones are forgotten. The state of each is
    /// in memory, about 1 KiB a unit. Default [`Config::KEEP_RUNS`].
    pub keep_runs: usize,
    /// For how long a run is kept in the file behind its latest event; `None` for ever. Default
    /// [`Config::KEEP_AGE`].
    pub keep_age: Option<Duration>,
    /// How many bytes the file may have before its oldest events are removed; `None` for any number. The
    /// latest events of a run that goes on stay in any case. Default [`Config::KEEP_BYTES`].
    pub keep_bytes: Option<u64>,
    /// How many streams may be read at once; one more gets 503. Each takes a file descriptor and, while
    /// its reader is slow, up to 200 KiB, and twice that of the system's for its socket. What is looked up
    /// for single readers, their first snapshots above all, has about 64 MiB of its own, for all of them
    /// together: who does not read it is cut off when others wait for the room. Default
    /// [`Config::MAX_CLIENTS`].
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

/// Where the history lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HistorySource {
    /// This SQLite file, made (mode 0600) if it is not there. Empty means the default.
    File(PathBuf),
    /// Nowhere: events are in memory, and a hub begins with nothing.
    Memory,
}

impl Config {
    /// 127.0.0.1:8080.
    pub const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 8080);
    /// 64 MiB: about 300,000 events.
    pub const HISTORY_BYTES: usize = 64 << 20;
    /// 256.
    pub const KEEP_RUNS: usize = 256;
    /// 30 days.
    pub const KEEP_AGE: Duration = Duration::from_hours(30 * 24);
    /// 2 GiB: about 10 million events.
    pub const KEEP_BYTES: u64 = 2 << 30;
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
            history: HistorySource::File(PathBuf::new()),
            history_bytes: Self::HISTORY_BYTES,
            keep_runs: Self::KEEP_RUNS,
            keep_age: Some(Self::KEEP_AGE),
            keep_bytes: Some(Self::KEEP_BYTES),
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
