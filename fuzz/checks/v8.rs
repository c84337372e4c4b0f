//! The validator and the rules on top of V8's `JSON.parse` (`tests/oracles/rules.mjs`) let in the same lines,
//! with the same meaning.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use choo_protocol::{Limits, Line, LineErrorKind};
use serde_json::Value;

/// Node, with the rules loaded, which judges batches of inputs. Killed when dropped.
#[derive(Debug)]
pub struct Judge {
    node: Child,
    answers: BufReader<ChildStdout>,
    /// How many inputs go to it at once.
    batch: usize,
    waiting: Vec<Verdict>,
    asked: Vec<Verdict>,
}

/// An input, and what the validator makes of it: what the line means, or the rule that it breaks and why.
#[derive(Debug)]
pub struct Verdict {
    data: Vec<u8>,
    ours: Result<Value, (&'static str, String)>,
}

impl Judge {
    /// Starts Node, which must be installed. `repository` is the root of the clone.
    pub fn start(repository: &Path, batch: usize) -> io::Result<Self> {
        let mut node = Command::new("node")
            .arg(repository.join("tests/oracles/rules.mjs"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let answers = node.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let answers = BufReader::new(answers);
        Ok(Judge { node, answers, batch, waiting: Vec::new(), asked: Vec::new() })
    }

    /// Takes an input. Now and then a batch is full; then this answers with the inputs of the batch before
    /// it that are judged otherwise here, and why. Node works on one batch while the next is made.
    pub fn take(&mut self, data: &[u8]) -> io::Result<Vec<(Vec<u8>, String)>> {
        // At once, so that the fuzzer sees where this input leads.
        self.waiting.push(Verdict::of(data));
        match self.batch {
            1 => self.finish(),
            batch if self.waiting.len() < batch => Ok(Vec::new()),
            _ => self.turn(),
        }
    }

    /// The same for everything taken so far.
    pub fn finish(&mut self) -> io::Result<Vec<(Vec<u8>, String)>> {
        let mut differences = self.turn()?;
        differences.append(&mut self.turn()?);
        Ok(differences)
    }

    fn turn(&mut self) -> io::Result<Vec<(Vec<u8>, String)>> {
        let mut differences = Vec::new();
        for verdict in std::mem::take(&mut self.asked) {
            let mut answer = String::new();
            self.answers.read_line(&mut answer)?;
            let answer = answer.strip_suffix('\n').ok_or(io::ErrorKind::UnexpectedEof)?;
            if let Some(why) = verdict.difference(answer) {
                differences.push((verdict.data, why));
            }
        }
        self.asked = std::mem::take(&mut self.waiting);
        let length = |n: usize| u32::try_from(n).map(u32::to_le_bytes).map_err(io::Error::other);
        let mut bytes = length(self.asked.len())?.to_vec();
        for Verdict { data, .. } in &self.asked {
            bytes.extend_from_slice(&length(data.len())?);
            bytes.extend_from_slice(data);
        }
        if let Some(input) = &mut self.node.stdin {
            input.write_all(&bytes)?;
        }
        Ok(differences)
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        drop(self.node.stdin.take());
        // It ends when its input does, and may not do so while nobody reads what it says.
        let _ = io::copy(&mut self.answers.by_ref(), &mut io::sink());
        let _ = self.node.wait();
    }
}

impl Verdict {
    /// Asks the validator.
    pub fn of(data: &[u8]) -> Self {
        let ours = Line::parse(data, &Limits::default()).map(|line| meaning(&line)).map_err(|error| {
            let rule = match error.kind {
                LineErrorKind::Trailing | LineErrorKind::ByteOrderMark => "syntax",
                ref kind => kind.as_str(),
            };
            (rule, error.to_string())
        });
        Verdict { data: data.to_vec(), ours }
    }

    /// In what it differs from an answer of the judge.
    pub fn difference(&self, answer: &str) -> Option<String> {
        match (&self.ours, answer.strip_prefix('!')) {
            (Ok(ours), None) => {
                let theirs: Option<Value> = serde_json::from_str(answer).ok();
                (theirs.as_ref() != Some(ours)).then(|| format!("means {ours} here, {answer} there"))
            }
            (Ok(_), Some(rules)) => Some(format!("let in here, there: {rules}")),
            (Err((_, error)), None) => Some(format!("refused here: {error}; let in there")),
            (Err((rule, error)), Some(rules)) => {
                // Where it is no JSON we may have met another fault before that one.
                let named = rules == "syntax" || rules.split(' ').any(|named| named == *rule);
                (!named).then(|| format!("refused here: {error}; there: {rules}"))
            }
        }
    }
}

/// The envelope as the judge writes it.
fn meaning(line: &Line<'_>) -> Value {
    let value: Value = serde_json::from_str(line.text()).unwrap_or_default();
    let mut event = serde_json::json!({ "type": line.kind });
    // An empty string is a value to JSON, and absent to us.
    let mut text = |key: &str, ours: Option<&str>| {
        if let Some(theirs) = value.get(key).and_then(Value::as_str) {
            event[key] = if ours.unwrap_or_default() == theirs { theirs } else { "another one" }.into();
        } else if ours.is_some_and(|ours| !ours.is_empty()) {
            event[key] = "not there".into();
        }
    };
    text("unit", Some(&line.unit));
    text("error", Some(&line.error));
    text("run", line.run.as_deref());
    let time = value.get("time").or(value.get("timestamp")).and_then(Value::as_str);
    if let Some(time) = time {
        event["time"] = time.into();
    }
    event["millis"] = line.time.map(choo_protocol::Timestamp::unix_millis).into();
    for (key, number) in [("task", line.task), ("pr", line.pr), ("seq", line.seq.map(u64::cast_signed))] {
        if let Some(number) = number {
            event[key] = number.into();
        }
    }
    if line.payload_json().is_some() {
        event["payload"] = true.into();
    }
    event["members"] = value.as_object().map_or(0, serde_json::Map::len).into();
    event
}
