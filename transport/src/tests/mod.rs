//! The link in virtual time. Nothing here waits or opens a socket.

mod close;
mod hub;
mod link;
mod overflow;
mod parts;
mod property;
mod world;

pub(crate) use world::config;
