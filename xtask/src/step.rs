use std::borrow::Cow;
use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use crate::error::Error;

/// Runs named steps one after the other, goes on after a failure, and tells all at the end.
pub(crate) struct Steps {
    /// Names given on the command line; empty means all.
    wanted: Vec<String>,
    done: Vec<Done>,
}

struct Done {
    name: Cow<'static, str>,
    took: Duration,
    trouble: Option<String>,
}

impl Steps {
    pub(crate) fn new(wanted: Vec<String>) -> Steps {
        Steps { wanted, done: Vec::new() }
    }

    /// Runs a step, unless one that it needs has failed: then it counts as failed without being run.
    pub(crate) fn run(
        &mut self,
        name: &'static str,
        needs: &[&'static str],
        step: impl FnOnce() -> Result<(), Error>,
    ) {
        if !self.wanted.is_empty() && !self.wanted.iter().any(|wanted| wanted == name) {
            return;
        }
        let start = now();
        let broken = self.done.iter().find(|done| done.trouble.is_some() && needs.contains(&&*done.name));
        let trouble = if let Some(broken) = broken {
            Some(format!("not run, because {} failed", broken.name))
        } else {
            let style = Style::new().bold();
            anstream::println!("\n{style}== {name}{style:#}");
            step().err().map(|error| error.to_string())
        };
        if let Some(trouble) = &trouble {
            let style = red();
            anstream::println!("{style}== {name} failed: {trouble}{style:#}");
        }
        self.done.push(Done { name: name.into(), took: start.elapsed(), trouble });
    }

    /// Prints the table and its sum, and says whether all went well.
    pub(crate) fn finish(mut self) -> bool {
        for name in &self.wanted {
            if !self.done.iter().any(|done| done.name == *name) {
                let trouble = Some("there is no such step".to_owned());
                self.done.push(Done { name: name.clone().into(), took: Duration::ZERO, trouble });
            }
        }
        let failed = self.done.iter().filter(|done| done.trouble.is_some()).count();
        let took: Duration = self.done.iter().map(|done| done.took).sum();
        println!();
        for Done { name, took, trouble } in &self.done {
            let secs = took.as_secs_f32();
            match trouble {
                None => println!("{name:<16}{secs:>8.1} s  ok"),
                Some(trouble) => {
                    let style = red();
                    let first = trouble.lines().next().unwrap_or_default();
                    anstream::println!("{name:<16}{secs:>8.1} s  {style}FAILED{style:#}  {first}");
                }
            }
        }
        println!("{:<16}{:>8.1} s\n", "", took.as_secs_f32());
        println!("{} passed, {failed} failed", self.done.len() - failed);
        failed == 0
    }
}

fn red() -> Style {
    Style::new().bold().fg_color(Some(AnsiColor::Red.into()))
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch for the person at the terminal")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::Steps;
    use crate::error::Error;

    fn fail() -> Result<(), Error> {
        Err(Error::Check("bad".to_owned()))
    }

    #[test]
    fn a_failure_stops_only_what_needs_it() {
        let ran = Cell::new(0);
        let mut steps = Steps::new(Vec::new());
        steps.run("wasm", &[], fail);
        steps.run("ui", &["wasm"], || {
            ran.set(ran.get() + 1);
            Ok(())
        });
        steps.run("fmt", &[], || {
            ran.set(ran.get() + 10);
            Ok(())
        });
        steps.run("browser", &["ui"], || {
            ran.set(ran.get() + 100);
            Ok(())
        });
        assert_eq!(ran.get(), 10);
        assert!(!steps.finish());
    }

    #[test]
    fn only_the_named_steps_run() {
        let mut steps = Steps::new(vec!["fmt".to_owned()]);
        steps.run("wasm", &[], fail);
        steps.run("fmt", &["wasm"], || Ok(()));
        assert!(steps.finish());
    }

    #[test]
    fn a_name_that_no_step_has_is_a_failure() {
        let mut steps = Steps::new(vec!["fnt".to_owned()]);
        steps.run("fmt", &[], || Ok(()));
        assert!(!steps.finish());
    }
}
