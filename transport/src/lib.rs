//! Events from an orchestrator to the hub, over a Unix socket.

mod backoff;
mod base;
mod block;
mod builder;
mod bus;
mod clock;
mod driver;
mod hole;
mod link;
mod listener;
mod lock;
mod outbox;
mod path;
mod peer;
mod pusher;
mod ring;
mod shared;
mod socket;
mod staging;
mod started;
mod stats;
mod timers;
mod warning;

pub use backoff::Delay;
pub use builder::{
    BACKOFF_INITIAL, BACKOFF_MAX, BUFFER_BYTES, Builder, DIAL_TIMEOUT, STALL_TIMEOUT, StartError,
    WRITE_TIMEOUT,
};
pub use bus::{EventBus, Subscription};
pub use listener::{ListenError, Listener};
pub use path::{MAX_SOCKET_PATH, SocketPathError, check_socket_path, default_socket_path};
pub use peer::Peer;
pub use pusher::{CLOSE_TIMEOUT, SocketPusher};
pub use stats::{CloseReport, Failure, Stats};
pub use warning::Warning;
