//! From the newest record to the sockets of all readers.
//!
//! A reader is a socket and a cursor. [`Fan`](machine::Fan) decides and does no I/O; [`FanOut`] is the
//! thread with the sockets. Readers that want the same in the same form share a
//! [`Channel`](channel::Channel), whose blocks are written once. Everything that has to be looked up in
//! the history is a [`Question`](question::Question) and is answered by another thread, so that a reader
//! that begins far back costs those that have everything nothing.

mod bell;
mod channel;
mod clerk;
mod cold;
mod cut;
mod desk;
mod inbound;
mod machine;
mod out;
mod pace;
mod question;
mod reader;
#[cfg(test)]
mod tests;

pub(crate) use bell::Bell;
pub(crate) use desk::{Desk, Joining};
pub(crate) use machine::{NewReader, Origin, ReaderStatus, SeatStatus, Standing};
pub(crate) use out::FanOut;
