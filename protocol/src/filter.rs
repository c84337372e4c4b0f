//! Which lines a reader wants.

use std::fmt;
use std::str::FromStr;

use crate::{Line, RunId, kind};

/// A pattern in which `*` stands for any run of characters, also none: `task.*`, `*.failed`, `*`.
///
/// ```
/// use choo_protocol::Glob;
/// let glob: Glob = "task.*.ok".parse()?;
/// assert!(glob.matches("task.validation.ok"));
/// assert!(!glob.matches("task.started"));
/// # Ok::<(), choo_protocol::GlobError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glob(String);

/// The text is empty or longer than [`Glob::MAX_LEN`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GlobError;

impl fmt::Display for GlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a pattern has 1 to {} bytes", Glob::MAX_LEN)
    }
}

impl std::error::Error for GlobError {}

impl Glob {
    /// The longest pattern in bytes.
    pub const MAX_LEN: usize = 256;

    /// Whether the whole of `text` fits. Takes time linear in `text` for each star at most.
    pub fn matches(&self, text: &str) -> bool {
        let mut pieces = self.0.split('*');
        // `split` gives at least one piece.
        let first = pieces.next().unwrap_or_default();
        let Some(mut rest) = text.strip_prefix(first) else {
            return false;
        };
        let Some(last) = pieces.next_back() else {
            return rest.is_empty();
        };
        for piece in pieces {
            // The leftmost place leaves most to the pieces behind it.
            let Some(at) = rest.find(piece) else { return false };
            rest = &rest[at + piece.len()..];
        }
        rest.ends_with(last)
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Glob {
    type Err = GlobError;

    fn from_str(text: &str) -> Result<Self, GlobError> {
        if (1..=Self::MAX_LEN).contains(&text.len()) { Ok(Glob(text.to_owned())) } else { Err(GlobError) }
    }
}

/// What a reader asked for. Empty lists and no run mean everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Filter {
    /// Only this run.
    pub run: Option<RunId>,
    /// Only types that fit one of these.
    pub types: Vec<Glob>,
    /// Only units that fit one of these; then lines without a unit are left out.
    pub units: Vec<Glob>,
}

impl Filter {
    /// Everything.
    pub fn all() -> Self {
        Filter::default()
    }

    /// Whether a line of this type and unit (empty for none), of this run, passes. What says that
    /// something is missing passes every filter but that on the run (SPEC §3).
    pub fn admits(&self, kind: &str, unit: &str, run: Option<&str>) -> bool {
        if let (Some(wanted), Some(run)) = (&self.run, run)
            && wanted.as_str() != run
        {
            return false;
        }
        if kind == kind::LINK_LOST || kind == kind::HUB_GAP {
            return true;
        }
        let fits = |globs: &[Glob], text: &str| globs.is_empty() || globs.iter().any(|g| g.matches(text));
        fits(&self.types, kind) && (self.units.is_empty() || (!unit.is_empty() && fits(&self.units, unit)))
    }

    /// The same for a parsed line.
    pub fn admits_line(&self, line: &Line<'_>) -> bool {
        self.admits(&line.kind, &line.unit, line.run.as_deref())
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
        ] {
            let glob: Glob = glob.parse().unwrap();
            for text in yes {
                assert!(glob.matches(text), "{glob:?} {text}");
            }
            for text in no {
                assert!(!glob.matches(text), "{glob:?} {text}");
            }
        }
        assert_eq!("".parse::<Glob>(), Err(GlobError));
    }

    #[test]
    fn loss_passes_every_filter_but_the_runs() {
        let filter = Filter {
            run: Some("a".parse().unwrap()),
            types: vec!["task.*".parse().unwrap()],
            units: vec!["app".parse().unwrap()],
        };
        assert!(filter.admits("task.started", "app", Some("a")));
        assert!(!filter.admits("task.started", "", Some("a")));
        assert!(!filter.admits("unit.started", "app", Some("a")));
        assert!(!filter.admits("task.started", "app", Some("b")));
        assert!(filter.admits("link.lost", "", Some("a")));
        assert!(!filter.admits("link.lost", "", Some("b")));
        assert!(filter.admits("hub.gap", "", None));
    }
}
