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

