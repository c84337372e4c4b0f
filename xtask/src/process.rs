use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anstyle::{AnsiColor, Style};

use crate::error::Error;

/// Runs programs with the words the user sees: each is printed before it starts.
pub(crate) trait Run {
    /// Runs to the end on this terminal; anything but success is an error.
    fn run(&mut self) -> Result<(), Error>;
    /// As [`Run::run`], and returns what it wrote to stdout too.
    fn follow(&mut self) -> Result<String, Error>;
    /// Runs without printing anything and returns what it wrote to stdout.
    fn capture(&mut self) -> Result<String, Error>;
    /// The command as one would type it in its directory.
    fn shown(&self) -> String;
}

impl Run for Command {
    fn run(&mut self) -> Result<(), Error> {
        let quiet = Style::new().dimmed();
        anstream::println!("{quiet}$ {}{quiet:#}", self.shown());
        let status = self.status().map_err(|source| not_started(self, source))?;
        if status.success() { Ok(()) } else { Err(Error::Failed { command: self.shown(), status }) }
    }

    fn follow(&mut self) -> Result<String, Error> {
        let quiet = Style::new().dimmed();
        anstream::println!("{quiet}$ {}{quiet:#}", self.shown());
        let mut child = self.stdout(Stdio::piped()).spawn().map_err(|source| not_started(self, source))?;
        let mut said = String::new();
        for line in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
            let line = line.map_err(|source| not_started(self, source))?;
            anstream::println!("{line}");
            said.push_str(&line);
            said.push('\n');
        }
        let status = child.wait().map_err(|source| not_started(self, source))?;
        if status.success() { Ok(said) } else { Err(Error::Failed { command: self.shown(), status }) }
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
        let program = Path::new(self.get_program());
        let name = program.file_name().unwrap_or(self.get_program()).to_string_lossy();
        let here = self.get_current_dir().unwrap_or(Path::new(""));
        let short = |word: &OsStr| Path::new(word).strip_prefix(here).map_or(word.into(), Path::to_path_buf);
        let mut words = vec![name.into_owned()];
        words.extend(self.get_args().map(|word| short(word).to_string_lossy().into_owned()));
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

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::Run as _;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let mut command = Command::new("/opt/toolchain/bin/cargo");
        command.current_dir("/home/me/choo").args(["build", "--target-dir", "/home/me/choo/target/wasm"]);
        assert_eq!(command.shown(), "cargo build --target-dir target/wasm");
    }
}
