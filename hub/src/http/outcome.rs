//! What a request comes to.

use futures_lite::future;

use super::respond::{ApiError, Response};
use crate::fan::NewReader;
use crate::shared::Place;

/// What a request gets.
pub(super) enum Outcome {
    Answer(Response),
    /// The answer has to be looked up where that may take time.
    Later(future::Boxed<Result<Response, ApiError>>),
    /// The connection becomes a reader's.
    Stream(Box<Stream>),
}

/// A connection that is to be a reader's.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) reader: NewReader,
    pub(super) place: Place,
}
