//! One line of text for each event.

use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use choo_protocol::{
    CmdRejected, CmdRequest, HubBye, HubEnd, HubError, HubGap, HubSnapshot, Line, LinkLost, LogPayload,
    LogStream, OrchSnapshot, OrchStarted, RunState, RunStatus, TaskPayload, Timestamp, UnitStarted,
    UnitStatus, kind,
};

use crate::text;

/// Writes events for a person: time, unit, and what happened. Colours are always written; the output strips
/// them where there is no terminal.
#[derive(Debug, Default)]
pub(super) struct View {
    /// The run that the last line belonged to.
    run: Option<String>,
    /// Width of the column of unit ids: as wide as the widest so far, within bounds.
    width: usize,
    /// The snapshot that is just arriving in parts.
    arriving: Option<RunState>,
}

/// What happened, and how it looks.
struct What {
    style: Style,
    text: String,
}

impl View {
    pub(super) fn new() -> Self {
        Self { width: MIN_UNIT_CHARS, ..Self::default() }
    }

    /// Writes the line, or nothing if it is of no interest to a person.
    pub(super) fn write(&mut self, line: &Line<'_>, out: &mut impl Write) -> io::Result<()> {
        let Some(what) = self.describe(line) else { return Ok(()) };
        if let Some(run) = &line.run
            && self.run.as_deref() != Some(run)
        {
            let bold = Style::new().bold();
            writeln!(out, "{bold}run {run}{bold:#}")?;
            self.run = Some(run.clone().into_owned());
        }
        let time = line.time.map_or_else(|| "--:--:--".to_owned(), clock);
        let unit = text::harmless(&line.unit, false);
        let chars = unit.chars().count();
        self.width = self.width.max(chars.min(MAX_UNIT_CHARS));
        let dim = Style::new().dimmed();
        let id = unit_style(&unit);
        let padding = self.width.saturating_sub(chars);
        let What { style, text } = what;
        write!(out, "{dim}{time}{dim:#} {id}{unit}{id:#}{:padding$} {style}{text}{style:#}", "")?;
        let mut error = line.error.lines();
        if let Some(first) = error.next() {
            write!(out, ": {}", text::harmless(first, false))?;
        }
        writeln!(out)?;
        // The error of a task is told in full by the unit that it fails.
        for more in error.filter(|_| !line.kind.starts_with("task.")) {
            writeln!(
                out,
                "{:indent$}{dim}|{dim:#} {}",
                "",
                text::harmless(more, false),
                indent = CLOCK_CHARS + 1
            )?;
        }
        Ok(())
    }

    fn describe(&mut self, line: &Line<'_>) -> Option<What> {
        let kind = &*line.kind;
        if let Some(stream) = LogStream::of(kind) {
            return Some(log(line, stream));
        }
        if let Some(event) = kind.strip_prefix("task.") {
            return Some(task(line, event));
        }
        Some(match kind {
            kind::HUB_HELLO | kind::HUB_CURSOR => return None,
            kind::HUB_SNAPSHOT => {
                let Some(Ok(HubSnapshot { state, part, parts, .. })) = line.payload() else { return None };
                return self.snapshot(state, (part, parts));
            }
            kind::ORCH_SNAPSHOT => match line.payload::<OrchSnapshot>() {
                Some(Ok(snapshot)) => {
                    let place = snapshot.place();
                    return self.snapshot(snapshot.state, place);
                }
                _ => other(line),
            },
            kind::ORCH_STARTED => {
                let started: OrchStarted = payload(line);
                let units = text::count(started.unit_count, "unit");
                bold(AnsiColor::Cyan, format!("run started: {units}, {} at a time", started.parallelism))
            }
            kind::ORCH_COMPLETED => bold(AnsiColor::Green, "run completed"),
            kind::ORCH_FAILED => bold(AnsiColor::Red, "run failed"),
            kind::ORCH_CANCELLED => bold(AnsiColor::Yellow, "run cancelled"),
            kind::UNIT_STARTED => {
                let started: UnitStarted = payload(line);
                let tasks = started.total_tasks.map(|total| format!(" ({})", text::count(total, "task")));
                plain(AnsiColor::Cyan, format!("started{}", tasks.unwrap_or_default()))
            }
            kind::UNIT_COMPLETED | kind::UNIT_MERGED => plain(AnsiColor::Green, short(kind)),
            kind::UNIT_FAILED => bold(AnsiColor::Red, short(kind)),
            kind::UNIT_BLOCKED | kind::UNIT_CANCELLED | kind::UNIT_SKIPPED => {
                plain(AnsiColor::Yellow, short(kind))
            }
            kind::UNIT_QUEUED => dimmed(short(kind)),
            kind::CMD_REQUEST => match line.payload() {
                Some(Ok(request)) => plain(AnsiColor::Magenta, asked(&request)),
                _ => other(line),
            },
            kind::CMD_REJECTED => match line.payload() {
                Some(Ok(CmdRejected { reason, .. })) => {
                    let reason = text::harmless(reason.as_str(), false).into_owned();
                    plain(AnsiColor::Yellow, format!("command rejected ({reason})"))
                }
                _ => other(line),
            },
            kind::CMD_ACCEPTED => dimmed("command accepted"),
            kind::CMD_DONE if line.error.is_empty() => dimmed("command done"),
            kind::CMD_DONE => plain(AnsiColor::Yellow, "command failed"),
            kind::LINK_LOST => {
                let LinkLost { count, reason, .. } = payload(line);
                bold(
                    AnsiColor::Yellow,
                    format!("{} lost before the hub ({reason})", text::count(count, "event")),
                )
            }
            kind::HUB_GAP => {
                let HubGap { count, why, .. } = payload(line);
                let missing = count.map_or_else(|| "events".to_owned(), |count| text::count(count, "event"));
                bold(AnsiColor::Yellow, format!("{missing} missing here ({why})"))
            }
            kind::HUB_END => match line.payload() {
                Some(Ok(HubEnd { status, .. })) => dimmed(format!("no more events: {}", status_word(status))),
                _ => dimmed("no more events"),
            },
            kind::HUB_ERROR => {
                let HubError { message, count, .. } = payload(line);
                plain(AnsiColor::Yellow, format!("the hub refused {}: {message}", text::count(count, "line")))
            }
            kind::HUB_BYE => {
                let HubBye { code, .. } = payload(line);
                dimmed(format!("the hub says goodbye ({code})"))
            }
            _ => other(line),
        })
    }

    /// One line for a whole snapshot, when its last part is there.
    fn snapshot(&mut self, state: RunState, (part, parts): (u32, u32)) -> Option<What> {
        match &mut self.arriving {
            Some(arriving) if part > 1 => arriving.merge(state),
            arriving => *arriving = Some(state),
        }
        let whole = self.arriving.take_if(|_| part >= parts)?;
        Some(dimmed(Counts::of(&whole).describe()))
    }
}

/// Units of a snapshot by what matters to a person.
#[derive(Debug, Default)]
struct Counts {
    status: RunStatus,
    total: usize,
    complete: usize,
    running: usize,
    failed: usize,
    blocked: usize,
    lost: u64,
}

impl Counts {
    fn of(state: &RunState) -> Self {
        let mut counts = Counts {
            status: state.status,
            lost: state.loss.count,
            total: state.units.len(),
            ..Counts::default()
        };
        for unit in state.units.values() {
            match unit.status {
                UnitStatus::Complete => counts.complete += 1,
                UnitStatus::InProgress | UnitStatus::InReview => counts.running += 1,
                UnitStatus::Failed => counts.failed += 1,
                UnitStatus::Blocked => counts.blocked += 1,
                _ => {}
            }
        }
        counts
    }

    fn describe(&self) -> String {
        let mut line = format!(
            "so far {}: {} of {} complete",
            status_word(self.status),
            self.complete,
            text::count(self.total, "unit")
        );
        for (number, what) in [(self.running, "running"), (self.failed, "failed"), (self.blocked, "blocked")]
        {
            if number > 0 {
                let _ = write!(line, ", {number} {what}");
            }
        }
        if self.lost > 0 {
            let _ = write!(line, "; {} lost before the hub", text::count(self.lost, "event"));
        }
        line
    }
}

/// `retry parser 2 asked for by uid:1000: the disk was full`
fn asked(request: &CmdRequest) -> String {
    let CmdRequest { cmd, args, by, .. } = request;
    let mut text = cmd.to_string();
    for part in [args.unit.clone(), args.task.map(|task| task.to_string())].into_iter().flatten() {
        let _ = write!(text, " {part}");
    }
    text.push_str(" asked for");
    if !by.is_empty() {
        let _ = write!(text, " by {by}");
    }
    if let Some(reason) = &args.reason {
        let _ = write!(text, ": {reason}");
    }
    text::harmless(&text, false).into_owned()
}

fn log(line: &Line<'_>, stream: LogStream) -> What {
    let LogPayload { content, .. } = payload(line);
    let content = text::harmless(&content, true);
    let (mark, colour) = match stream {
        LogStream::Stdout => ("|", AnsiColor::BrightBlack),
        LogStream::Stderr => ("!", AnsiColor::Yellow),
        LogStream::System => ("#", AnsiColor::Blue),
        LogStream::Error => ("!", AnsiColor::Red),
    };
    let style = colour.on_default();
    What { style: Style::new(), text: format!("{style}{mark}{style:#} {content}") }
}

fn task(line: &Line<'_>, event: &str) -> What {
    let TaskPayload { name, attempt, .. } = payload(line);
    let number = line.task.map(|number| format!("task {number} ")).unwrap_or_default();
    let event = text::harmless(event, false);
    let (colour, verb) = match &*event {
        "started" => (AnsiColor::Blue, "started"),
        "completed" => (AnsiColor::Green, "completed"),
        "failed" => (AnsiColor::Red, "failed"),
        "retry" => (AnsiColor::Yellow, "tried again"),
        "validation.ok" => (AnsiColor::Green, "passed its check"),
        "validation.fail" => (AnsiColor::Yellow, "did not pass its check"),
        "backpressure" => (AnsiColor::BrightBlack, "checks"),
        other => (AnsiColor::BrightBlack, other),
    };
    let name = name.map(|name| format!(": {}", text::harmless(&name, false))).unwrap_or_default();
    let attempt = attempt.filter(|attempt| *attempt > 1).map(|attempt| format!(" (attempt {attempt})"));
    plain(colour, format!("{number}{verb}{name}{}", attempt.unwrap_or_default()))
}

/// An event that has no words of its own: its type, and what it carries.
fn other(line: &Line<'_>) -> What {
    let mut text = text::harmless(&line.kind, false).into_owned();
    if let Some(pr) = line.pr {
        let _ = write!(text, " #{pr}");
    }
    if let Some(payload) = line.payload_json() {
        let end = payload.floor_char_boundary(MAX_PAYLOAD_BYTES);
        text.push(' ');
        text.push_str(&text::harmless(&payload[..end], false));
        if end < payload.len() {
            text.push('…');
        }
    }
    What { style: Style::new(), text }
}

/// The typed payload; an event without a readable one is shown by what else is known of it.
fn payload<T: serde::de::DeserializeOwned + Default>(line: &Line<'_>) -> T {
    line.payload().and_then(Result::ok).unwrap_or_default()
}

fn plain(colour: AnsiColor, text: impl Into<String>) -> What {
    What { style: colour.on_default(), text: text.into() }
}

fn bold(colour: AnsiColor, text: impl Into<String>) -> What {
    What { style: colour.on_default().bold(), text: text.into() }
}

fn dimmed(text: impl Into<String>) -> What {
    What { style: Style::new().dimmed(), text: text.into() }
}

/// `failed` of `unit.failed`.
fn short(kind: &str) -> String {
    kind.split_once('.').map_or(kind, |(_, rest)| rest).to_owned()
}

fn status_word(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Stale => "stale: its program went away without a word",
        other => other.as_str(),
    }
}

/// The time of day in UTC.
fn clock(time: Timestamp) -> String {
    let utc = Timestamp::from_unix_nanos(time.unix_nanos()).to_string();
    utc.get(11..11 + CLOCK_CHARS).unwrap_or(&utc).to_owned()
}

/// Units keep their colour, so that an eye can follow one among many.
fn unit_style(unit: &str) -> Style {
    let sum = unit.bytes().fold(0_usize, |sum, byte| sum.wrapping_mul(31).wrapping_add(usize::from(byte)));
    UNIT_COLOURS[sum % UNIT_COLOURS.len()].on_default()
}

const UNIT_COLOURS: [AnsiColor; 6] = [
    AnsiColor::Cyan,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

const CLOCK_CHARS: usize = "10:30:15".len();
const MIN_UNIT_CHARS: usize = 8;
const MAX_UNIT_CHARS: usize = 28;
const MAX_PAYLOAD_BYTES: usize = 200;

#[cfg(test)]
mod tests {
    use choo_protocol::Limits;

    use super::*;

    fn shown(lines: &[&str]) -> String {
        let mut view = View::new();
        let mut out = Vec::new();
        for line in lines {
            view.write(&Line::parse(line.as_bytes(), &Limits::default()).unwrap(), &mut out).unwrap();
        }
        anstream::adapter::strip_str(&String::from_utf8(out).unwrap()).to_string()
    }

    const STORY: &[&str] = &[
        r#"{"type":"hub.hello","payload":{"proto":1,"epoch":"1","recovered":false}}"#,
        r#"{"type":"orch.started","time":"2025-01-18T10:30:00Z","payload":{"unit_count":3,"parallelism":2},"run":"r1","seq":1}"#,
        r#"{"type":"unit.queued","time":"2025-01-18T10:30:00Z","unit":"app-shell","run":"r1","seq":2}"#,
        r#"{"type":"unit.started","time":"2025-01-18T12:30:01+02:00","unit":"app-shell","payload":{"total_tasks":2},"run":"r1"}"#,
        r#"{"type":"task.started","time":"2025-01-18T10:30:01Z","unit":"app-shell","task":1,"payload":{"name":"Build it","attempt":2},"run":"r1"}"#,
        r#"{"type":"log.stdout","time":"2025-01-18T10:30:01Z","unit":"app-shell","task":1,"payload":{"content":"\u001b[32mok\u001b[0m \u001b[2Jdone","n":1},"run":"r1"}"#,
        r#"{"type":"log.stderr","time":"2025-01-18T10:30:01Z","unit":"app-shell","task":1,"payload":{"content":"oh","n":2},"run":"r1"}"#,
        r#"{"type":"task.validation.fail","time":"2025-01-18T10:30:02Z","unit":"app-shell","task":1,"error":"exit status 1","run":"r1"}"#,
        r#"{"type":"unit.failed","time":"2025-01-18T10:30:02Z","unit":"app-shell","error":"exit status 1: make\nlast words\nvery last","run":"r1"}"#,
        r#"{"type":"unit.blocked","time":"2025-01-18T10:30:02Z","unit":"a-unit-with-a-rather-long-name-indeed","error":"app-shell failed","run":"r1"}"#,
        r#"{"type":"pr.created","time":"2025-01-18T10:30:02Z","unit":"x","pr":7,"payload":{"url":"http://x"},"run":"r1"}"#,
        r#"{"type":"link.lost","time":"2025-01-18T10:30:02Z","payload":{"from":3,"to":9,"count":4,"reason":"overflow"},"run":"r1"}"#,
        r#"{"type":"orch.failed","time":"2025-01-18T10:30:03Z","error":"1 of 3 units failed: app-shell","run":"r1"}"#,
        r#"{"type":"hub.cursor","payload":{"cursor":"1:1"}}"#,
        r#"{"type":"hub.gap","payload":{"from":"1:1","to":"1:9","count":1,"why":"evicted"}}"#,
        r#"{"type":"unit.completed","unit":"docs","run":"r2"}"#,
        r#"{"type":"hub.end","payload":{"run":"r2","status":"stale"},"run":"r2"}"#,
    ];

    #[test]
    fn a_run_reads_like_a_story() {
        insta::assert_snapshot!(shown(STORY));
    }

    #[test]
    fn a_snapshot_is_one_line_however_many_parts_it_has() {
        for (kind, of) in
            [("hub.snapshot", r#""run":"r","cursor":"1:9""#), ("orch.snapshot", r#""through":9"#)]
        {
            let part = |part: u32, state: &str| {
                format!(
                    r#"{{"type":"{kind}","time":"2025-01-18T10:30:00Z","payload":{{{of},"state":{{"run":"r",{state}}},"part":{part},"parts":2}},"run":"r"}}"#
                )
            };
            let first =
                part(1, r#""status":"running","units":{"a":{"status":"complete"},"b":{"status":"failed"}}"#);
            let second = part(2, r#""units":{"b":{"tasks":{"1":{}}},"c":{"status":"in_progress"}}"#);
            assert_eq!(
                shown(&[&first, &second]),
                "run r\n10:30:00          so far running: 1 of 3 units complete, 1 running, 1 failed\n"
            );
        }
    }

    #[test]
    fn a_payload_of_the_wrong_shape_does_no_harm() {
        for kind in
            ["orch.started", "unit.started", "task.started", "log.stdout", "link.lost", "hub.gap", "hub.end"]
        {
            let line = format!(r#"{{"type":"{kind}","payload":[1],"error":""}}"#);
            assert!(shown(&[&line]).lines().count() == 1, "{kind}");
        }
        assert_eq!(shown(&[r#"{"type":"hub.snapshot","payload":7}"#]), "");
    }
}
