//! How a command ends: the exit code, and what a person is told.

use std::fmt;
use std::io::Write as _;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

/// The exit codes of every command, as `--help` gives them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All went well.
    Success,
    /// Something failed: a unit, a line, a connection.
    Failed,
    /// The command line, or what it names, makes no sense.
    Usage,
    /// Stopped by a signal: 130, as shells have it for SIGINT.
    Interrupted,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(match exit {
            Exit::Success => 0,
            Exit::Failed => 1,
            Exit::Usage => 2,
            Exit::Interrupted => 130,
        })
    }
}

/// An error as a person sees it: what happened to which thing, and the remedy.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    hint: Option<String>,
    exit: Exit,
}

impl Failure {
    /// Something failed.
    pub(crate) fn new(what: impl fmt::Display) -> Self {
        Self { what: what.to_string(), hint: None, exit: Exit::Failed }
    }

    /// The caller asked for something that makes no sense.
    pub(crate) fn usage(what: impl fmt::Display) -> Self {
        Self { exit: Exit::Usage, ..Self::new(what) }
    }

    /// Adds what to do about it.
    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// Writes it to standard error and gives the exit code.
    pub(crate) fn report(&self) -> Exit {
        error(&self.what);
        if let Some(hint) = &self.hint {
            label("hint", AnsiColor::Cyan, hint);
        }
        self.exit
    }
}

/// Writes `error: ...` to standard error.
pub(crate) fn error(what: impl fmt::Display) {
    label("error", AnsiColor::Red, what);
}

/// Writes `warning: ...` to standard error.
pub(crate) fn warning(what: impl fmt::Display) {
    label("warning", AnsiColor::Yellow, what);
}

/// Writes a line to standard error.
pub(crate) fn note(line: &str) {
    // With standard error closed there is nobody left to tell; the same holds below.
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// Writes a line to standard output, at once also where that is a pipe.
pub(crate) fn say(line: &str) {
    let mut out = anstream::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

fn label(label: &str, colour: AnsiColor, text: impl fmt::Display) {
    let style: Style = colour.on_default().bold();
    note(&format!("{style}{label}:{style:#} {text}"));
}
