//! Progress bars: one line for each running unit, and one for the whole run below them.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::tally::{Ending, Tally};
use super::terminal::{self, QuietTerminal};
use crate::plan::Plan;
use crate::text;

/// The bars of one run, on standard output.
pub(crate) struct Bars {
    all: MultiProgress,
    total: ProgressBar,
    units: HashMap<usize, UnitBar>,
    /// Running units for which there is no room, with the titles of their tasks. The oldest gets the next place.
    hidden: VecDeque<(usize, String)>,
    /// Units that are shown at a time.
    room: usize,
    names: Vec<String>,
    colours: bool,
    _quiet: QuietTerminal,
}

struct UnitBar {
    bar: ProgressBar,
    task: String,
    /// When the line of output in it was last changed.
    shown: Option<Instant>,
}

impl Bars {
    pub(crate) fn new(plan: &Plan) -> Self {
        let all = MultiProgress::with_draw_target(ProgressDrawTarget::stdout());
        let units = u64::try_from(plan.units.len()).unwrap_or(u64::MAX);
        let total = all.add(ProgressBar::new(units).with_style(style(TOTAL)));
        total.enable_steady_tick(TICK);
        let width = plan.units.iter().map(|unit| unit.id.chars().count()).max().unwrap_or(0).min(NAME_CHARS);
        let names = plan.units.iter().map(|unit| fit(&unit.id, width)).collect();
        let colours = anstream::AutoStream::choice(&std::io::stdout()) != anstream::ColorChoice::Never;
        Self {
            all,
            total,
            units: HashMap::new(),
            hidden: VecDeque::new(),
            // Half of the screen is for what has happened.
            room: (terminal::rows().unwrap_or(0) / 2).clamp(LEAST_ROOM, MOST_ROOM),
            names,
            colours,
            _quiet: QuietTerminal::new(),
        }
    }

    /// A task of the unit begins.
    pub(crate) fn show_task(&mut self, unit: usize, title: &str) {
        let title = text::harmless(title, false).into_owned();
        if let Some(entry) = self.units.get_mut(&unit) {
            entry.bar.set_message(title.clone());
            *entry = UnitBar { bar: entry.bar.clone(), task: title, shown: None };
        } else if self.units.len() < self.room {
            self.add(unit, title);
        } else {
            self.hidden.retain(|(hidden, _)| *hidden != unit);
            self.hidden.push_back((unit, title));
        }
    }

    fn add(&mut self, unit: usize, title: String) {
        let bar = ProgressBar::new_spinner().with_style(style(UNIT)).with_prefix(self.names[unit].clone());
        let bar = self.all.insert_before(&self.total, bar.with_message(title.clone()));
        bar.enable_steady_tick(TICK);
        self.units.insert(unit, UnitBar { bar, task: title, shown: None });
    }

    /// The task said something. Changes the bar only as often as an eye can follow.
    pub(crate) fn show_output(&mut self, unit: usize, line: &str, now: Instant) {
        let Some(entry) = self.units.get_mut(&unit) else { return };
        if entry.shown.is_some_and(|shown| now.duration_since(shown) < TICK) {
            return;
        }
        let line = text::harmless(line, false);
        let line = line.trim();
        if !line.is_empty() {
            entry.shown = Some(now);
            entry.bar.set_message(format!("{} · {line}", entry.task));
        }
    }

    /// The unit has ended.
    pub(crate) fn remove(&mut self, unit: usize) {
        self.hidden.retain(|(hidden, _)| *hidden != unit);
        if let Some(UnitBar { bar, .. }) = self.units.remove(&unit) {
            bar.finish_and_clear();
            self.all.remove(&bar);
            if let Some((unit, title)) = self.hidden.pop_front() {
                self.add(unit, title);
            }
        }
    }

    /// Brings the line of the whole run up to date.
    pub(crate) fn show_tally(&self, tally: &Tally) {
        self.total.set_position(u64::try_from(tally.ended()).unwrap_or(u64::MAX));
        let mut parts = vec![format!("{} running", tally.running)];
        let endings = [
            (Ending::Failed, "failed"),
            (Ending::Blocked, "blocked"),
            (Ending::Cancelled, "cancelled"),
            (Ending::Skipped, "skipped"),
        ];
        for (ending, what) in endings {
            let number = tally.count(ending);
            if number > 0 {
                parts.push(format!("{number} {what}"));
            }
        }
        self.total.set_message(parts.join(", "));
    }

    /// Prints a line above the bars.
    pub(crate) fn print(&self, line: &str) {
        let plain;
        let line = if self.colours {
            line
        } else {
            plain = anstream::adapter::strip_str(line).to_string();
            &plain
        };
        // A terminal that has gone away is no reason to end the run.
        let _ = self.all.println(line);
    }

    /// Runs `print` while the bars are out of the way.
    pub(crate) fn suspend(&self, print: impl FnOnce()) {
        self.all.suspend(print);
    }

    /// Takes the bars off the screen.
    pub(crate) fn clear(self) {
        for UnitBar { bar, .. } in self.units.into_values() {
            bar.finish_and_clear();
        }
        self.total.finish_and_clear();
        let _ = self.all.clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    // The templates below are constant; one that does not parse shows in the first run.
    ProgressStyle::with_template(template)
        .unwrap_or_else(|_| ProgressStyle::default_spinner())
        .progress_chars("━╸ ")
}

/// `id` in exactly `width` characters.
fn fit(id: &str, width: usize) -> String {
    let id = text::harmless(id, false);
    if id.chars().count() <= width {
        return format!("{id:<width$}");
    }
    let start: String = id.chars().take(width.saturating_sub(1)).collect();
    format!("{start}…")
}

const UNIT: &str = "{spinner:.cyan} {prefix:.bold} {elapsed:>4.dim} {wide_msg}";
const TOTAL: &str = "{bar:24.green/dim} {pos}/{len} units {elapsed:.dim} {wide_msg}";

/// Longer names are cut, so that there is room for what the unit does.
const NAME_CHARS: usize = 28;

/// Units shown at a time, whatever the height of the screen.
const LEAST_ROOM: usize = 3;
const MOST_ROOM: usize = 16;

const TICK: Duration = Duration::from_millis(120);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_parse() {
        for template in [UNIT, TOTAL] {
            assert!(ProgressStyle::with_template(template).is_ok(), "{template}");
        }
    }

    #[test]
    fn names_have_one_width() {
        assert_eq!(fit("ab", 4), "ab  ");
        assert_eq!(fit("abcde", 4), "abc…");
    }
}
