//! Why a hub does not start.

use std::io;
use std::net::SocketAddr;

use choo_transport::{ListenError, SocketPathError};

use crate::http::BadEntry;
use crate::token::TokenError;

/// Why there is no hub. Nothing of it is left behind.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Another hub serves the socket; its URL, if it said so, stands in the message.
    #[error(transparent)]
    AlreadyRunning(ListenError),
    /// The Unix socket cannot be made; the path or its surroundings are at fault.
    #[error(transparent)]
    Socket(ListenError),
    /// There is no default for the Unix socket.
    #[error(transparent)]
    SocketPath(#[from] SocketPathError),
    /// The address is not loopback; the caller is at fault.
    #[error("{listen} is not a loopback address; without TLS the hub listens on 127.0.0.1 or [::1] only")]
    NotLoopback {
        /// The address.
        listen: SocketAddr,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {listen} ({source}); choose another address, or port 0 for a free one")]
    Listen {
        /// The address.
        listen: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// There is no token.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// An entry of [`Config::allow_hosts`](crate::Config::allow_hosts) is no host.
    #[error("{entry:?} is not a host that can be allowed; write `name` or `name:port`")]
    AllowHost {
        /// The entry.
        entry: String,
    },
    /// An entry of [`Config::allow_origins`](crate::Config::allow_origins) is no origin.
    #[error("{entry:?} is not an origin that can be allowed; write `http://name:port`")]
    AllowOrigin {
        /// The entry.
        entry: String,
    },
    /// There is no default for the history.
    #[error("there is no home directory to keep the history in; name a directory with --data")]
    NoHistoryPlace,
    /// Another hub stores its history there.
    #[error("another hub keeps its history in {path}; give this one a directory of its own with --data", path = .path.display())]
    HistoryInUse {
        /// The file.
        path: std::path::PathBuf,
    },
    /// The system failed in another way.
    #[error("cannot {doing} ({source})")]
    System {
        /// What was tried.
        doing: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl From<ListenError> for StartError {
    fn from(error: ListenError) -> Self {
        match error {
            ListenError::AlreadyRunning { .. } => StartError::AlreadyRunning(error),
            _ => StartError::Socket(error),
        }
    }
}

impl From<BadEntry> for StartError {
    fn from(entry: BadEntry) -> Self {
        match entry {
            BadEntry::Host(entry) => StartError::AllowHost { entry },
            BadEntry::Origin(entry) => StartError::AllowOrigin { entry },
        }
    }
}
