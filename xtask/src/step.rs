use std::time::{Duration, Instant};

use anstyle::{AnsiColor, Style};

use crate::error::Error;

/// One named part of a long routine that works on a `C`.
pub(crate) struct Step<C: 'static> {
    pub(crate) name: &'static str,
    /// Steps before this one without whose success it makes no sense.
    pub(crate) needs: &'static [&'static str],
    pub(crate) run: fn(&C) -> Result<(), Error>,
}

struct Done {
    name: &'static str,
    took: Duration,
    trouble: Option<String>,
}

/// Runs the steps of these names (all, if there are none) one after the other, goes on after a failure, prints
/// a table of all at the end, and says whether all went well.
///
/// A step that needs one which failed counts as failed without being run, and without the set-up nothing is.
pub(crate) fn run<C>(set_up: &Step<C>, steps: &[Step<C>], only: &[String], context: &C) -> bool {
    let mut done: Vec<Done> = Vec::new();
    for step in std::iter::once(set_up).chain(steps) {
        if done.iter().any(|done| done.name == set_up.name && done.trouble.is_some()) {
            break;
        }
        if !only.is_empty() && !only.iter().any(|name| name == step.name) {
            continue;
        }
        let start = now();
        let broken = done.iter().find(|done| done.trouble.is_some() && step.needs.contains(&done.name));
        let trouble = if let Some(broken) = broken {
            Some(format!("not run, because {} failed", broken.name))
        } else {
            let bold = Style::new().bold();
            anstream::println!("\n{bold}== {}{bold:#}", step.name);
            (step.run)(context).err().map(|error| error.to_string())
        };
        if let Some(trouble) = &trouble {
            let red = red();
            anstream::println!("{red}== {} failed: {trouble}{red:#}", step.name);
        }
        done.push(Done { name: step.name, took: start.elapsed(), trouble });
    }
    report(&done)
}

fn report(done: &[Done]) -> bool {
    println!();
    for Done { name, took, trouble } in done {
        let secs = took.as_secs_f32();
        match trouble {
            None => println!("{name:<12}{secs:>8.1} s  ok"),
            Some(trouble) => {
                let red = red();
                let first = trouble.lines().next().unwrap_or_default();
                anstream::println!("{name:<12}{secs:>8.1} s  {red}FAILED{red:#}  {first}");
            }
        }
    }
    let took: Duration = done.iter().map(|done| done.took).sum();
    let failed = done.iter().filter(|done| done.trouble.is_some()).count();
    println!("{:<12}{:>8.1} s\n", "", took.as_secs_f32());
    println!("{} passed, {failed} failed", done.len() - failed);
    failed == 0
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
    use std::cell::RefCell;

    use super::{Step, run};
    use crate::error::Error;

    type Log = RefCell<Vec<&'static str>>;

    const SET_UP: Step<Log> = Step { name: "set-up", needs: &[], run: |_| Ok(()) };
    const STEPS: &[Step<Log>] = &[
        Step { name: "wasm", needs: &[], run: |_| Err(Error::Check("bad".to_owned())) },
        Step { name: "ui", needs: &["wasm"], run: |log| note(log, "ui") },
        Step { name: "fmt", needs: &[], run: |log| note(log, "fmt") },
        Step { name: "browser", needs: &["ui"], run: |log| note(log, "browser") },
    ];

    #[expect(clippy::unnecessary_wraps, reason = "a step can fail")]
    fn note(log: &Log, name: &'static str) -> Result<(), Error> {
        log.borrow_mut().push(name);
        Ok(())
    }

    #[test]
    fn a_failure_stops_only_what_needs_it() {
        let log = Log::default();
        assert!(!run(&SET_UP, STEPS, &[], &log));
        assert_eq!(*log.borrow(), ["fmt"]);
    }

    #[test]
    fn nothing_runs_without_the_set_up() {
        let log = Log::default();
        let set_up = Step { run: |_| Err(Error::Unsupported("no Node.js".to_owned())), ..SET_UP };
        assert!(!run(&set_up, STEPS, &[], &log));
        assert!(log.borrow().is_empty());
    }

    #[test]
    fn only_the_named_steps_run() {
        let log = Log::default();
        assert!(run(&SET_UP, STEPS, &["ui".to_owned(), "fmt".to_owned()], &log));
        assert_eq!(*log.borrow(), ["ui", "fmt"]);
    }
}
