//! A state in parts, so that none has to be carried whole.

use serde::Serialize;

use crate::{IdMap, PendingSnapshot, RunState, UnitState, to_json};

impl RunState {
    /// How large a part is at most that goes over a wire: a message of 1 MiB, the most that some clients take,
    /// has room for the line around it and another one.
    pub const PART_BYTES: usize = (1 << 20) - 2048;

    /// The state as JSON in parts of about `max_bytes` each, at least one: what is larger is one unit, task,
    /// pull request or file. The first holds all but those that did not fit; [`RunState::merge`] puts them
    /// together.
    pub fn parts(&self, max_bytes: usize) -> Vec<String> {
        // What every state has that is written.
        let rest = format!(r#"{{"run":"{}","status":{},"seq":{}"#, self.run, json(&self.status), self.seq);
        let mut head = json(&RunState { prs: IdMap::new(), ..self.without_units() });
        head.pop();
        let mut writer =
            Writer { max_bytes, rest, part: head, open: Vec::new(), entries: 0, parts: Vec::new() };
        for (number, pr) in &self.prs {
            writer.entry(&["prs"], &number.to_string(), &json(pr));
        }
        for (id, unit) in &self.units {
            writer.unit(id, unit);
        }
        for (unit, files) in &self.diffs {
            for (file, diff) in files {
                writer.entry(&["diffs", unit], file, &json(diff));
            }
        }
        writer.end()
    }

    /// A copy of everything but the units and files, of which there may be thousands.
    #[must_use]
    pub fn without_units(&self) -> RunState {
        RunState {
            run: self.run.clone(),
            status: self.status,
            started: self.started,
            ended: self.ended,
            unit_count: self.unit_count,
            parallelism: self.parallelism,
            error: self.error.clone(),
            seq: self.seq,
            units: IdMap::new(),
            prs: self.prs.clone(),
            usage: self.usage,
            diffs: IdMap::new(),
            diffs_omitted: self.diffs_omitted,
            loss: self.loss.clone(),
            summaries: self.summaries.clone(),
            misshapen: self.misshapen,
            pending: PendingSnapshot::default(),
        }
    }

    /// Adds a later part made by [`RunState::parts`] to the first one. Of a unit that is known already it has
    /// more tasks.
    pub fn merge(&mut self, part: RunState) {
        self.prs.extend(part.prs);
        for (id, unit) in part.units {
            match self.units.get_mut(&id) {
                Some(known) => known.tasks.extend(unit.tasks),
                None => {
                    self.units.insert(id, unit);
                }
            }
        }
        for (unit, files) in part.diffs {
            self.diffs.get_or_insert_with(&*unit, IdMap::new).extend(files);
        }
    }
}

/// Our structures have string and integer keys only, so that this cannot fail.
fn json<T: Serialize + ?Sized>(value: &T) -> String {
    to_json(value).unwrap_or_else(|_| "{}".to_owned())
}

/// A task's number, and what JSON needs around it.
const TASK_KEY: usize = 24;

/// Writes entries of objects that may be nested, cut into parts.
struct Writer {
    max_bytes: usize,
    /// How every part but the first begins.
    rest: String,
    part: String,
    /// The keys of the objects that are open in the part, in JSON.
    open: Vec<String>,
    /// How many entries the part has.
    entries: usize,
    parts: Vec<String>,
}

impl Writer {
    /// Adds a unit, or, of one that is larger than a part, its tasks in several, each with the rest of it.
    fn unit(&mut self, id: &str, unit: &UnitState) {
        let whole = json(unit);
        if whole.len() <= self.max_bytes {
            return self.entry(&["units"], id, &whole);
        }
        let bare = UnitState { tasks: IdMap::new(), ..unit.clone() };
        let mut some = bare.clone();
        let mut len = 0;
        for (number, task) in &unit.tasks {
            len += json(task).len() + TASK_KEY;
            if len > self.max_bytes && !some.tasks.is_empty() {
                self.entry(&["units"], id, &json(&std::mem::replace(&mut some, bare.clone())));
                // No object may have the same name twice.
                self.cut();
                len = 0;
            }
            some.tasks.insert(*number, task.clone());
        }
        self.entry(&["units"], id, &json(&some));
    }

    fn entry(&mut self, path: &[&str], key: &str, value: &str) {
        let path: Vec<String> = path.iter().map(|key| json(*key)).collect();
        let key = json(key);
        let opening: usize = path.iter().map(|key| key.len() + 3).sum();
        let closing = 2 * (path.len() + 1);
        let len = self.part.len() + opening + key.len() + value.len() + closing;
        if self.entries > 0 && len > self.max_bytes {
            self.cut();
        }
        let kept = self.open.iter().zip(&path).take_while(|(open, key)| open == key).count();
        self.close(kept);
        // Behind what begins an object no comma belongs.
        let mut comma = !self.part.ends_with('{');
        for key in &path[kept..] {
            self.part.push_str(if comma { "," } else { "" });
            self.part.push_str(key);
            self.part.push_str(":{");
            comma = false;
        }
        self.part.push_str(if comma { "," } else { "" });
        self.part.push_str(&key);
        self.part.push(':');
        self.part.push_str(value);
        self.open = path;
        self.entries += 1;
    }

    /// Closes the open objects but this many.
    fn close(&mut self, kept: usize) {
        for _ in kept..self.open.len() {
            self.part.push('}');
        }
        self.open.truncate(kept);
    }

    fn cut(&mut self) {
        self.close(0);
        self.part.push('}');
        self.parts.push(std::mem::replace(&mut self.part, self.rest.clone()));
        self.entries = 0;
    }

    fn end(mut self) -> Vec<String> {
        self.cut();
        self.parts
    }
}
