//! A stretch of the journal: one piece of memory for the text of many lines.

/// Where a line's text ends in its segment, and the lists it stands in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    end: u32,
    kind: u32,
    unit: u32,
    events: u32,
    /// `u32::MAX` for a line that is no log line.
    log: u32,
}

impl Entry {
    /// All of them are numbered in 32 bits: there are fewer than lines, and lines are bounded by memory.
    pub(super) fn new(kind: usize, unit: usize, events: usize, log: Option<usize>) -> Self {
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Entry {
            end: 0,
            kind: number(kind),
            unit: number(unit),
            events: number(events),
            log: log.map_or(u32::MAX, number),
        }
    }

    /// The number of its type's name.
    pub(super) fn kind(&self) -> usize {
        self.kind as usize
    }

    /// The number of its unit's name within the run.
    pub(super) fn unit(&self) -> usize {
        self.unit as usize
    }

    /// The list of all events of its run.
    pub(super) fn events(&self) -> usize {
        self.events as usize
    }

    /// The narrowest list of log lines it stands in.
    pub(super) fn log(&self) -> Option<usize> {
        (self.log != u32::MAX).then_some(self.log as usize)
    }
}

#[derive(Debug)]
pub(super) struct Segment {
    /// Number of its first line.
    first: u64,
    text: String,
    entries: Vec<Entry>,
}

/// Room for the text; a longer line gets a segment of its own.
const ROOM: usize = 256 << 10;

impl Segment {
    pub(super) fn begin(first: u64, line: &str, entry: Entry) -> Self {
        let mut segment =
            Segment { first, text: String::with_capacity(line.len().max(ROOM)), entries: Vec::new() };
        segment.push(line, entry);
        segment
    }

    pub(super) fn fits(&self, line: &str) -> bool {
        self.text.len() + line.len() <= ROOM
    }

    pub(super) fn push(&mut self, line: &str, entry: Entry) {
        self.text.push_str(line);
        let end = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        self.entries.push(Entry { end, ..entry });
    }

    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn text_len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The line with this number, if it is here.
    pub(super) fn get(&self, number: u64) -> Option<(&Entry, &str)> {
        let at = usize::try_from(number.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get(at)?;
        let start = at.checked_sub(1).map_or(0, |before| self.entries[before].end as usize);
        Some((entry, self.text.get(start..entry.end as usize)?))
    }
}
