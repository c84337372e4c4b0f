//! Lines as JavaScript objects.

use choo_protocol::{Frame, Limits, Line, LineDecoder, LineError};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::json;

/// Turns a stream of bytes into events.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Decoder {
    lines: LineDecoder,
    limits: Limits,
    faults: Vec<Fault>,
    bad: u64,
    /// The array under construction; kept for its room.
    batch: String,
}

/// A line that could not be read.
#[derive(Debug, Serialize)]
struct Fault {
    kind: &'static str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<usize>,
}

/// How many faults wait to be fetched; all are counted.
const MAX_FAULTS: usize = 100;
/// Room for events that is kept between pushes.
const KEEP: usize = 1 << 20;

#[wasm_bindgen]
impl Decoder {
    /// A decoder at the beginning of a stream.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Decoder {
        let limits = Limits::default();
        Decoder { lines: LineDecoder::new(limits), limits, faults: Vec::new(), bad: 0, batch: String::new() }
    }

    /// Takes the next bytes, cut anywhere, and answers with the array of events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<JsValue, JsValue> {
        let Decoder { lines, limits, faults, bad, batch } = self;
        batch.clear();
        batch.push('[');
        lines.feed(bytes, |frame| {
            let fault = match frame {
                Frame::Line(bytes) => match Line::parse(bytes, limits) {
                    Ok(line) => {
                        if batch.len() > 1 {
                            batch.push(',');
                        }
                        return batch.push_str(&line.canonical());
                    }
                    Err(error) => Fault::of(&error),
                },
                Frame::Oversized { bytes } => Fault {
                    kind: "oversized",
                    message: format!("a line of {bytes} bytes was skipped"),
                    offset: None,
                },
            };
            *bad += 1;
            if faults.len() < MAX_FAULTS {
                faults.push(fault);
            }
        });
        batch.push(']');
        let events = json::parse(batch);
        if batch.capacity() > KEEP {
            *batch = String::new();
        }
        events
    }

    /// How many lines could not be read.
    #[wasm_bindgen(getter)]
    pub fn bad(&self) -> f64 {
        self.bad as f64
    }

    /// The lines that could not be read since this was last asked, at most 100.
    #[wasm_bindgen(js_name = takeFaults)]
    pub fn take_faults(&mut self) -> Result<JsValue, JsValue> {
        json::object(&std::mem::take(&mut self.faults))
    }

    /// Ends the stream: answers with the length of a torn last line in bytes, 0 if there is none, and
    /// begins anew.
    pub fn finish(&mut self) -> f64 {
        self.lines.finish().unwrap_or(0) as f64
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Decoder::new()
    }
}

impl Fault {
    fn of(error: &LineError) -> Self {
        Fault { kind: error.kind.as_str(), message: error.to_string(), offset: Some(error.offset) }
    }
}

/// Reads one line. Throws an `Error` with `kind` and `offset`.
#[wasm_bindgen]
pub fn decode(line: &str) -> Result<JsValue, JsValue> {
    let line = line.strip_suffix('\n').unwrap_or(line);
    let line = line.strip_suffix('\r').unwrap_or(line);
    match Line::parse(line.as_bytes(), &Limits::default()) {
        Ok(line) => json::parse(&line.canonical()),
        Err(error) => Err(json::failure(error.kind.as_str(), &error.to_string(), Some(error.offset))),
    }
}
