//! Why bytes are not a line.

use std::fmt;

use crate::printable::printable;

/// Why bytes are not a line. Always the producer's fault; the stream goes on with the next line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// What is wrong.
    pub kind: LineErrorKind,
    /// Where, in bytes from the start of the line.
    pub offset: usize,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LineErrorKind {
    /// Longer than lines of its type may be.
    TooLong {
        /// Its length in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: usize,
    },
    /// Not UTF-8 (RFC 3629).
    NotUtf8,
    /// Begins with a byte order mark.
    ByteOrderMark,
    /// A line feed or carriage return inside the line. JSON allows them between tokens, but they end a
    /// line, or an event, for some reader.
    LineBreak,
    /// Not JSON (RFC 8259).
    Syntax {
        /// What should have stood there.
        expected: &'static str,
    },
    /// Valid JSON, but not one object.
    NotAnObject,
    /// Something follows the object.
    Trailing,
    /// Nested deeper than allowed.
    TooDeep {
        /// The limit in levels.
        limit: usize,
    },
    /// A number outside the range of a double.
    NumberNotFinite,
    /// Half of a UTF-16 surrogate pair in a `\u` escape.
    LoneSurrogate,
    /// The same key twice, or a key and its alias.
    DuplicateKey {
        /// The second one.
        key: String,
    },
    /// A key that differs from one of the envelope's by case only. Some readers take it for that one.
    AmbiguousKey {
        /// The key.
        key: String,
        /// The one it is like.
        like: &'static str,
    },
    /// No `type`.
    MissingType,
    /// A key of the envelope with a value it cannot have.
    BadField {
        /// The key.
        key: &'static str,
        /// What it may be.
        expected: &'static str,
    },
}

impl LineErrorKind {
    /// A stable name for programs: `too-long`, `not-utf8`, `syntax`, …
    pub fn as_str(&self) -> &'static str {
        match self {
            LineErrorKind::TooLong { .. } => "too-long",
            LineErrorKind::NotUtf8 => "not-utf8",
            LineErrorKind::ByteOrderMark => "byte-order-mark",
            LineErrorKind::LineBreak => "line-break",
            LineErrorKind::Syntax { .. } => "syntax",
            LineErrorKind::NotAnObject => "not-an-object",
            LineErrorKind::Trailing => "trailing",
            LineErrorKind::TooDeep { .. } => "too-deep",
            LineErrorKind::NumberNotFinite => "number-not-finite",
            LineErrorKind::LoneSurrogate => "lone-surrogate",
            LineErrorKind::DuplicateKey { .. } => "duplicate-key",
            LineErrorKind::AmbiguousKey { .. } => "ambiguous-key",
            LineErrorKind::MissingType => "missing-type",
            LineErrorKind::BadField { .. } => "bad-field",
        }
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            LineErrorKind::TooLong { bytes, limit } => {
                return write!(f, "line of {bytes} bytes is longer than the {limit} allowed for its type");
            }
            LineErrorKind::MissingType => return f.write_str("no \"type\" in the event"),
            LineErrorKind::NotUtf8 => f.write_str("not UTF-8"),
            LineErrorKind::ByteOrderMark => f.write_str("a byte order mark, which JSON lines do not have,"),
            LineErrorKind::LineBreak => f.write_str("a line break inside the line"),
            LineErrorKind::Syntax { expected } => write!(f, "not JSON: expected {expected}"),
            LineErrorKind::NotAnObject => f.write_str("not a JSON object: expected '{'"),
            LineErrorKind::Trailing => f.write_str("something follows the object"),
            LineErrorKind::TooDeep { limit } => write!(f, "nested deeper than {limit} levels"),
            LineErrorKind::NumberNotFinite => f.write_str("number outside the range of a double"),
            LineErrorKind::LoneSurrogate => f.write_str("half of a surrogate pair"),
            LineErrorKind::DuplicateKey { key } => {
                write!(f, "key \"{}\" (or its alias) twice", printable(key))
            }
            LineErrorKind::AmbiguousKey { key, like } => {
                let key = printable(key);
                write!(f, "key \"{key}\" differs from \"{like}\" by case only, which some readers overlook,")
            }
            LineErrorKind::BadField { key, expected } => write!(f, "\"{key}\" must be {expected}"),
        }?;
        write!(f, " at byte {}", self.offset)
    }
}

impl std::error::Error for LineError {}

impl LineError {
    pub(crate) fn too_long(bytes: usize, limit: usize) -> Self {
        LineError { kind: LineErrorKind::TooLong { bytes: bytes as u64, limit }, offset: limit }
    }
}
