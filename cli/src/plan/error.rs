//! Why a plan cannot be run, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The longest id of a unit: ids become labels on a page and columns in a terminal.
pub(super) const MAX_ID_BYTES: usize = 200;

/// A file, and the line in it that is to blame where one is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    file: PathBuf,
    line: Option<usize>,
}

impl Place {
    /// The file as a whole.
    pub(crate) fn file(path: &Path) -> Self {
        Self { file: path.to_path_buf(), line: None }
    }

    /// One line of it, counted from 1.
    pub(crate) fn line(path: &Path, line: usize) -> Self {
        Self { file: path.to_path_buf(), line: Some(line) }
    }

    /// The line on which byte `offset` of `text` lies.
    pub(super) fn at(path: &Path, text: &str, offset: usize) -> Self {
        let before = text.as_bytes().iter().take(offset);
        Self::line(path, 1 + before.filter(|byte| **byte == b'\n').count())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        self.line.map_or(Ok(()), |line| write!(f, ":{line}"))
    }
}

/// A plan that cannot be run. `Display` names the thing and the place; [`PlanError::hint`] the remedy.
#[derive(Debug)]
pub(crate) struct PlanError {
    kind: PlanErrorKind,
    place: Place,
}

/// What is wrong. The author of the plan is at fault, except for [`PlanErrorKind::Unreadable`].
#[derive(Debug)]
pub(crate) enum PlanErrorKind {
    /// The system would not give us the file.
    Unreadable(io::Error),
    /// Neither a `.toml` file nor a directory.
    WrongKind,
    /// `--exec` only has a meaning where specs describe the work.
    ExecWithToml,
    /// Not a single unit.
    Empty,
    /// A directory without `<unit>/IMPLEMENTATION_PLAN.md`, but with one that has it.
    Nested { inner: PathBuf },
    /// The file does not parse, or says something of the wrong shape.
    Syntax(String),
    /// A spec that does not begin with `---`, or whose front matter does not end.
    NoFrontMatter,
    /// An id that is empty, padded, too long or has control characters.
    BadId { id: String },
    /// Two units of one name.
    Duplicate { unit: String, first: String },
    /// A dependency on a unit that is not there.
    Unknown { unit: String, dependency: String },
    /// Units that wait for each other.
    Cycle { ids: Vec<String> },
    /// Two tasks of one number in a unit.
    DuplicateTask { unit: String, number: u32 },
    /// A dependency on a task that is not in the unit.
    UnknownTask { unit: String, task: u32, dependency: u32 },
    /// Tasks of a unit that wait for each other.
    TaskCycle { unit: String, tasks: Vec<u32> },
    /// A task with neither work nor check.
    NothingToRun { unit: String, task: u32 },
}

impl PlanError {
    pub(super) fn new(kind: PlanErrorKind, place: Place) -> Self {
        Self { kind, place }
    }

    pub(super) fn unreadable(path: &Path, source: io::Error) -> Self {
        Self::new(PlanErrorKind::Unreadable(source), Place::file(path))
    }

    /// What the reader can do about it, in one line.
    pub(crate) fn hint(&self) -> String {
        match &self.kind {
            PlanErrorKind::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => {
                "give the path of a plan.toml or of a directory of specs".into()
            }
            PlanErrorKind::Unreadable(_) => "check that the file is there and may be read".into(),
            PlanErrorKind::WrongKind => {
                "a plan is a .toml file, or a directory with <unit>/IMPLEMENTATION_PLAN.md in it".into()
            }
            PlanErrorKind::ExecWithToml => {
                "leave --exec out: a TOML plan says with `run` what each task does".into()
            }
            PlanErrorKind::Empty if self.place.is_toml() => {
                "add a [[unit]] with an id and a [[unit.task]] with a `run`".into()
            }
            PlanErrorKind::Empty => {
                "units are directories with an IMPLEMENTATION_PLAN.md, which begins with `---` and `unit: NAME`".into()
            }
            PlanErrorKind::Nested { inner } => format!("did you mean {}?", inner.display()),
            PlanErrorKind::Syntax(_) => "`choo run --help` shows both plan formats".into(),
            PlanErrorKind::NoFrontMatter => {
                "begin the file with a block of `key: value` lines between two `---` lines".into()
            }
            PlanErrorKind::BadId { .. } => {
                format!("use 1 to {MAX_ID_BYTES} bytes without control characters or blanks at the ends")
            }
            PlanErrorKind::Duplicate { .. } => "give one of them another id".into(),
            PlanErrorKind::Unknown { dependency, .. } if self.place.is_toml() => {
                format!("add a [[unit]] with id = \"{dependency}\", or take it out of depends_on")
            }
            PlanErrorKind::Unknown { dependency, .. } => {
                format!("add a directory for unit {dependency}, or take it out of depends_on")
            }
            PlanErrorKind::Cycle { .. } | PlanErrorKind::TaskCycle { .. } => {
                "take one of these dependencies out".into()
            }
            PlanErrorKind::DuplicateTask { .. } => "number the tasks of a unit 1, 2, 3, ...".into(),
            PlanErrorKind::UnknownTask { .. } => {
                "depends_on in a task lists numbers of tasks in the same unit".into()
            }
            PlanErrorKind::NothingToRun { .. } if self.place.is_toml() => "give the task a `run`".into(),
            PlanErrorKind::NothingToRun { .. } => {
                "add `backpressure: COMMAND` to the front matter, or run with --exec COMMAND".into()
            }
        }
    }
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            PlanErrorKind::Unreadable(error) if error.kind() == io::ErrorKind::NotFound => {
                write!(f, "no such file or directory")
            }
            PlanErrorKind::Unreadable(error) => write!(f, "cannot read the plan: {error}"),
            PlanErrorKind::WrongKind => write!(f, "not a plan"),
            PlanErrorKind::ExecWithToml => {
                write!(f, "--exec goes with a directory of specs, not with a TOML plan")
            }
            PlanErrorKind::Empty | PlanErrorKind::Nested { .. } => write!(f, "the plan has no units"),
            PlanErrorKind::Syntax(message) => write!(f, "{message}"),
            PlanErrorKind::NoFrontMatter => write!(f, "the spec has no front matter"),
            PlanErrorKind::BadId { id } => write!(f, "{id:?} cannot be the id of a unit"),
            PlanErrorKind::Duplicate { unit, first } => {
                write!(f, "unit {unit} is there twice, first in {first}")
            }
            PlanErrorKind::Unknown { unit, dependency } => {
                write!(f, "unit {unit} depends on {dependency}, which is not in the plan")
            }
            PlanErrorKind::Cycle { ids } => write!(f, "units wait for each other: {}", Chain(ids)),
            PlanErrorKind::DuplicateTask { unit, number } => {
                write!(f, "unit {unit} has two tasks numbered {number}")
            }
            PlanErrorKind::UnknownTask { unit, task, dependency } => {
                write!(
                    f,
                    "task {task} of unit {unit} depends on task {dependency}, which the unit does not have"
                )
            }
            PlanErrorKind::TaskCycle { unit, tasks } => {
                write!(f, "tasks of unit {unit} wait for each other: {}", Chain(tasks))
            }
            PlanErrorKind::NothingToRun { unit, task } => {
                write!(f, "task {task} of unit {unit} has nothing to run")
            }
        }?;
        write!(f, " ({})", self.place)
    }
}

impl std::error::Error for PlanError {}

impl Place {
    fn is_toml(&self) -> bool {
        self.file.extension().is_some_and(|ext| ext == "toml")
    }
}

/// A cycle as `a -> b -> a`.
struct Chain<'a, T>(&'a [T]);

impl<T: fmt::Display> fmt::Display for Chain<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for id in self.0 {
            write!(f, "{id} -> ")?;
        }
        self.0.first().map_or(Ok(()), |first| write!(f, "{first}"))
    }
}
