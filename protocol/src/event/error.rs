//! Why an event cannot be made.

use std::fmt;

use crate::MAX_KIND;

/// Why an event cannot be made. The caller's fault; nothing has been sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventError {
    /// The type is not one: 1 to [`MAX_KIND`] bytes without white space or control characters.
    Kind {
        /// The type.
        kind: String,
    },
    /// Only choo itself sends events of this type.
    Reserved {
        /// The type.
        kind: String,
    },
    /// Events of this type mean nothing without a unit.
    NoUnit {
        /// The type.
        kind: String,
    },
    /// A member of this name cannot be added: the envelope has it, or the event.
    Key {
        /// The name.
        key: String,
    },
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EventError::Kind { kind } => {
                write!(f, "an event type has 1 to {MAX_KIND} bytes and no white space, unlike {kind:?}")
            }
            EventError::Reserved { kind } => write!(f, "only choo itself sends {kind}"),
            EventError::NoUnit { kind } => write!(f, "{kind} needs a unit: use Event::of_unit"),
            EventError::Key { key } => {
                write!(f, "the member {key:?} is there already, or may be taken for one of the envelope")
            }
        }
    }
}

impl std::error::Error for EventError {}
