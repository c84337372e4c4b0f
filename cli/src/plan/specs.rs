//! A plan in the original layout: a directory of specs.
//!
//! ```text
//! specs/
//!   parser/                     a unit
//!     IMPLEMENTATION_PLAN.md    front matter: unit, depends_on
//!     01-lexer.md               front matter: task, status, backpressure, depends_on; also retries, timeout
//!     02-grammar.md
//! ```
//!
//! Other files and directories are left alone, and so are keys that other tools keep in the front matter; a
//! key that nobody knows is worth a warning, since it may be a slip of the pen.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::error::{Place, PlanError, PlanErrorKind};
use super::front_matter::Spec;
use super::unit::{Plan, Task, Unit};
use super::{LoadOptions, duration};

/// Reads and checks the directory at `root`.
pub(super) fn load(root: &Path, options: &LoadOptions) -> Result<Plan, PlanError> {
    let mut loader = Loader { options, warnings: Vec::new() };
    let mut units = Vec::new();
    for dir in directories(root)? {
        if dir.join(UNIT_FILE).is_file() {
            units.push(loader.unit(&dir)?);
        }
    }
    if units.is_empty()
        && let Some(inner) = nested(root)?
    {
        return Err(PlanError::new(PlanErrorKind::Nested { inner }, Place::file(root)));
    }
    Plan::build(units, Place::file(root), loader.warnings)
}

struct Loader<'a> {
    options: &'a LoadOptions,
    warnings: Vec<String>,
}

impl Loader<'_> {
    fn unit(&mut self, dir: &Path) -> Result<Unit, PlanError> {
        let path = dir.join(UNIT_FILE);
        let text = read(&path)?;
        let spec = split(&path, &text)?;
        let keys: UnitKeys = spec.read(&path)?;
        self.warn_unknown(&path, &keys.rest);
        let dir_name = dir.file_name().map(|name| name.to_string_lossy().into_owned());
        let id = keys.unit.or(dir_name).unwrap_or_default();
        let tasks = self.tasks(dir, &id)?;
        if tasks.is_empty() {
            self.warnings.push(format!("unit {id} has no tasks: no NN-name.md in {}", dir.display()));
        }
        Ok(Unit {
            label: spec.title().filter(|title| *title != id).map(str::to_owned),
            id,
            depends_on: keys.depends_on.unwrap_or_default(),
            tasks,
            place: Place::file(&path),
        })
    }

    fn tasks(&mut self, dir: &Path, unit: &str) -> Result<Vec<Task>, PlanError> {
        let mut found = Vec::new();
        for (number, path) in task_files(dir)? {
            found.push(self.task(unit, number, &path)?);
        }
        found.sort_by_key(|(task, _)| task.number);
        if let Some([_, (twin, _)]) = found.array_windows().find(|[a, b]| a.0.number == b.0.number) {
            let kind = PlanErrorKind::DuplicateTask { unit: unit.to_owned(), number: twin.number };
            let file = twin.file.as_deref().unwrap_or(dir);
            return Err(PlanError::new(kind, Place::file(file)));
        }
        in_order(unit, found)
    }

    /// The task of one spec, and the numbers of the tasks it waits for.
    fn task(&mut self, unit: &str, from_name: u32, path: &Path) -> Result<(Task, Vec<u32>), PlanError> {
        let text = read(path)?;
        let spec = split(path, &text)?;
        let keys: TaskKeys = spec.read(path)?;
        self.warn_unknown(path, &keys.rest);
        let number = keys.task.unwrap_or(from_name);
        let check = keys.backpressure.filter(|command| !command.trim().is_empty());
        let done = keys.status == Some(Status::Complete);
        if !done && check.is_none() && self.options.exec.is_none() {
            let kind = PlanErrorKind::NothingToRun { unit: unit.to_owned(), task: number };
            return Err(PlanError::new(kind, Place::file(path)));
        }
        let timeout = keys.timeout.as_deref().map(duration::parse).transpose();
        let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let task = Task {
            number,
            name: spec.title().map_or(stem, str::to_owned),
            done,
            work: self.options.exec.clone(),
            check,
            retries: keys.retries.unwrap_or(self.options.retries),
            timeout: timeout
                .map_err(|message| PlanError::new(PlanErrorKind::Syntax(message), Place::file(path)))?,
            dir: None,
            env: Vec::new(),
            file: Some(path.to_path_buf()),
        };
        Ok((task, keys.depends_on.unwrap_or_default()))
    }

    fn warn_unknown(&mut self, path: &Path, rest: &BTreeMap<String, Value>) {
        let unknown = rest.keys().filter(|key| !key.starts_with(OTHER_TOOL_KEYS));
        self.warnings.extend(unknown.map(|key| format!("key `{key}` is not known ({})", path.display())));
    }
}

/// Tasks by number, each after those it waits for.
fn in_order(unit: &str, found: Vec<(Task, Vec<u32>)>) -> Result<Vec<Task>, PlanError> {
    let numbers: Vec<u32> = found.iter().map(|(task, _)| task.number).collect();
    for (task, waits_for) in &found {
        if let Some(dependency) = waits_for.iter().find(|number| !numbers.contains(number)) {
            let kind = PlanErrorKind::UnknownTask {
                unit: unit.to_owned(),
                task: task.number,
                dependency: *dependency,
            };
            return Err(PlanError::new(kind, place_of(task)));
        }
    }
    let mut waiting = found;
    let mut ordered: Vec<Task> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let met = |number: &u32| ordered.iter().any(|task| task.number == *number);
        let Some(next) = waiting.iter().position(|(_, waits_for)| waits_for.iter().all(met)) else {
            let tasks = waiting.iter().map(|(task, _)| task.number).collect();
            let kind = PlanErrorKind::TaskCycle { unit: unit.to_owned(), tasks };
            return Err(PlanError::new(kind, place_of(&waiting[0].0)));
        };
        ordered.push(waiting.remove(next).0);
    }
    Ok(ordered)
}

fn place_of(task: &Task) -> Place {
    Place::file(task.file.as_deref().unwrap_or(Path::new("")))
}

fn split<'a>(path: &Path, text: &'a str) -> Result<Spec<'a>, PlanError> {
    Spec::split(text).ok_or_else(|| PlanError::new(PlanErrorKind::NoFrontMatter, Place::file(path)))
}

fn read(path: &Path) -> Result<String, PlanError> {
    std::fs::read_to_string(path).map_err(|source| PlanError::unreadable(path, source))
}

/// Directories right below `root` by name, hidden ones aside.
fn directories(root: &Path) -> Result<Vec<PathBuf>, PlanError> {
    Ok(entries(root)?.into_iter().filter(|path| path.is_dir() && !is_hidden(path)).collect())
}

/// Specs of tasks: `NN-name.md`, with the number.
fn task_files(dir: &Path) -> Result<Vec<(u32, PathBuf)>, PlanError> {
    let numbered = |path: PathBuf| {
        let name = path.file_name()?.to_str()?;
        let (number, _) = name.strip_suffix(".md")?.split_once('-')?;
        let number = number.parse().ok().filter(|_| path.is_file())?;
        Some((number, path))
    };
    Ok(entries(dir)?.into_iter().filter_map(numbered).collect())
}

fn entries(dir: &Path) -> Result<Vec<PathBuf>, PlanError> {
    let unreadable = |source| PlanError::unreadable(dir, source);
    let mut paths = std::fs::read_dir(dir)
        .map_err(unreadable)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<Vec<_>, _>>()
        .map_err(unreadable)?;
    paths.sort();
    Ok(paths)
}

fn is_hidden(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

/// What the caller may have meant: `root` itself if it is a unit, or the directory below it that holds units.
fn nested(root: &Path) -> Result<Option<PathBuf>, PlanError> {
    if root.join(UNIT_FILE).is_file() {
        let parent = root.parent().filter(|parent| !parent.as_os_str().is_empty());
        return Ok(Some(parent.map_or_else(|| PathBuf::from("."), Path::to_path_buf)));
    }
    for dir in directories(root)? {
        // Somebody else's directory that cannot be read is no answer to the question.
        let units = directories(&dir).unwrap_or_default();
        if units.iter().any(|unit| unit.join(UNIT_FILE).is_file()) {
            return Ok(Some(dir));
        }
    }
    Ok(None)
}

/// Front matter of a unit.
#[derive(Deserialize)]
struct UnitKeys {
    unit: Option<String>,
    depends_on: Option<Vec<String>>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Front matter of a task.
#[derive(Deserialize)]
struct TaskKeys {
    task: Option<u32>,
    status: Option<Status>,
    backpressure: Option<String>,
    depends_on: Option<Vec<u32>>,
    retries: Option<u32>,
    timeout: Option<String>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// How far the original tool got with a task. Only `complete` changes what is run.
#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "snake_case")]
enum Status {
    Pending,
    InProgress,
    Complete,
    Failed,
}

/// Makes a directory a unit.
const UNIT_FILE: &str = "IMPLEMENTATION_PLAN.md";

/// The original tool keeps its own notes under keys that begin so.
const OTHER_TOOL_KEYS: &str = "orch_";

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of specs, written out.
    struct Specs(tempfile::TempDir);

    impl Specs {
        fn new(files: &[(&str, &str)]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = dir.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Self(dir)
        }

        fn load(&self, exec: Option<&str>) -> Result<Plan, PlanError> {
            load(self.0.path(), &LoadOptions { exec: exec.map(str::to_owned), retries: 0 })
        }

        fn error(&self) -> (String, String) {
            let error = self.load(None).unwrap_err();
            let root = format!("{}/", self.0.path().display());
            (error.to_string().replace(&root, ""), error.hint().replace(&root, ""))
        }
    }

    const UNIT: &str = "---\nunit: parser\ndepends_on: []\n---\n# Parser\n";

    #[test]
    fn units_and_tasks_are_read_with_their_keys() {
        let specs = Specs::new(&[
            ("parser/IMPLEMENTATION_PLAN.md", UNIT),
            (
                "parser/02-grammar.md",
                "---\ntask: 2\nstatus: pending\nbackpressure: \"make g\"\ndepends_on: [1]\n---\n# Grammar\n",
            ),
            ("parser/01-lexer.md", "---\ntask: 1\nstatus: complete\nbackpressure: make l\n---\n# Lexer\n"),
            ("parser/notes.md", "not a spec"),
            ("cli/IMPLEMENTATION_PLAN.md", "---\nunit: cli\ndepends_on:\n  - parser\n---\n"),
            ("cli/01-main.md", "---\ntask: 1\nretries: 3\ntimeout: 5m\nbackpressure: make m\n---\n"),
            ("docs/readme.md", "no unit"),
            (".git/IMPLEMENTATION_PLAN.md", "hidden"),
        ]);
        let plan = specs.load(Some("agent")).unwrap();
        let ids: Vec<&str> = plan.units.iter().map(|unit| unit.id.as_str()).collect();
        assert_eq!(ids, ["cli", "parser"]);
        assert_eq!(plan.graph.levels, [vec!["parser".to_owned()], vec!["cli".to_owned()]]);
        let parser = &plan.units[1];
        assert_eq!(parser.label.as_deref(), Some("Parser"));
        assert!(parser.tasks[0].done && !parser.tasks[1].done);
        assert_eq!(parser.done_count(), 1);
        assert_eq!(parser.tasks[1].name, "Grammar");
        assert_eq!(parser.tasks[1].work.as_deref(), Some("agent"));
        assert_eq!(parser.tasks[1].check.as_deref(), Some("make g"));
        assert!(parser.tasks[1].file.as_ref().unwrap().ends_with("parser/02-grammar.md"));
        let main = &plan.units[0].tasks[0];
        assert_eq!((main.name.as_str(), main.retries), ("01-main", 3));
        assert_eq!(main.timeout, Some(std::time::Duration::from_mins(5)));
        assert!(plan.warnings.is_empty(), "{:?}", plan.warnings);
    }

    #[test]
    fn tasks_run_after_those_they_wait_for() {
        let specs = Specs::new(&[
            ("parser/IMPLEMENTATION_PLAN.md", UNIT),
            ("parser/01-a.md", "---\ntask: 1\nbackpressure: x\ndepends_on: [3]\n---\n"),
            ("parser/02-b.md", "---\ntask: 2\nbackpressure: x\n---\n"),
            ("parser/03-c.md", "---\ntask: 3\nbackpressure: x\ndepends_on: [2]\n---\n"),
        ]);
        let plan = specs.load(None).unwrap();
        let order: Vec<u32> = plan.units[0].tasks.iter().map(|task| task.number).collect();
        assert_eq!(order, [2, 3, 1]);
    }

    #[test]
    fn unknown_keys_warn_and_other_tools_keys_do_not() {
        let specs = Specs::new(&[(
            "parser/IMPLEMENTATION_PLAN.md",
            "---\nunit: parser\ndependson: [x]\norch_status: pending\n---\n",
        )]);
        let plan = specs.load(None).unwrap();
        assert_eq!(plan.warnings.len(), 2, "{:?}", plan.warnings);
        assert!(plan.warnings[0].starts_with("key `dependson` is not known"), "{:?}", plan.warnings);
        assert!(plan.warnings[1].starts_with("unit parser has no tasks"), "{:?}", plan.warnings);
    }

    #[test]
    fn a_task_needs_a_command_unless_it_is_complete() {
        let specs = Specs::new(&[
            ("parser/IMPLEMENTATION_PLAN.md", UNIT),
            ("parser/01-a.md", "---\ntask: 1\nstatus: complete\n---\n"),
            ("parser/02-b.md", "---\ntask: 2\n---\n"),
        ]);
        let (message, hint) = specs.error();
        assert_eq!(message, "task 2 of unit parser has nothing to run (parser/02-b.md)");
        assert!(hint.contains("backpressure") && hint.contains("--exec"), "{hint}");
        assert!(specs.load(Some("agent")).is_ok());
    }

    #[test]
    fn wrong_specs_name_the_file() {
        let unit = ("parser/IMPLEMENTATION_PLAN.md", UNIT);
        let cases: &[(&str, &str)] = &[
            ("# no front matter\n", "the spec has no front matter (parser/01-a.md)"),
            ("---\ntask: one\n---\n", "(parser/01-a.md:2)"),
            ("---\ntask: 1\nstatus: maybe\nbackpressure: x\n---\n", "(parser/01-a.md:3)"),
            ("---\ntask: 1\ntimeout: soon\nbackpressure: x\n---\n", "\"soon\" is not a duration"),
            (
                "---\ntask: 1\ndepends_on: [7]\nbackpressure: x\n---\n",
                "task 1 of unit parser depends on task 7",
            ),
            ("---\ntask: 1\ndepends_on: [1]\nbackpressure: x\n---\n", "wait for each other: 1 -> 1"),
        ];
        for (text, expected) in cases {
            let (message, _) = Specs::new(&[unit, ("parser/01-a.md", text)]).error();
            assert!(message.contains(expected) && !message.contains('\n'), "{message}");
        }
        let twins = [
            unit,
            ("parser/01-a.md", "---\ntask: 1\nbackpressure: x\n---\n"),
            ("parser/02-b.md", "---\ntask: 1\nbackpressure: x\n---\n"),
        ];
        assert_eq!(Specs::new(&twins).error().0, "unit parser has two tasks numbered 1 (parser/02-b.md)");
    }

    #[test]
    fn the_wrong_directory_gets_the_right_one_as_a_hint() {
        let specs = Specs::new(&[("tasks/parser/IMPLEMENTATION_PLAN.md", UNIT)]);
        assert_eq!(specs.error().1, "did you mean tasks?");
        let inner = load(&specs.0.path().join("tasks/parser"), &LoadOptions::default()).unwrap_err();
        assert!(inner.hint().ends_with("/tasks?"), "{}", inner.hint());
        assert!(Specs::new(&[]).error().1.contains("IMPLEMENTATION_PLAN.md"));
    }
}
