//! The connections that event lines come in by.
//!
//! One thread has all of them: an event wakes it and nobody else, so that the readers' thread is the next to
//! run. What is decided about lines is decided in the core; [`Producer`](producer::Producer) moves bytes.

mod news;
mod producer;
mod thread;

pub(crate) use news::News;
pub(crate) use producer::ProducerStatus;
pub(crate) use thread::{Entrance, Intake};
