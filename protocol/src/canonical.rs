//! A line in the form that a reader without leniency takes.

use std::borrow::Cow;

use crate::Line;
use crate::escape::write_string;

impl<'a> Line<'a> {
    /// The line as a JSON object in which every member goes by its own name, absent ones are left out
    /// and the time is written as ours are: what a reader that knows no leniency wants. It is the
    /// received text unless that used some.
    ///
    /// ```
    /// use choo_protocol::{Limits, Line};
    /// let line = br#"{"type":"a","timestamp":"2025-01-18T10:30:15.10Z","unit":""}"#;
    /// let line = Line::parse(line, &Limits::default())?;
    /// assert_eq!(line.canonical(), r#"{"type":"a","time":"2025-01-18T10:30:15.1Z"}"#);
    /// # Ok::<(), choo_protocol::LineError>(())
    /// ```
    pub fn canonical(&self) -> Cow<'a, str> {
        let time = self.time_json();
        if !self.places.forgiven && !matches!(time, Some(Cow::Owned(_))) {
            return Cow::Borrowed(self.text);
        }
        let mut object = Object::default();
        object.text("type", &self.kind);
        if let Some(time) = time {
            object.json("time", &time);
        }
        if !self.unit.is_empty() {
            object.text("unit", &self.unit);
        }
        for (key, number) in [("task", self.task), ("pr", self.pr)] {
            if let Some(number) = number {
                object.json(key, &number.to_string());
            }
        }
        if let Some(payload) = self.payload_json() {
            object.json("payload", payload);
        }
        if !self.error.is_empty() {
            object.text("error", &self.error);
        }
        if let Some(run) = &self.run {
            object.text("run", run);
        }
        if let Some(seq) = self.seq {
            object.json("seq", &seq.to_string());
        }
        for (key, json) in self.extra() {
            object.json(key, json);
        }
        object.end().map_or(Cow::Borrowed(self.text), Cow::Owned)
    }

    /// The time's JSON as ours are written: what was received, if that is written so.
    pub fn time_json(&self) -> Option<Cow<'a, str>> {
        let time = self.time?;
        let received = self.places.time.map(|span| self.slice(span)).filter(|quoted| is_plain_time(quoted));
        Some(received.map_or_else(|| Cow::Owned(format!("\"{time}\"")), Cow::Borrowed))
    }
}

/// Whether a valid time in quotes is surely written as ours are: in UTC, without trailing zeros, and
/// no finer than nanoseconds.
fn is_plain_time(quoted: &str) -> bool {
    const LONGEST: usize = "2025-01-18T10:30:15.123456789".len() + 1;
    let plain = |text: &str| {
        text.len() <= LONGEST && !(text.contains('\\') || text.contains('.') && text.ends_with('0'))
    };
    quoted.strip_suffix("Z\"").is_some_and(plain)
}

/// An object that is being written.
#[derive(Default)]
struct Object(Vec<u8>);

impl Object {
    fn text(&mut self, key: &str, text: &str) {
        self.key(key);
        write_string(text, &mut self.0);
    }

    fn json(&mut self, key: &str, json: &str) {
        self.key(key);
        self.0.extend_from_slice(json.as_bytes());
    }

    fn key(&mut self, key: &str) {
        self.0.push(if self.0.is_empty() { b'{' } else { b',' });
        write_string(key, &mut self.0);
        self.0.push(b':');
    }

    /// Only whole texts have been written, so they are UTF-8 together.
    fn end(mut self) -> Option<String> {
        self.0.push(b'}');
        String::from_utf8(self.0).ok()
    }
}
