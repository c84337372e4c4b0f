//! Events from an orchestrator to the hub, over a Unix socket.

mod listener;
mod lock;
mod path;
mod peer;

pub use listener::{ListenError, Listener};
pub use path::{MAX_SOCKET_PATH, SocketPathError, check_socket_path, default_socket_path};
pub use peer::Peer;
