//! Plans in few words, for tests.

use std::path::Path;

use super::error::Place;
use super::unit::{Plan, Task, Unit};

/// A plan of (id, dependencies, tasks), numbered from 1.
pub(crate) fn plan(units: &[(&str, &[&str], Vec<Task>)]) -> Plan {
    let place = Place::file(Path::new("test.toml"));
    let units = units.iter().map(|(id, depends_on, tasks)| Unit {
        id: (*id).to_owned(),
        label: None,
        depends_on: depends_on.iter().map(|id| (*id).to_owned()).collect(),
        tasks: (1..).zip(tasks).map(|(number, task)| Task { number, ..task.clone() }).collect(),
        place: place.clone(),
    });
    Plan::build(units.collect(), place, Vec::new()).unwrap()
}

/// A task with only work to do.
pub(crate) fn task(work: &str) -> Task {
    Task { name: work.to_owned(), work: Some(work.to_owned()), ..Task::default() }
}
