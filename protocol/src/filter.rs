//! Which lines a reader wants.

mod glob;

use crate::reader::readable;
use crate::{Line, RunId, is_control, kind};

pub use glob::{Glob, GlobError, Globs};

/// What a reader asked for: a line must pass every part. Empty parts let everything pass.
///
/// Two kinds of lines are not asked for and pass all the same: what says that something is missing
/// (`link.lost`, `hub.gap`), and the other control lines (`hub.*`, `link.*`). Only those of another run
/// do not.
///
/// ```
/// use choo_protocol::{Filter, Globs};
/// let mut filter = Filter::all();
/// filter.types = Globs::parse(["task.*", "*.failed"])?;
/// assert!(filter.admits("unit.failed", "app", Some("demo")));
/// assert!(!filter.admits("unit.started", "app", Some("demo")));
/// assert!(filter.admits("link.lost", "", Some("demo")));
/// # Ok::<(), choo_protocol::GlobError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Filter {
    /// Only this run; a stream with it ends when the run does.
    pub run: Option<RunId>,
    /// Only runs that fit.
    pub runs: Globs,
    /// Only types that fit.
    pub types: Globs,
    /// Only units that fit; then lines without a unit are left out.
    pub units: Globs,
    /// Of the events about records in a task store (`task.created`, `task.updated`, `task.deleted`) only
    /// those whose repository fits, `*` for all (S3-12). Other events belong to no repository and are
    /// not affected; a record that names none has the empty one.
    pub repositories: Globs,
}

impl Filter {
    /// Everything.
    pub fn all() -> Self {
        Filter::default()
    }

    /// Whether a line of this type and unit (empty for none), of this run, passes, its repository aside:
    /// see [`Filter::needs_payload`].
    pub fn admits(&self, kind: &str, unit: &str, run: Option<&str>) -> bool {
        if run.is_some_and(|run| !self.admits_run(run)) {
            return false;
        }
        if kind == kind::LINK_LOST || is_control(kind) {
            return true;
        }
        self.types.admit(kind) && (self.units.is_empty() || (!unit.is_empty() && self.units.admit(unit)))
    }

    /// Whether lines of this run may pass.
    pub fn admits_run(&self, run: &str) -> bool {
        self.run.as_ref().is_none_or(|wanted| wanted.as_str() == run) && self.runs.admit(run)
    }

    /// Whether lines of this type have to be asked about with [`Filter::admits_line`], as the envelope
    /// alone does not tell.
    pub fn needs_payload(&self, kind: &str) -> bool {
        let record = matches!(kind, kind::TASK_CREATED | kind::TASK_UPDATED | kind::TASK_DELETED);
        record && !self.repositories.is_empty()
    }

    /// Whether a line passes.
    pub fn admits_line(&self, line: &Line<'_>) -> bool {
        if !self.admits(&line.kind, &line.unit, line.run.as_deref()) {
            return false;
        }
        if !self.needs_payload(&line.kind) {
            return true;
        }
        let record: Record = line.read().and_then(Result::ok).unwrap_or_default();
        self.repositories.admit(&record.repository)
    }
}

/// The one member of a [`TaskRecord`](crate::TaskRecord) that decides.
#[derive(Debug, Default)]
struct Record {
    repository: String,
}

readable!(Record { ; repository });

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn globs(texts: &[&str]) -> Globs {
        Globs::parse(texts).unwrap()
    }

    #[test]
    fn loss_passes_every_filter_but_the_runs() {
        let filter = Filter {
            run: Some("a".parse().unwrap()),
            types: globs(&["task.*"]),
            units: globs(&["app"]),
            ..Filter::all()
        };
        assert!(filter.admits("task.started", "app", Some("a")));
        assert!(!filter.admits("task.started", "", Some("a")));
        assert!(!filter.admits("unit.started", "app", Some("a")));
        assert!(!filter.admits("task.started", "app", Some("b")));
        for told in ["link.lost", "hub.gap", "hub.error", "hub.of_the_future"] {
            assert!(filter.admits(told, "", Some("a")) && filter.admits(told, "", None), "S3-11: {told}");
            assert!(!filter.admits(told, "", Some("b")), "{told}");
        }
    }

    #[test]
    fn runs_are_chosen_by_name_or_by_pattern() {
        let filter = Filter { runs: globs(&["nightly-*", "demo"]), ..Filter::all() };
        for (run, wanted) in [("nightly-1", true), ("demo", true), ("demo-2", false)] {
            assert_eq!(filter.admits_run(run), wanted, "{run}");
            assert_eq!(filter.admits("unit.started", "a", Some(run)), wanted, "{run}");
        }
    }

    #[test]
    fn s3_12_records_are_chosen_by_repository() {
        let of = |repositories: &[&str], line: &str| {
            let filter = Filter { repositories: globs(repositories), ..Filter::all() };
            filter.admits_line(&Line::parse(line.as_bytes(), &Limits::default()).unwrap())
        };
        let created = r#"{"type":"task.created","payload":{"task_id":"1","repository":"o/r"}}"#;
        for (repositories, passes) in
            [(&["o/r"][..], true), (&["o/*"], true), (&["*"], true), (&[], true), (&["o/x", "r"], false)]
        {
            assert_eq!(of(repositories, created), passes, "{repositories:?}");
        }
        for nameless in
            [r#"{"type":"task.deleted"}"#, r#"{"type":"task.updated","payload":{"repository":5}}"#]
        {
            assert!(of(&["*"], nameless) && !of(&["o/r"], nameless));
        }
        assert!(of(&["o/x"], r#"{"type":"task.started","unit":"a","task":1}"#), "no record");
        assert!(of(&["o/x"], r#"{"type":"link.lost","payload":{"from":1,"to":1}}"#));
    }
}
