//! Tickets for readers that can send no header.

use hyper::StatusCode;
use serde_json::json;

use super::caller::Caller;
use super::respond::{self, ApiError, Response};
use super::server::Door;
use crate::shared::Shared;

/// `POST /api/v1/tickets`: leave to read for as long as it says.
pub(super) fn issue(shared: &Shared, door: &Door, caller: Caller) -> Result<Response, ApiError> {
    if caller == Caller::Ticket {
        return Err(ApiError::forbidden("scope", "a ticket does not renew itself; this needs the token"));
    }
    let ticket = match door {
        Door::Tcp(guard) => guard.ticket(shared.now().time),
        Door::Unix { .. } => None,
    };
    let ticket = ticket.ok_or_else(|| {
        ApiError::conflict("no_token", "this hub asks no token of you, so a ticket is not needed")
    })?;
    let mut response = respond::json(&json!({ "ticket": ticket.text, "expires": ticket.expires }));
    *response.status_mut() = StatusCode::CREATED;
    Ok(response)
}
