//! What to say about a command that failed: how it ended, which command it was, and its last words.

use std::fmt::Write as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

use super::process::{End, ShellCommand};
use super::tail::OutputTail;

/// `Ok` for a command that did its work, else the error text of its task: the first line says what
/// happened, the following ones are the last of its output.
pub(crate) fn result(end: &End, command: &ShellCommand, output: &OutputTail) -> Result<(), String> {
    let mut error = match end {
        End::Exited(status) if status.success() => return Ok(()),
        End::Exited(status) => describe_exit(*status, command, output),
        End::TimedOut(after) => {
            format!("stopped after its timeout of {after:?}: {}", title(command))
        }
        End::Stopped => format!("stopped: {}", title(command)),
        End::NotStarted(error) => return Err(describe_start(error, command)),
    };
    for line in output.lines() {
        let _ = write!(error, "\n{line}");
    }
    Err(error)
}

fn describe_exit(status: ExitStatus, command: &ShellCommand, output: &OutputTail) -> String {
    let title = title(command);
    if let Some(signal) = status.signal() {
        return format!("killed by signal {signal}{}: {title}", signal_name(signal));
    }
    match status.code() {
        // What a shell says when there is no such command, or it may not be run.
        Some(127) => {
            let name = output.last_stderr().and_then(missing_command).unwrap_or(&command.text);
            format!("command not found: {} (is it installed, and on the PATH?): {title}", first_word(name))
        }
        Some(126) => format!("exit status 126: {title} (cannot be run: is it executable?)"),
        Some(code) => format!("exit status {code}: {title}"),
        None => format!("{status}: {title}"),
    }
}

fn describe_start(error: &std::io::Error, command: &ShellCommand) -> String {
    match &command.dir {
        Some(dir) if !dir.is_dir() => {
            format!("working directory not found: {} (`dir` is relative to where choo runs)", dir.display())
        }
        _ => format!("cannot start `sh`: {error}: {}", title(command)),
    }
}

/// The command a shell could not find, from its complaint: `sh: 1: frob: not found`, `bash: line 1: frob:
/// command not found`.
fn missing_command(complaint: &str) -> Option<&str> {
    let rest =
        complaint.strip_suffix(": command not found").or_else(|| complaint.strip_suffix(": not found"))?;
    rest.rsplit(": ").next()
}

fn first_word(text: &str) -> &str {
    text.split_whitespace().next().unwrap_or(text)
}

/// The command, if it is short enough to be one line of a message.
fn title(command: &ShellCommand) -> String {
    let text = command.text.trim();
    let lines = text.lines().count();
    if lines > 1 {
        return format!("a script of {lines} lines");
    }
    let mut title = text[..text.floor_char_boundary(TITLE_BYTES)].to_owned();
    if title.len() < text.len() {
        title.push('…');
    }
    title
}

fn signal_name(signal: i32) -> &'static str {
    match signal {
        1 => " (SIGHUP)",
        2 => " (SIGINT)",
        3 => " (SIGQUIT)",
        4 => " (SIGILL)",
        6 => " (SIGABRT)",
        8 => " (SIGFPE)",
        9 => " (SIGKILL)",
        11 => " (SIGSEGV)",
        13 => " (SIGPIPE)",
        15 => " (SIGTERM)",
        _ => "",
    }
}

const TITLE_BYTES: usize = 160;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use choo_protocol::LogStream;

    use super::*;

    fn error(end: &End, text: &str, stderr: &[&str]) -> String {
        let mut output = OutputTail::default();
        for line in stderr {
            output.push(LogStream::Stderr, line);
        }
        let command = ShellCommand { text: text.into(), dir: None, env: Vec::new(), timeout: None };
        result(end, &command, &output).unwrap_err()
    }

    fn exit(code: i32) -> End {
        End::Exited(ExitStatus::from_raw(code << 8))
    }

    #[test]
    fn status_command_and_last_words() {
        let text = error(&exit(3), "make all", &["one", "two"]);
        assert_eq!(text, "exit status 3: make all\none\ntwo");
        assert_eq!(error(&exit(1), "a\nb", &[]), "exit status 1: a script of 2 lines");
    }

    #[test]
    fn a_missing_command_is_named() {
        for complaint in [
            "sh: 1: frobnicate: not found",
            "sh: line 1: frobnicate: command not found",
            "sh: frobnicate: command not found",
        ] {
            let text = error(&exit(127), "cd x && frobnicate --all", &[complaint]);
            assert!(text.starts_with("command not found: frobnicate (is it installed"), "{text}");
        }
        let text = error(&exit(127), "frobnicate --all", &["something else"]);
        assert!(text.starts_with("command not found: frobnicate "), "{text}");
    }

    #[test]
    fn signals_timeouts_and_stops_are_told_apart() {
        assert!(error(&End::Exited(ExitStatus::from_raw(9)), "x", &[]).contains("signal 9 (SIGKILL)"));
        assert!(error(&End::TimedOut(Duration::from_secs(90)), "x", &[]).contains("timeout of 90s"));
        assert_eq!(error(&End::Stopped, "x", &[]), "stopped: x");
    }
}
