//! Patterns with stars.

use std::fmt;
use std::str::FromStr;

/// A pattern in which `*` stands for any run of characters, also none: `task.*`, `*.failed`, `*`. For the
/// star itself write `\*`, for a backslash in front of a star or another backslash `\\`.
///
/// ```
/// use choo_protocol::Glob;
/// let glob: Glob = "task.*.ok".parse()?;
/// assert!(glob.matches("task.validation.ok"));
/// assert!(!glob.matches("task.started"));
/// assert!(Glob::literal("a*b")?.matches("a*b"));
/// assert!(!Glob::literal("a*b")?.matches("axb"));
/// # Ok::<(), choo_protocol::GlobError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    text: String,
    /// What stands between the stars, at least one piece.
    pieces: Vec<String>,
}

/// Patterns were asked for that are none, or too many. Whoever wrote them has to change them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GlobError {
    /// A pattern without a character fits nothing.
    Empty,
    /// A pattern is longer than [`Glob::MAX_LEN`].
    TooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// There are more than [`Globs::MAX`] of them.
    TooMany {
        /// How many there are.
        count: usize,
    },
}

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            GlobError::Empty => f.write_str("a pattern is empty; \"*\" fits everything"),
            GlobError::TooLong { bytes } => {
                write!(f, "a pattern of {bytes} bytes is too long, at most {} are allowed", Glob::MAX_LEN)
            }
            GlobError::TooMany { count } => {
                write!(f, "{count} patterns are too many, at most {} are allowed", Globs::MAX)
            }
        }
    }
}

impl std::error::Error for GlobError {}

impl Glob {
    /// The longest pattern in bytes.
    pub const MAX_LEN: usize = 4096;

    /// A pattern that fits this text and no other.
    pub fn literal(text: &str) -> Result<Self, GlobError> {
        text.replace('\\', "\\\\").replace('*', "\\*").parse()
    }

    /// Whether the whole of `text` fits. Takes time linear in text and pattern: nothing is looked at twice.
    pub fn matches(&self, text: &str) -> bool {
        self.matches_with(text, |rest, piece| rest.find(piece))
    }

    fn matches_with(&self, text: &str, mut find: impl FnMut(&str, &str) -> Option<usize>) -> bool {
        let Some((first, pieces)) = self.pieces.split_first() else { return false };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else { return false };
        let Some((last, pieces)) = pieces.split_last() else { return rest.is_empty() };
        for piece in pieces {
            // The leftmost place leaves most to the pieces behind it, so there is no need to come back.
            let Some(at) = find(rest, piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last.as_str())
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        match text.len() {
            0 => return Err(GlobError::Empty),
            bytes if bytes > Self::MAX_LEN => return Err(GlobError::TooLong { bytes }),
            _ => {}
        }
        let mut pieces = vec![String::new()];
        let mut chars = text.chars().peekable();
        while let Some(char) = chars.next() {
            let escaped = (char == '\\').then(|| chars.next_if(|next| matches!(next, '*' | '\\'))).flatten();
            match (char, pieces.as_mut_slice()) {
                // A star beside a star says nothing new.
                ('*', [_, .., last]) if last.is_empty() => {}
                ('*', _) => pieces.push(String::new()),
                (char, [.., last]) => last.push(escaped.unwrap_or(char)),
                (_, []) => {}
            }
        }
        Ok(Glob { text: text.to_owned(), pieces })
    }
}

/// Patterns of which a text must fit one; without any, everything fits.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Globs(Vec<Glob>);

impl Globs {
    /// The most patterns in one list.
    pub const MAX: usize = 64;

    /// Reads a list of patterns.
    pub fn parse<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Result<Self, GlobError> {
        let mut globs: Vec<Glob> = Vec::new();
        for text in texts {
            globs.push(text.as_ref().parse()?);
        }
        let count = globs.len();
        if count <= Self::MAX { Ok(Globs(globs)) } else { Err(GlobError::TooMany { count }) }
    }

    /// Whether there is no pattern, so that everything fits.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a text fits.
    pub fn admit(&self, text: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|glob| glob.matches(text))
    }

    /// The patterns.
    pub fn iter(&self) -> impl Iterator<Item = &Glob> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, yes, no) in [
            ("task.*", &["task.started", "task."][..], &["task", "unit.task.x"][..]),
            ("*", &["", "anything"], &[]),
            ("a*b*a", &["aba", "axbxa", "abba"], &["ab", "aba x", "a"]),
            ("exact", &["exact"], &["exactly", "inexact"]),
            ("*.failed", &["unit.failed"], &["failed", "unit.failed.x"]),
            ("a**c", &["ac", "abc"], &["a"]),
            ("aa*aa", &["aaaa", "aaxaa"], &["aaa"]),
            ("a\\*b", &["a*b"], &["ab", "axb", "a\\*b"]),
            ("a\\\\*", &["a\\", "a\\b"], &["a*", "a"]),
            ("a\\b\\", &["a\\b\\"], &["ab", "a\\b"]),
            ("\\**", &["*", "*x"], &["", "x"]),
        ] {
            let parsed: Glob = glob.parse().unwrap();
            assert_eq!(parsed.as_str(), glob);
            for text in yes {
                assert!(parsed.matches(text), "{glob:?} {text}");
            }
            for text in no {
                assert!(!parsed.matches(text), "{glob:?} {text}");
            }
        }
    }

    #[test]
    fn a_literal_fits_itself_alone() {
        for text in ["a", "*", "\\", "\\*", "*\\", "a*b\\c", "**", "\\\\*"] {
            let glob = Glob::literal(text).unwrap();
            for other in ["a", "*", "\\", "\\*", "*\\", "a*b\\c", "axb\\c", "**", "\\\\*", "", "x"] {
                assert_eq!(glob.matches(other), text == other, "{text} {other}");
            }
        }
    }

    /// What breaks matchers that come back and try again: they need more steps than there are atoms.
    #[test]
    fn nothing_is_looked_at_twice() {
        let stars = "a*".repeat(500) + "b";
        for (glob, text) in [(stars.as_str(), "a".repeat(100_000)), ("*ab*ab*ab*x", "ab".repeat(50_000))] {
            let glob: Glob = glob.parse().unwrap();
            let (mut looked, mut calls) = (0, 0);
            let matches = glob.matches_with(&text, |rest, piece| {
                let found = rest.find(piece);
                looked += found.map_or(rest.len(), |at| at + piece.len());
                calls += 1;
                found
            });
            assert!(!matches && !glob.matches(&text));
            assert!(looked <= text.len() && calls <= glob.pieces.len(), "{looked} bytes, {calls} calls");
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        assert_eq!("".parse::<Glob>(), Err(GlobError::Empty));
        let long = "x".repeat(4097);
        let error = Globs::parse(["a", &long]).unwrap_err();
        assert_eq!(error.to_string(), "a pattern of 4097 bytes is too long, at most 4096 are allowed");
        let error = Globs::parse(vec!["a"; 65]).unwrap_err();
        assert_eq!(error.to_string(), "65 patterns are too many, at most 64 are allowed");
        assert!(Globs::parse(vec!["a"; 64]).is_ok_and(|globs| globs.admit("a") && !globs.admit("b")));
        assert!(Globs::default().admit("anything"));
    }
}
