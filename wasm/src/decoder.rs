//! Lines as JavaScript objects.

use choo_protocol::{Frame, Limits, Line, LineDecoder, LineError};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::batch::Batch;
use crate::json;

/// Turns a stream of bytes into events.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Decoder {
    lines: LineDecoder,
    limits: Limits,
    faults: Faults,
    /// Kept for its room.
    batch: Batch,
}

/// Lines that could not be read.
#[derive(Debug, Default)]
struct Faults {
    /// Those that wait to be fetched, at most [`MAX_FAULTS`].
    waiting: Vec<Fault>,
    /// How many there were.
    count: u64,
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

#[wasm_bindgen]
impl Decoder {
    /// A decoder at the beginning of a stream.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Decoder {
        let limits = Limits::default();
        Decoder {
            lines: LineDecoder::new(limits),
            limits,
            faults: Faults::default(),
            batch: Batch::default(),
        }
    }

    /// Takes the next bytes, cut anywhere, and answers with the values and names of the
    /// events that they complete, for `batch.ts`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<JsValue, JsValue> {
        let Decoder { lines, limits, faults, batch } = self;
        batch.begin();
        lines.feed(bytes, |frame| {
            if let Some(line) = faults.sift(frame, limits) {
                batch.push(&line);
            }
        });
        json::parse(batch.text())
    }

    /// The numbers of the same events.
    pub fn numbers(&self) -> Box<[i32]> {
        self.batch.numbers().into()
    }

    /// Takes the next bytes, cut anywhere, and answers how many good lines they complete. Makes no objects.
    pub fn check(&mut self, bytes: &[u8]) -> f64 {
        let Decoder { lines, limits, faults, .. } = self;
        let mut good = 0_u32;
        lines.feed(bytes, |frame| good += u32::from(faults.sift(frame, limits).is_some()));
        f64::from(good)
    }

    /// How many lines could not be read.
    #[wasm_bindgen(getter)]
    pub fn bad(&self) -> f64 {
        self.faults.count as f64
    }

    /// The lines that could not be read since this was last asked, at most 100.
    #[wasm_bindgen(js_name = takeFaults)]
    pub fn take_faults(&mut self) -> Result<JsValue, JsValue> {
        json::object(&std::mem::take(&mut self.faults.waiting))
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

impl Faults {
    /// The line of a frame, if it is a good one; what is wrong with a bad one is noted.
    fn sift<'a>(&mut self, frame: Frame<'a>, limits: &Limits) -> Option<Line<'a>> {
        let fault = match frame {
            Frame::Line(bytes) => match Line::parse(bytes, limits) {
                Ok(line) => return Some(line),
                Err(error) => Fault::of(&error),
            },
            Frame::Oversized { bytes } => {
                let message = format!("a line of {bytes} bytes was skipped");
                Fault { kind: "oversized", message, offset: None }
            }
        };
        self.count += 1;
        if self.waiting.len() < MAX_FAULTS {
            self.waiting.push(fault);
        }
        None
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
