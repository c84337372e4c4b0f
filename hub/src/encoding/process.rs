//! The output of a task, or its files, as another tool's clients know them: `{type, content, timestamp}`
//! (S4-07) and `{file, diff}` (S4-09).

use choo_protocol::{DiffFile, DiffRemoved, Limits, Line, LogPayload, LogStream, Timestamp, kind};
use serde::Serialize;

use super::told::{self, Told};
use crate::core::{Block, Body, Frame};

/// A line of output.
#[derive(Serialize)]
struct Output<'a> {
    #[serde(rename = "type")]
    stream: LogStream,
    content: &'a str,
    timestamp: Option<Timestamp>,
}

/// How a file differs; it does no longer if `diff` is empty.
#[derive(Serialize)]
struct File<'a> {
    file: &'a str,
    diff: &'a str,
}

/// Appends the block.
pub(super) fn write(block: &Block, out: &mut Vec<u8>) {
    told::write(block, true, tell, out);
}

fn tell(frame: &Frame) -> Option<Told> {
    match frame {
        Frame::Event(record) => {
            let Body::Line { json, .. } = &record.body else { return None };
            // The validator let it in.
            let line = Line::parse(json, &Limits::default()).ok()?;
            match &*line.kind {
                kind::DIFF_FILE => match line.payload::<DiffFile>() {
                    Some(Ok(it)) => data(&File { file: &it.file, diff: &it.diff }),
                    _ => None,
                },
                kind::DIFF_REMOVED => match line.payload::<DiffRemoved>() {
                    Some(Ok(it)) => data(&File { file: &it.file, diff: "" }),
                    _ => None,
                },
                log => match LogStream::of(log) {
                    Some(stream) => {
                        let payload = line.payload::<LogPayload>().and_then(Result::ok);
                        // What is no line of output is shown as it came.
                        let content = payload
                            .as_ref()
                            .map_or(line.payload_json().unwrap_or_default(), |it| &it.content);
                        data(&Output { stream, content, timestamp: line.time })
                    }
                    None => Told::control(json),
                },
            }
        }
        Frame::Control(json) => Told::control(json),
        Frame::Snapshot { .. } | Frame::Document { .. } => None,
    }
}

fn data(value: &impl Serialize) -> Option<Told> {
    serde_json::to_vec(value).ok().map(Told::of)
}
