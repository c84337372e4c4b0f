//! A plan in one TOML file.
//!
//! ```toml
//! [env]                       # for every task
//! CARGO_TERM_COLOR = "always"
//!
//! [[unit]]
//! id = "tests"
//! depends_on = ["format"]
//!
//! [[unit.task]]
//! name = "unit tests"
//! run = "cargo test"
//! retries = 1                 # attempts after the first
//! timeout = "10m"
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use super::error::{Place, PlanError, PlanErrorKind};
use super::unit::{Plan, Task, Unit};
use super::{LoadOptions, duration};

/// Reads and checks the file at `path`.
pub(super) fn load(path: &Path, options: &LoadOptions) -> Result<Plan, PlanError> {
    let text = std::fs::read_to_string(path).map_err(|source| PlanError::unreadable(path, source))?;
    parse(path, &text, options)
}

fn parse(path: &Path, text: &str, options: &LoadOptions) -> Result<Plan, PlanError> {
    let file: PlanFile = toml::from_str(text).map_err(|error| {
        let place = error.span().map_or_else(|| Place::file(path), |span| Place::at(path, text, span.start));
        // The library shows the source below its message; one line is enough beside the place.
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        PlanError::new(PlanErrorKind::Syntax(message), place)
    })?;
    let reader = Reader { path, text, options, env: &file.env };
    let units = file.unit.into_iter().map(|unit| reader.unit(unit)).collect::<Result<Vec<_>, _>>()?;
    Plan::build(units, Place::file(path), Vec::new())
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    options: &'a LoadOptions,
    env: &'a BTreeMap<String, String>,
}

impl Reader<'_> {
    fn unit(&self, unit: UnitTable) -> Result<Unit, PlanError> {
        let place = self.at(&unit.id);
        let id = unit.id.into_inner();
        let tasks = (1..)
            .zip(unit.task)
            .map(|(number, task)| self.task(&id, number, task))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Unit { id, label: unit.label, depends_on: unit.depends_on, tasks, place })
    }

    fn task(&self, unit: &str, number: u32, task: Spanned<TaskTable>) -> Result<Task, PlanError> {
        let place = self.at(&task);
        let task = task.into_inner();
        if is_blank(task.run.as_ref()) && is_blank(task.backpressure.as_ref()) {
            let kind = PlanErrorKind::NothingToRun { unit: unit.to_owned(), task: number };
            return Err(PlanError::new(kind, place));
        }
        let timeout = task
            .timeout
            .map(|text| {
                duration::parse(text.get_ref())
                    .map_err(|message| PlanError::new(PlanErrorKind::Syntax(message), self.at(&text)))
            })
            .transpose()?;
        let command = task.run.as_ref().or(task.backpressure.as_ref());
        let name =
            task.name.or_else(|| command.and_then(|text| text.trim().lines().next().map(str::to_owned)));
        let mut env = self.env.clone();
        env.extend(task.env);
        Ok(Task {
            number,
            name: name.unwrap_or_default(),
            done: false,
            work: task.run,
            check: task.backpressure,
            retries: task.retries.unwrap_or(self.options.retries),
            timeout,
            dir: task.dir,
            env: env.into_iter().collect(),
            file: None,
        })
    }

    fn at<T>(&self, value: &Spanned<T>) -> Place {
        Place::at(self.path, self.text, value.span().start)
    }
}

fn is_blank(command: Option<&String>) -> bool {
    command.is_none_or(|text| text.trim().is_empty())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlanFile {
    #[serde(default)]
    env: BTreeMap<String, String>,
    #[serde(default)]
    unit: Vec<UnitTable>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UnitTable {
    id: Spanned<String>,
    label: Option<String>,
    #[serde(default)]
    depends_on: Vec<String>,
    #[serde(default)]
    task: Vec<Spanned<TaskTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskTable {
    name: Option<String>,
    run: Option<String>,
    backpressure: Option<String>,
    retries: Option<u32>,
    timeout: Option<Spanned<String>>,
    dir: Option<PathBuf>,
    #[serde(default)]
    env: BTreeMap<String, String>,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn plan(text: &str) -> Result<Plan, PlanError> {
        parse(Path::new("plan.toml"), text, &LoadOptions { exec: None, retries: 2 })
    }

    fn error(text: &str) -> (String, String) {
        let error = plan(text).unwrap_err();
        (error.to_string(), error.hint())
    }

    #[test]
    fn every_key_is_read() {
        let plan = plan(
            r#"
            [env]
            A = "plan"
            B = "plan"
            [[unit]]
            id = "one"
            label = "The first"
            [[unit.task]]
            name = "build"
            run = "make"
            backpressure = "make check"
            retries = 1
            timeout = "90s"
            dir = "sub"
            env = { B = "task" }
            [[unit]]
            id = "two"
            depends_on = ["one"]
            [[unit.task]]
            run = "make install"
            "#,
        )
        .unwrap();
        let task = &plan.units[0].tasks[0];
        assert_eq!(plan.units[0].label.as_deref(), Some("The first"));
        assert_eq!((task.number, task.name.as_str(), task.retries), (1, "build", 1));
        assert_eq!(task.timeout, Some(Duration::from_secs(90)));
        assert_eq!(task.check.as_deref(), Some("make check"));
        assert_eq!(task.dir.as_deref(), Some(Path::new("sub")));
        assert_eq!(task.env, [("A".into(), "plan".into()), ("B".into(), "task".into())]);
        assert_eq!(plan.graph.levels, [vec!["one".to_owned()], vec!["two".to_owned()]]);
        assert_eq!(plan.graph.nodes[0].label.as_deref(), Some("The first"));
        let second = &plan.units[1].tasks[0];
        assert_eq!((second.name.as_str(), second.retries), ("make install", 2), "defaults");
    }

    #[test]
    fn a_unit_without_tasks_joins_others() {
        let plan = plan("[[unit]]\nid = \"all\"\n").unwrap();
        assert!(plan.units[0].tasks.is_empty());
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let (message, _) = error("[[unit]]\nid = \"a\"\ndepend_on = []\n");
        assert!(message.contains("depend_on") && message.contains("plan.toml:3"), "{message}");
    }

    #[test]
    fn broken_toml_is_named_with_its_line() {
        let (message, hint) = error("[[unit]]\nid = \"a\n");
        assert!(message.ends_with("(plan.toml:2)"), "{message}");
        assert!(!message.contains('\n') && hint.contains("choo run --help"), "{message} {hint}");
    }

    #[test]
    fn an_empty_plan_is_refused() {
        let (message, hint) = error("");
        assert_eq!(message, "the plan has no units (plan.toml)");
        assert!(hint.contains("[[unit]]"), "{hint}");
    }

    #[test]
    fn a_cycle_names_its_units() {
        let (message, _) = error(
            "[[unit]]\nid = \"a\"\ndepends_on = [\"b\"]\n[[unit]]\nid = \"b\"\ndepends_on = [\"a\"]\n[[unit]]\nid = \"c\"\n",
        );
        assert!(message.contains("a -> b -> a") || message.contains("b -> a -> b"), "{message}");
    }

    #[test]
    fn an_unknown_dependency_names_both_units() {
        let (message, hint) = error("[[unit]]\nid = \"a\"\ndepends_on = [\"ghost\"]\n");
        assert_eq!(message, "unit a depends on ghost, which is not in the plan (plan.toml:2)");
        assert!(hint.contains("id = \"ghost\""), "{hint}");
    }

    #[test]
    fn a_duplicate_names_both_lines() {
        let (message, _) = error("[[unit]]\nid = \"a\"\n\n[[unit]]\nid = \"a\"\n");
        assert_eq!(message, "unit a is there twice, first in plan.toml:2 (plan.toml:5)");
    }

    #[test]
    fn a_task_without_a_command_is_refused() {
        let (message, hint) = error("[[unit]]\nid = \"a\"\n[[unit.task]]\nname = \"x\"\nrun = \" \"\n");
        assert_eq!(message, "task 1 of unit a has nothing to run (plan.toml:3)");
        assert_eq!(hint, "give the task a `run`");
    }

    #[test]
    fn a_bad_id_and_a_bad_timeout_are_refused() {
        assert!(error("[[unit]]\nid = \"\"\n").0.contains("cannot be the id"));
        assert!(error("[[unit]]\nid = \"a\\nb\"\n").0.contains("cannot be the id"));
        let (message, _) = error("[[unit]]\nid = \"a\"\n[[unit.task]]\nrun = \"x\"\ntimeout = \"soon\"\n");
        assert!(message.contains("\"soon\" is not a duration") && message.ends_with(":5)"), "{message}");
    }
}
