//! The last lines of a task's output, for the message of its failure.

use std::collections::VecDeque;

use choo_protocol::LogStream;

/// Remembers a few of the last lines of each stream, so that a flood on one does not hide what the other
/// said.
#[derive(Debug, Default)]
pub(crate) struct OutputTail {
    stdout: VecDeque<(u64, String)>,
    stderr: VecDeque<(u64, String)>,
    count: u64,
}

impl OutputTail {
    /// Takes note of a line; blank ones say nothing. Cheap: most lines are pushed out again before anybody
    /// asks.
    pub(crate) fn push(&mut self, stream: LogStream, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.count += 1;
        let lines = if stream == LogStream::Stderr { &mut self.stderr } else { &mut self.stdout };
        let mut kept = if lines.len() == LINES { lines.pop_front() } else { None }.unwrap_or_default().1;
        kept.clear();
        kept.push_str(&line[..line.floor_char_boundary(RAW_BYTES)]);
        lines.push_back((self.count, kept));
    }

    /// The very last line of standard error, as it came.
    pub(crate) fn last_stderr(&self) -> Option<&str> {
        self.stderr.back().map(|(_, line)| line.as_str())
    }

    /// The lines of both streams in the order in which they came, as plain text.
    pub(crate) fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self.stdout.iter().chain(&self.stderr).collect();
        lines.sort_by_key(|(at, _)| *at);
        lines.into_iter().map(|(_, line)| plain(line)).filter(|line| !line.is_empty()).collect()
    }
}

fn plain(line: &str) -> String {
    let line = anstream::adapter::strip_str(line).to_string();
    let mut line: String = line.trim_end().chars().filter(|c| !c.is_control() || *c == '\t').collect();
    if line.len() > LINE_BYTES {
        line.truncate(line.floor_char_boundary(LINE_BYTES - '…'.len_utf8()));
        line.push('…');
    }
    line
}

/// Kept of each stream.
const LINES: usize = 6;

/// With twelve lines, the message stays below the 4 KiB that a hub keeps of an error.
const LINE_BYTES: usize = 240;

/// Kept of a line until it is asked for: room for the text and its colours.
const RAW_BYTES: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_lines_of_both_streams_in_order() {
        let mut tail = OutputTail::default();
        tail.push(LogStream::Stderr, "warning: early");
        for n in 1..=20 {
            tail.push(LogStream::Stdout, &format!("line {n}"));
        }
        tail.push(LogStream::Stderr, "\u{1b}[31merror:\u{1b}[0m late");
        tail.push(LogStream::Stderr, "  ");
        let lines = tail.lines();
        assert_eq!(lines[0], "warning: early", "not pushed out by stdout");
        assert_eq!(lines[1], "line 15");
        assert_eq!(lines.last().unwrap(), "error: late", "without colours");
    }

    #[test]
    fn all_of_it_fits_what_a_hub_keeps() {
        let mut tail = OutputTail::default();
        for _ in 0..50 {
            tail.push(LogStream::Stdout, &"é".repeat(1_000));
            tail.push(LogStream::Stderr, &"x".repeat(1_000));
        }
        let bytes: usize = tail.lines().iter().map(|line| line.len() + 1).sum();
        assert!(bytes < 3_500 && tail.lines()[0].ends_with('…'), "{bytes}");
    }
}
