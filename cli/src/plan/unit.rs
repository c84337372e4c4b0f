//! The plan itself, the same whichever file it came from.

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::Duration;

use choo_protocol::{GraphError, GraphPayload};

use super::error::{MAX_ID_BYTES, Place, PlanError, PlanErrorKind};

/// A checked plan: every dependency exists and there is no cycle.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// In the order of the file, or of the directory's names.
    pub units: Vec<Unit>,
    /// The units with their levels, as told to the hub.
    pub graph: GraphPayload,
    /// What was odd but not wrong; one sentence each, for stderr.
    pub warnings: Vec<String>,
}

/// Tasks that run one after the other, once every unit it depends on is complete.
#[derive(Debug, Clone)]
pub(crate) struct Unit {
    /// Unique in the plan, not empty.
    pub id: String,
    /// A title for people, where the plan gives one.
    pub label: Option<String>,
    /// Ids of units that must complete first.
    pub depends_on: Vec<String>,
    /// In the order they run. May be empty: such a unit only joins others.
    pub tasks: Vec<Task>,
    /// Where the plan speaks of it.
    pub place: Place,
}

/// One step of a unit: the work, then the check that it must pass. At least one of the two is there, unless
/// `done`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Task {
    /// As the plan numbers it, from 1; unique in its unit.
    pub number: u32,
    /// For people.
    pub name: String,
    /// Marked complete in the plan: not run again.
    pub done: bool,
    /// `sh -c` text that does the work.
    pub work: Option<String>,
    /// `sh -c` text that says whether the work is good (the *backpressure* of a spec).
    pub check: Option<String>,
    /// Attempts after the first.
    pub retries: u32,
    /// Bound on each of the two commands.
    pub timeout: Option<Duration>,
    /// Working directory, relative to the one `choo run` was started in, which is the default.
    pub dir: Option<PathBuf>,
    /// Added to the environment of both commands.
    pub env: Vec<(String, String)>,
    /// The spec that describes the task.
    pub file: Option<PathBuf>,
}

impl Plan {
    /// Checks ids and dependencies and works out the levels. `origin` is blamed for an empty plan.
    pub(super) fn build(units: Vec<Unit>, origin: Place, warnings: Vec<String>) -> Result<Plan, PlanError> {
        if units.is_empty() {
            return Err(PlanError::new(PlanErrorKind::Empty, origin));
        }
        let mut places: HashMap<&str, &Place> = HashMap::with_capacity(units.len());
        for unit in &units {
            check_id(unit)?;
            if let Some(first) = places.insert(&unit.id, &unit.place) {
                let kind = PlanErrorKind::Duplicate { unit: unit.id.clone(), first: first.to_string() };
                return Err(PlanError::new(kind, unit.place.clone()));
            }
        }
        let place_of = |id: &str| places.get(id).map_or_else(|| origin.clone(), |place| (*place).clone());
        let mut graph =
            GraphPayload::build(units.iter().map(|unit| (unit.id.clone(), unit.depends_on.clone())))
                .map_err(|error| match error {
                    GraphError::Cycle { ids } => {
                        let place = ids.first().map_or_else(|| origin.clone(), |id| place_of(id));
                        PlanError::new(PlanErrorKind::Cycle { ids }, place)
                    }
                    GraphError::Unknown { unit, dependency } => {
                        let place = place_of(&unit);
                        PlanError::new(PlanErrorKind::Unknown { unit, dependency }, place)
                    }
                    // Duplicates are ruled out above, where both places are known.
                    other => PlanError::new(PlanErrorKind::Syntax(other.to_string()), origin.clone()),
                })?;
        describe(&mut graph, &units);
        Ok(Plan { units, graph, warnings })
    }
}

impl Unit {
    /// Tasks that the plan marks complete.
    pub(crate) fn done_count(&self) -> usize {
        self.tasks.iter().filter(|task| task.done).count()
    }
}

fn check_id(unit: &Unit) -> Result<(), PlanError> {
    let bad = unit.id.trim().is_empty()
        || unit.id.trim() != unit.id
        || unit.id.chars().any(char::is_control)
        || unit.id.len() > MAX_ID_BYTES;
    if bad {
        return Err(PlanError::new(PlanErrorKind::BadId { id: unit.id.clone() }, unit.place.clone()));
    }
    Ok(())
}

fn describe(graph: &mut GraphPayload, units: &[Unit]) {
    let by_id: HashMap<&str, &Unit> = units.iter().map(|unit| (unit.id.as_str(), unit)).collect();
    for node in &mut graph.nodes {
        if let Some(unit) = by_id.get(node.id.as_str()) {
            node.label.clone_from(&unit.label);
            node.tasks = u32::try_from(unit.tasks.len()).ok();
            node.completed_tasks = u32::try_from(unit.done_count()).ok();
        }
    }
}
