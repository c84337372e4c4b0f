//! What is wrong with lines.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Read};

use choo_protocol::{Line, kind};
use choo_schema::PayloadType;

use crate::intake::Intake;
use crate::text;

/// What was found in some files.
#[derive(Debug, Default)]
pub(super) struct Check {
    events: u64,
    bad: u64,
    misshapen: u64,
    /// Types that nobody but their author knows, and how often they came.
    unknown: BTreeMap<String, u64>,
}

/// One thing that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Finding {
    /// The line's number, from 1.
    pub(super) line: u64,
    pub(super) what: String,
}

/// More types than these are not told apart.
const MAX_UNKNOWN: usize = 20;

impl Check {
    /// Reads an input to its end and reports what is wrong.
    pub(super) fn read(&mut self, mut input: impl Read, mut on: impl FnMut(Finding)) -> io::Result<()> {
        let mut intake = Intake::new();
        let mut chunk = vec![0; 64 << 10];
        loop {
            let len = match input.read(&mut chunk) {
                Ok(len) => len,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let each = |line, result: Result<Line<'_>, String>| {
                if let Some(what) = self.look_at(result) {
                    on(Finding { line, what });
                }
            };
            if len == 0 {
                intake.handle_end(each);
                return Ok(());
            }
            intake.handle_bytes(&chunk[..len], each);
        }
    }

    fn look_at(&mut self, result: Result<Line<'_>, String>) -> Option<String> {
        let line = match result {
            Ok(line) => line,
            Err(why) => {
                self.bad += 1;
                return Some(format!("no event: {why}"));
            }
        };
        self.events += 1;
        let Some(payload) = PayloadType::of(&line.kind) else {
            self.note_unknown(&line.kind);
            return None;
        };
        let mismatch = payload.read(&line)?.err()?;
        self.misshapen += 1;
        Some(format!("{}: {mismatch}; it should be {}", line.kind, payload.name))
    }

    fn note_unknown(&mut self, name: &str) {
        let is_known = kind::ALL.contains(&name) || name.starts_with("x.");
        if is_known || (self.unknown.len() >= MAX_UNKNOWN && !self.unknown.contains_key(name)) {
            return;
        }
        *self.unknown.entry(name.to_owned()).or_default() += 1;
    }

    /// Whether nothing was found.
    pub(super) fn is_clean(&self) -> bool {
        self.bad + self.misshapen == 0
    }

    /// All of it in a few lines.
    pub(super) fn summary(&self) -> String {
        let mut summary = text::count(self.events, "event");
        for (count, what) in [(self.bad, "bad line"), (self.misshapen, "misshapen payload")] {
            if count > 0 {
                summary.push_str(", ");
                summary.push_str(&text::count(count, what));
            }
        }
        for (name, count) in &self.unknown {
            let name = text::harmless(name, false);
            let _ = write!(summary, "\nno type of choo's, kept as it is: {name} ({count})");
        }
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> (Vec<String>, Check) {
        let mut check = Check::default();
        let mut found = Vec::new();
        check.read(text.as_bytes(), |Finding { line, what }| found.push(format!("{line}: {what}"))).unwrap();
        (found, check)
    }

    #[test]
    fn what_the_hub_would_take_is_clean() {
        let (found, check) = check(
            "{\"type\":\"unit.started\",\"unit\":\"a\",\"payload\":{\"total_tasks\":2}}\n\n{\"type\":\"x.acme.y\"}\n\
             {\"type\":\"orch.completed\"}",
        );
        assert_eq!((found.len(), check.is_clean(), check.summary().as_str()), (0, true, "3 events"));
    }

    #[test]
    fn each_fault_has_its_line_and_the_rest_is_checked() {
        let (found, check) = check(
            "[1]\n{\"type\":\"unit.started\",\"payload\":{\"total_tasks\":\"two\"}}\n{\"type\":\"unit.startd\"}\n\
             {\"type\":\"a\",\"type\":\"b\"}\n",
        );
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("1: no event: "), "{found:?}");
        assert!(found[1].starts_with("2: unit.started: payload of another shape: "), "{found:?}");
        assert!(found[2].starts_with("4: no event: "), "{found:?}");
        assert!(!check.is_clean());
        assert_eq!(
            check.summary(),
            "2 events, 2 bad lines, 1 misshapen payload\nno type of choo's, kept as it is: unit.startd (1)"
        );
    }

    #[test]
    fn types_nobody_knows_are_told_up_to_a_bound() {
        let many: Vec<String> = (0..1000).map(|n| format!("{{\"type\":\"type.{n}\"}}")).collect();
        assert_eq!(check(&many.join("\n")).1.unknown.len(), MAX_UNKNOWN);
    }
}
