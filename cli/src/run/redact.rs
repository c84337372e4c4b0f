//! `--redact-env`, `--redact`: what must not reach the hub.

use std::collections::BTreeMap;

use choo_protocol::Glob;
use choo_transport::{Redaction, RedactionError};
use clap::Args;

use crate::exit::{Failure, warning};
use crate::plan::Plan;

/// What to keep to ourselves.
#[derive(Debug, Default, Args)]
pub(crate) struct RedactArgs {
    /// With --web: send *** for the value of this environment variable, of choo or of a task in the plan;
    /// `*` stands for anything, as in '*_TOKEN'
    #[arg(long = "redact-env", value_name = "NAME", requires = "web")]
    pub env: Vec<String>,

    /// With --web: send *** for whatever this regular expression matches
    #[arg(long = "redact", value_name = "REGEX", requires = "web")]
    pub patterns: Vec<String>,
}

impl RedactArgs {
    /// The secrets, from the environment and the plan. A name that is meant and not set anywhere is more
    /// likely misspelt than not needed.
    pub(crate) fn redaction(&self, plan: &Plan) -> Result<Redaction, Failure> {
        self.redaction_of(plan, std::env::vars_os().map(|(name, value)| (lossy(&name), lossy(&value))))
    }

    fn redaction_of(
        &self,
        plan: &Plan,
        env: impl Iterator<Item = (String, String)>,
    ) -> Result<Redaction, Failure> {
        let tasks = plan.units.iter().flat_map(|unit| &unit.tasks);
        let env: Vec<(String, String)> = env.chain(tasks.flat_map(|task| task.env.iter().cloned())).collect();
        // By value, with the first name it has.
        let mut secrets: BTreeMap<&str, &str> = BTreeMap::new();
        for named in &self.env {
            let glob: Glob =
                named.parse().map_err(|error| Failure::usage(format_args!("--redact-env: {error}")))?;
            let mut values =
                env.iter().filter(|(name, value)| glob.matches(name) && !value.is_empty()).peekable();
            if values.peek().is_none() {
                return Err(Failure::usage(format_args!(
                    "--redact-env {named}: no such environment variable is set"
                ))
                .hint("names are matched as a whole; put a star where anything may stand, as in '*_TOKEN'"));
            }
            for (name, value) in values {
                secrets.entry(value).or_insert(name);
            }
        }
        let mut redaction = Redaction::new();
        for (value, name) in secrets {
            redaction = match redaction.clone().secret(value) {
                Ok(more) => more,
                // Of many that a star stands for some are no secrets.
                Err(error @ RedactionError::TooShort { .. })
                    if !self.env.iter().any(|named| named == name) =>
                {
                    warning(format_args!("{name} is not redacted: {error}"));
                    redaction
                }
                Err(error) => return Err(Failure::usage(format_args!("--redact-env {name}: {error}"))),
            };
        }
        for pattern in &self.patterns {
            redaction = redaction
                .pattern(pattern)
                .map_err(|error| Failure::usage(format_args!("--redact: {error}")))?;
        }
        Ok(redaction)
    }
}

fn lossy(text: &std::ffi::OsStr) -> String {
    text.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Task;
    use crate::plan::testing::{plan, task};

    fn redaction(names: &[&str], patterns: &[&str]) -> Result<String, String> {
        let task = Task { env: vec![("DEPLOY_TOKEN".into(), "of-the-plan".into())], ..task("w") };
        let plan = plan(&[("a", &[], vec![task])]);
        let args = RedactArgs {
            env: names.iter().map(|name| (*name).to_owned()).collect(),
            patterns: patterns.iter().map(|pattern| (*pattern).to_owned()).collect(),
        };
        let env = [
            ("A_TOKEN", "aaaa"),
            ("B_TOKEN", "b"),
            ("C_TOKEN", ""),
            ("SAME_TOKEN", "aaaa"),
            ("HOME", "/root"),
        ];
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let redaction = args.redaction_of(&plan, env.into_iter());
        redaction.map(|redaction| format!("{redaction:?}")).map_err(|failure| format!("{failure:?}"))
    }

    #[test]
    fn names_and_stars_find_values_of_the_environment_and_the_plan() {
        assert_eq!(redaction(&[], &[]).unwrap(), "Redaction { secrets: 0, patterns: 0 }");
        assert_eq!(
            redaction(&["A_TOKEN", "DEPLOY_TOKEN"], &["x+"]).unwrap(),
            "Redaction { secrets: 2, patterns: 1 }"
        );
        assert_eq!(redaction(&["*_TOKEN"], &[]).unwrap(), "Redaction { secrets: 2, patterns: 0 }");
    }

    #[test]
    fn what_is_meant_and_cannot_be_redacted_is_an_error() {
        for (names, patterns, words) in [
            (&["TOKEN"][..], &[][..], "no such environment variable is set"),
            (&["C_TOKEN"], &[], "no such environment variable is set"),
            (&["B_TOKEN"], &[], "--redact-env B_TOKEN: a secret of 1 bytes"),
            (&[], &["("], "--redact: regex parse error"),
        ] {
            let error = redaction(names, patterns).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
