//! Event lines in memory, bounded by bytes, with the lists that a page scrolls through.

mod search;
mod segment;
mod view;

use std::collections::VecDeque;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::json::Scanner;
use crate::names::Names;
use crate::reader::{read_ours, readable};
use crate::{Filter, GlobError, Globs, Limits, Line, LogPayload, LogStream, PayloadMismatch, Timestamp};
use segment::{Entry, Segment};
use view::View;

/// The newest lines of many runs, as text.
///
/// Lines are told apart by run and, for `log.*`, by unit and task; each of these lists answers how
/// long it is and what stands at a place in it without walking the rest. When the bound is reached
/// the oldest lines go, whatever run they belong to, and the lists say how many they have lost.
///
/// ```
/// use choo_protocol::{EventFilter, Journal, Limits, Line};
/// let mut journal = Journal::new(Journal::DEFAULT_BYTES);
/// for n in 1..=3 {
///     let line = format!(
///         r#"{{"type":"log.stdout","unit":"app","payload":{{"content":"hello","n":{n}}},"run":"demo","seq":{n}}}"#
///     );
///     journal.push(&Line::parse(line.as_bytes(), &Limits::default())?);
/// }
/// assert_eq!(journal.log_count("demo", Some("app"), None), 3);
/// assert_eq!(journal.logs("demo", Some("app"), None, 1, 10)[0].n, 2);
/// assert_eq!(journal.event_count("demo", &EventFilter::default()), 3);
/// # Ok::<(), choo_protocol::LineError>(())
/// ```
#[derive(Debug)]
pub struct Journal {
    limit: usize,
    bytes: usize,
    /// The number of the next line; numbers are never used twice.
    next: u64,
    /// The last one takes new lines; empty before the first line.
    segments: VecDeque<Segment>,
    run_names: Names,
    /// By the number of the run's name.
    runs: Vec<RunLists>,
    lists: Vec<List>,
    kinds: Names,
    /// Lists made by a filter, the one asked for last at the end.
    views: Vec<View>,
}

/// Which events of a run to list. Empty means all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EventFilter {
    /// Patterns for the event type, of which it must fit one (see [`Glob`](crate::Glob)).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<String>,
    /// Patterns for the unit, `\*` for a star in its id. Events without a unit are left out then.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub units: Vec<String>,
    /// Patterns for the repository of records in a task store; other events are not affected.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repositories: Vec<String>,
    /// Text that must occur in one of the event's strings, ASCII letters in either case.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
}

impl EventFilter {
    /// The same as a [`Filter`], which knows nothing of the text.
    pub fn to_filter(&self) -> Result<Filter, GlobError> {
        Ok(Filter {
            types: Globs::parse(&self.types)?,
            units: Globs::parse(&self.units)?,
            repositories: Globs::parse(&self.repositories)?,
            ..Filter::all()
        })
    }

    /// Reads a filter from JSON, as a page sends it.
    pub fn from_json(json: &str) -> Result<Self, PayloadMismatch> {
        let mut scanner = Scanner::new(json, Limits::DEPTH);
        scanner.value(0)?;
        read_ours(json)
    }
}

/// One line of output, as a log view wants it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// The unit; empty for none.
    pub unit: String,
    /// The task's number within the unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub task: Option<i64>,
    /// Where it comes from.
    pub stream: LogStream,
    /// The text, without its newline; ANSI escapes are kept.
    pub content: String,
    /// Its number within unit, task and attempt from 1; 0 where the producer does not count.
    pub n: u64,
    /// When it was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Timestamp>,
}

/// The lists of one run, as places in [`Journal::lists`].
#[derive(Debug)]
struct RunLists {
    /// All events.
    events: usize,
    /// All log lines.
    logs: usize,
    unit_names: Names,
    /// Log lines by unit, by the number of the unit's name.
    units: Vec<UnitLists>,
}

/// The lists of log lines of one unit.
#[derive(Debug)]
struct UnitLists {
    logs: usize,
    /// Log lines by task, in the order of the tasks.
    tasks: Vec<(Option<i64>, usize)>,
}

/// Numbers of lines, rising.
#[derive(Debug)]
struct List {
    /// A list that holds all lines of this one too.
    parent: Option<usize>,
    lines: VecDeque<u64>,
    /// How many have gone from the front.
    dropped: u64,
}

/// What a line costs beside its text: an entry, and a place in four lists.
const OVERHEAD: usize = size_of::<Entry>() + 4 * size_of::<u64>();
/// How many filtered lists are kept up to date.
const MAX_VIEWS: usize = 4;

impl Journal {
    /// 64 MiB, about 250,000 events of 200 bytes.
    pub const DEFAULT_BYTES: usize = 64 << 20;

    /// An empty journal that holds about `limit` bytes, lists included; at least its newest segment
    /// (256 KiB, or one longer line) stays in any case.
    pub fn new(limit: usize) -> Self {
        Journal {
            limit,
            bytes: 0,
            next: 0,
            segments: VecDeque::new(),
            run_names: Names::default(),
            runs: Vec::new(),
            lists: Vec::new(),
            kinds: Names::default(),
            views: Vec::new(),
        }
    }

    /// Takes a line of the run that it names (of the run `""` if it names none).
    pub fn push(&mut self, line: &Line<'_>) {
        let number = self.next;
        self.next += 1;
        let (run, new) = self.run_names.add(line.run.as_deref().unwrap_or_default());
        if new {
            let lists = RunLists {
                events: new_list(&mut self.lists, None),
                logs: new_list(&mut self.lists, None),
                unit_names: Names::default(),
                units: Vec::new(),
            };
            self.runs.push(lists);
        }
        let run = &mut self.runs[run];
        let unit = run.unit(&line.unit, &mut self.lists);
        let log = LogStream::of(&line.kind).map(|_| run.units[unit].task(line.task, &mut self.lists));
        let entry = Entry::new(self.kinds.add(&line.kind).0, unit, run.events, log);
        self.lists[run.events].lines.push_back(number);
        let mut list = log;
        while let Some(at) = list {
            self.lists[at].lines.push_back(number);
            list = self.lists[at].parent;
        }
        let text = line.canonical();
        self.bytes += text.len() + OVERHEAD;
        match self.segments.back_mut() {
            Some(segment) if segment.fits(&text) => segment.push(&text, entry),
            _ => self.segments.push_back(Segment::begin(number, &text, entry)),
        }
        while self.bytes > self.limit && self.segments.len() > 1 {
            self.drop_oldest();
        }
    }

    /// How many events of a run there are that fit.
    pub fn event_count(&mut self, run: &str, filter: &EventFilter) -> usize {
        self.listed(run, filter).map_or(0, VecDeque::len)
    }

    /// The events of a run that fit, from a place in their list on, oldest first, as JSON objects.
    pub fn events(&mut self, run: &str, filter: &EventFilter, from: usize, count: usize) -> Vec<&str> {
        let numbers: Vec<u64> = self
            .listed(run, filter)
            .map_or_else(Vec::new, |list| list.iter().skip(from).take(count).copied().collect());
        numbers.into_iter().filter_map(|number| self.text(number)).collect()
    }

    /// How many log lines of a run, of one of its units or of one task of a unit there are. `task`
    /// counts only together with `unit`.
    pub fn log_count(&self, run: &str, unit: Option<&str>, task: Option<i64>) -> usize {
        self.log_lines(run, unit, task).map_or(0, |list| list.lines.len())
    }

    /// The same lines, from a place in their list on, oldest first.
    pub fn logs(
        &self,
        run: &str,
        unit: Option<&str>,
        task: Option<i64>,
        from: usize,
        count: usize,
    ) -> Vec<LogLine> {
        let Some(list) = self.log_lines(run, unit, task) else { return Vec::new() };
        let numbers = list.lines.iter().skip(from).take(count);
        numbers.filter_map(|number| LogLine::read(self.text(*number)?)).collect()
    }

    /// How many lines have gone from the front of such a list, so that a place in it can be told from
    /// a line's place in the run.
    pub fn logs_dropped(&self, run: &str, unit: Option<&str>, task: Option<i64>) -> u64 {
        self.log_lines(run, unit, task).map_or(0, |list| list.dropped)
    }

    /// How many events of a run have gone to make room.
    pub fn events_dropped(&self, run: &str) -> u64 {
        self.lists_of(run).map_or(0, |run| self.lists[run.events].dropped)
    }

    /// Bytes in use, by the measure of the limit.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn lists_of(&self, run: &str) -> Option<&RunLists> {
        self.runs.get(self.run_names.find(run)?)
    }

    fn log_lines(&self, run: &str, unit: Option<&str>, task: Option<i64>) -> Option<&List> {
        let run = self.lists_of(run)?;
        let at = match unit {
            None => run.logs,
            Some(unit) => {
                let unit = run.units.get(run.unit_names.find(unit)?)?;
                match task {
                    None => unit.logs,
                    task => unit.tasks[unit.place(task).ok()?].1,
                }
            }
        };
        self.lists.get(at)
    }

    /// The numbers of the events that fit.
    fn listed(&mut self, run: &str, filter: &EventFilter) -> Option<&VecDeque<u64>> {
        let run = self.runs.get(self.run_names.find(run)?)?;
        let events = run.events;
        if *filter == EventFilter::default() {
            return Some(&self.lists[events].lines);
        }
        if let Some(at) = self.views.iter().position(|view| view.is(events, filter)) {
            let view = self.views.remove(at);
            self.views.push(view);
        } else {
            if self.views.len() == MAX_VIEWS {
                self.views.remove(0);
            }
            self.views.push(View::new(events, filter.clone()));
        }
        let view = self.views.last_mut()?;
        let all = &self.lists[events].lines;
        let begin = all.partition_point(|number| *number < view.scanned());
        for &number in all.range(begin..) {
            if let Some((entry, text)) = entry(&self.segments, number) {
                view.look_at(number, self.kinds.name(entry.kind()), run.unit_names.name(entry.unit()), text);
            }
        }
        Some(view.lines())
    }

    fn text(&self, number: u64) -> Option<&str> {
        entry(&self.segments, number).map(|(_, text)| text)
    }

    fn drop_oldest(&mut self) {
        let Some(segment) = self.segments.pop_front() else { return };
        self.bytes = self.bytes.saturating_sub(segment.text_len() + segment.entries().len() * OVERHEAD);
        for entry in segment.entries() {
            // Lists rise, so what goes first stands at the front of each.
            self.lists[entry.events()].drop_first();
            let mut list = entry.log();
            while let Some(at) = list {
                self.lists[at].drop_first();
                list = self.lists[at].parent;
            }
        }
        let first = self.segments.front().map_or(self.next, Segment::first);
        self.views.iter_mut().for_each(|view| view.drop_before(first));
    }
}

fn entry(segments: &VecDeque<Segment>, number: u64) -> Option<(&Entry, &str)> {
    let at = segments.partition_point(|segment| segment.first() <= number).checked_sub(1)?;
    segments.get(at)?.get(number)
}

fn new_list(lists: &mut Vec<List>, parent: Option<usize>) -> usize {
    lists.push(List { parent, lines: VecDeque::new(), dropped: 0 });
    lists.len() - 1
}

impl RunLists {
    /// The number of a unit, whose lists are made if it is new.
    fn unit(&mut self, name: &str, lists: &mut Vec<List>) -> usize {
        let (unit, new) = self.unit_names.add(name);
        if new {
            let logs = new_list(lists, Some(self.logs));
            self.units.push(UnitLists { logs, tasks: Vec::new() });
        }
        unit
    }
}

impl UnitLists {
    fn place(&self, task: Option<i64>) -> Result<usize, usize> {
        self.tasks.binary_search_by(|(known, _)| known.cmp(&task))
    }

    /// The list of a task's log lines, made if it is new.
    fn task(&mut self, task: Option<i64>, lists: &mut Vec<List>) -> usize {
        match self.place(task) {
            Ok(at) => self.tasks[at].1,
            Err(at) => {
                let list = new_list(lists, Some(self.logs));
                self.tasks.insert(at, (task, list));
                list
            }
        }
    }
}

impl List {
    fn drop_first(&mut self) {
        self.lines.pop_front();
        self.dropped += 1;
    }
}

impl LogLine {
    fn read(text: &str) -> Option<LogLine> {
        let line = Line::parse(text.as_bytes(), &Limits::default()).ok()?;
        let payload: LogPayload = line.read().and_then(Result::ok).unwrap_or_default();
        Some(LogLine {
            stream: LogStream::of(&line.kind)?,
            task: line.task,
            time: line.time,
            unit: line.unit.into_owned(),
            content: payload.content,
            n: payload.n,
        })
    }
}

readable!(EventFilter { ; types, units, repositories, q });

#[cfg(test)]
mod tests;
