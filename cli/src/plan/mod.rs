//! What `choo run` is asked to do: units, their dependencies and their tasks, from one of two sources.
//!
//! [`load`] looks at the path: a `.toml` file is read by [`toml`], a directory by [`specs`]. Both end in
//! the same [`Plan`], whose graph has been checked, so that nothing after this module meets a cycle or an
//! unknown unit.

mod duration;
mod error;
mod front_matter;
mod specs;
#[cfg(test)]
pub(crate) mod testing;
mod toml;
mod unit;

use std::path::Path;

pub(crate) use error::PlanError;
pub(crate) use unit::{Plan, Task, Unit};

use error::{Place, PlanErrorKind};

/// What the command line adds to a plan.
#[derive(Debug, Clone, Default)]
pub(crate) struct LoadOptions {
    /// The command that does the work of each task in a directory of specs, before its backpressure command.
    pub exec: Option<String>,
    /// Further attempts for tasks that do not say how many they want.
    pub retries: u32,
}

/// Reads and checks the plan at `path`: a TOML file, or a directory in the original layout.
pub(crate) fn load(path: &Path, options: &LoadOptions) -> Result<Plan, PlanError> {
    let meta = std::fs::metadata(path).map_err(|source| PlanError::unreadable(path, source))?;
    let plan = if meta.is_dir() {
        specs::load(path, options)?
    } else if meta.is_file() && path.extension().is_some_and(|ext| ext == "toml") {
        if options.exec.is_some() {
            return Err(PlanError::new(PlanErrorKind::ExecWithToml, Place::file(path)));
        }
        toml::load(path, options)?
    } else {
        return Err(PlanError::new(PlanErrorKind::WrongKind, Place::file(path)));
    };
    Ok(plan)
}
