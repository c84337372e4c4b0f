//! A filtered list of a run's events that is kept up to date.

use std::collections::VecDeque;

use super::EventFilter;
use super::search::Needle;
use crate::{Filter, Limits, Line};

/// Looks at every line once, when the list is next asked for.
#[derive(Debug)]
pub(super) struct View {
    /// The run's list of all events.
    events: usize,
    wanted: EventFilter,
    filter: Filter,
    /// Patterns that are none admit nothing rather than everything.
    impossible: bool,
    needle: Needle,
    /// The number of the first line not looked at.
    scanned: u64,
    lines: VecDeque<u64>,
}

impl View {
    pub(super) fn new(events: usize, wanted: EventFilter) -> Self {
        let filter = wanted.to_filter();
        View {
            events,
            impossible: filter.is_err(),
            filter: filter.unwrap_or_default(),
            needle: Needle::new(&wanted.q),
            wanted,
            scanned: 0,
            lines: VecDeque::new(),
        }
    }

    pub(super) fn is(&self, events: usize, wanted: &EventFilter) -> bool {
        self.events == events && self.wanted == *wanted
    }

    pub(super) fn scanned(&self) -> u64 {
        self.scanned
    }

    pub(super) fn lines(&self) -> &VecDeque<u64> {
        &self.lines
    }

    /// Takes the next line, as it is in the list of all.
    pub(super) fn look_at(&mut self, number: u64, kind: &str, unit: &str, text: &str) {
        self.scanned = number + 1;
        // What says that something is missing is told to those who search, too.
        let told = kind == crate::kind::LINK_LOST;
        if !self.impossible && self.admits(kind, unit, text) && (told || self.needle.is_in(text)) {
            self.lines.push_back(number);
        }
    }

    fn admits(&self, kind: &str, unit: &str, text: &str) -> bool {
        if !self.filter.needs_payload(kind) {
            return self.filter.admits(kind, unit, None);
        }
        Line::parse(text.as_bytes(), &Limits::default()).is_ok_and(|line| self.filter.admits_line(&line))
    }

    pub(super) fn drop_before(&mut self, first: u64) {
        while self.lines.front().is_some_and(|number| *number < first) {
            self.lines.pop_front();
        }
    }
}
