//! What must never leave the process.

use std::fmt;

use regex::Regex;

/// Shorter secrets are refused: text would be full of them.
pub const MIN_SECRET: usize = 4;

/// Longer secrets are refused: as much is remembered of every stream of output.
pub const MAX_SECRET: usize = 64 << 10;

/// More secrets and patterns are refused.
pub const MAX_SECRETS: usize = 1000;

/// All secrets together are no longer than this.
pub const MAX_SECRET_BYTES: usize = 256 << 10;

/// Secrets that the pusher replaces by `***`, see [`Builder::redact`](crate::Builder::redact).
///
/// ```
/// use choo_transport::Redaction;
/// let redaction = Redaction::new()
///     .secret("hunter2")?
///     .pattern(r"ghp_[A-Za-z0-9]{36}")?;
/// assert!(Redaction::new().secret("abc").is_err(), "too short to be one");
/// # let _ = redaction;
/// # Ok::<(), choo_transport::RedactionError>(())
/// ```
#[derive(Clone, Default)]
pub struct Redaction {
    pub(crate) secrets: Vec<String>,
    pub(crate) patterns: Vec<Regex>,
}

/// Why something cannot be redacted. None of them shows the secret.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedactionError {
    /// It would be found everywhere.
    #[error("a secret of {bytes} bytes: text would be full of it, {MIN_SECRET} is the least")]
    TooShort {
        /// Its length.
        bytes: usize,
    },
    /// It would cost too much memory.
    #[error("a secret of {bytes} bytes: {MAX_SECRET} is the most")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// There are [`MAX_SECRETS`] already, or [`MAX_SECRET_BYTES`] in them.
    #[error("more than {MAX_SECRETS} secrets and patterns, or {MAX_SECRET_BYTES} bytes of them")]
    TooMany,
    /// The pattern cannot be read, or is too large when compiled.
    #[error("{0}")]
    Pattern(Box<regex::Error>),
}

impl Redaction {
    /// Nothing is redacted.
    pub fn new() -> Self {
        Redaction::default()
    }

    /// Redacts this text wherever it stands, also as JSON writes it inside another text: `a"b` in the form
    /// `a\"b`, `ü` in the form `\u00fc`. Of a secret of several lines (a key file) each line of at least
    /// [`MIN_SECRET`] bytes is a secret of its own, since output comes in lines.
    pub fn secret(mut self, secret: impl Into<String>) -> Result<Self, RedactionError> {
        let secret = secret.into();
        let bytes = secret.len();
        if bytes < MIN_SECRET {
            return Err(RedactionError::TooShort { bytes });
        }
        if bytes > MAX_SECRET {
            return Err(RedactionError::TooLong { bytes });
        }
        self.check_room(bytes)?;
        self.secrets.push(secret);
        Ok(self)
    }

    /// Redacts whatever the regular expression matches within one text, such as a line of output; syntax of
    /// the `regex` crate, matched in linear time.
    pub fn pattern(mut self, pattern: &str) -> Result<Self, RedactionError> {
        self.check_room(pattern.len())?;
        let pattern = Regex::new(pattern).map_err(|error| RedactionError::Pattern(Box::new(error)))?;
        self.patterns.push(pattern);
        Ok(self)
    }

    /// Whether nothing is redacted.
    pub fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.patterns.is_empty()
    }

    fn check_room(&self, more: usize) -> Result<(), RedactionError> {
        let patterns = self.patterns.iter().map(Regex::as_str);
        let bytes: usize = self.secrets.iter().map(String::as_str).chain(patterns).map(str::len).sum();
        let full = self.secrets.len() + self.patterns.len() >= MAX_SECRETS;
        if full || bytes + more > MAX_SECRET_BYTES { Err(RedactionError::TooMany) } else { Ok(()) }
    }
}

impl fmt::Debug for Redaction {
    /// How many, and not which.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redaction")
            .field("secrets", &self.secrets.len())
            .field("patterns", &self.patterns.len())
            .finish()
    }
}
