//! Who asks, and what they may.

use super::respond::ApiError;

/// Whoever sent a request that came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    /// Showed a ticket.
    Ticket,
    /// Knows the token.
    Token,
    /// This hub asks for no token.
    Anybody,
    /// Came by the Unix socket; its user, where the system says so.
    User(Option<u32>),
}

impl Caller {
    /// Scope `control`: whether this caller may have something done, and its name for the record. Where no
    /// token is asked for, every user of the machine can reach the port, so that is for reading only.
    pub(super) fn check_control(self) -> Result<String, ApiError> {
        match self {
            Caller::Token => Ok("token".to_owned()),
            Caller::User(Some(uid)) => Ok(format!("uid:{uid}")),
            Caller::User(None) => Ok("unix".to_owned()),
            Caller::Ticket => {
                Err(ApiError::forbidden("scope", "a ticket is for reading; this needs the token"))
            }
            Caller::Anybody => Err(ApiError::forbidden(
                "scope",
                "without a token this port is for reading; use the Unix socket (`choo cancel`), or start the \
                 hub without --no-token",
            )),
        }
    }
}
