use std::process::{Command, Output, Stdio};

use anstyle::{AnsiColor, Style};

use crate::error::Error;

/// Runs programs with the words the user sees: each is printed before it starts.
pub(crate) trait Run {
    /// Runs to the end on this terminal; anything but success is an error.
    fn run(&mut self) -> Result<(), Error>;
    /// Runs without printing anything and returns what it wrote to stdout.
    fn capture(&mut self) -> Result<String, Error>;
    /// The command as one would type it.
    fn shown(&self) -> String;
}

impl Run for Command {
    fn run(&mut self) -> Result<(), Error> {
        let quiet = Style::new().dimmed();
        anstream::println!("{quiet}$ {}{quiet:#}", self.shown());
        let status = self.status().map_err(|source| not_started(self, source))?;
        if status.success() { Ok(()) } else { Err(Error::Failed { command: self.shown(), status }) }
    }

    fn capture(&mut self) -> Result<String, Error> {
        let Output { status, stdout, .. } = self
            .stderr(Stdio::inherit())
            .stdin(Stdio::null())
            .output()
            .map_err(|source| not_started(self, source))?;
        if status.success() {
            Ok(String::from_utf8_lossy(&stdout).into_owned())
        } else {
            Err(Error::Failed { command: self.shown(), status })
        }
    }

    fn shown(&self) -> String {
        let mut words = vec![self.get_program().to_string_lossy()];
        words.extend(self.get_args().map(|word| word.to_string_lossy()));
        words.join(" ")
    }
}

pub(crate) fn not_started(command: &Command, source: std::io::Error) -> Error {
    Error::Start { program: command.get_program().to_string_lossy().into_owned(), source }
}

/// One line that stands out, for what the user came for.
pub(crate) fn headline(text: &str) {
    let style = Style::new().bold().fg_color(Some(AnsiColor::Green.into()));
    anstream::println!("\n{style}{text}{style:#}");
}
