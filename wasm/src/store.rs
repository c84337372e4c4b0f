//! The run store as a JavaScript class.
#![expect(clippy::needless_pass_by_value, reason = "wasm-bindgen hands over owned values only")]

use choo_protocol::{EventFilter, IdMap, StoreFault, UnitState};
use serde::{Serialize, Serializer};
use wasm_bindgen::prelude::*;

use crate::json;

/// Folds a hub's stream; JavaScript gets what it asks for.
#[wasm_bindgen]
#[derive(Debug)]
pub struct RunStore {
    inner: choo_protocol::RunStore,
}

type Answer = Result<JsValue, JsValue>;

#[wasm_bindgen]
impl RunStore {
    /// An empty store whose journal holds about this many bytes of lines.
    #[wasm_bindgen(constructor)]
    pub fn new(journal_bytes: Option<usize>) -> RunStore {
        let bytes = journal_bytes.unwrap_or(choo_protocol::RunStore::DEFAULT_JOURNAL_BYTES);
        RunStore { inner: choo_protocol::RunStore::new(bytes) }
    }

    /// Another connection begins.
    #[wasm_bindgen(js_name = beginStream)]
    pub fn begin_stream(&mut self) {
        self.inner.begin_stream();
    }

    /// Takes the next bytes, cut anywhere, and answers with what changed.
    pub fn push(&mut self, bytes: &[u8]) -> Answer {
        self.inner.push(bytes);
        json::object(&self.inner.take_changes())
    }

    /// All runs, the one that started last first.
    pub fn runs(&mut self) -> Answer {
        json::object(&self.inner.summaries())
    }

    /// A run's state without its units and files; `undefined` for an unknown run.
    pub fn run(&self, run: &str) -> Answer {
        self.inner.state(run).map_or(Ok(JsValue::UNDEFINED), |state| json::object(&state.without_units()))
    }

    /// The units of a run by id: those asked for that exist, or all.
    pub fn units(&self, run: &str, ids: Option<Vec<String>>) -> Answer {
        match (self.inner.state(run), ids) {
            (None, _) => json::parse("{}"),
            (Some(state), None) => json::object(&state.units),
            (Some(state), Some(ids)) => json::object(&Picked { units: &state.units, ids: &ids }),
        }
    }

    /// One unit; `undefined` if it does not exist.
    pub fn unit(&self, run: &str, id: &str) -> Answer {
        self.inner.unit(run, id).map_or(Ok(JsValue::UNDEFINED), json::object)
    }

    /// The files that differ in a unit's work tree, by their path.
    pub fn diffs(&self, run: &str, unit: &str) -> Answer {
        self.inner.diffs(run, unit).map_or_else(|| json::parse("{}"), json::object)
    }

    /// The drawing of a run's graph; an empty one for an unknown run.
    pub fn layout(&mut self, run: &str) -> Answer {
        match self.inner.layout(run) {
            Some(layout) => json::object(layout),
            None => json::object(&choo_protocol::GraphLayout::default()),
        }
    }

    /// How many events of a run fit the filter, a JSON text.
    #[wasm_bindgen(js_name = eventCount)]
    pub fn event_count(&mut self, run: &str, filter: Option<String>) -> Result<usize, JsValue> {
        Ok(self.inner.journal_mut().event_count(run, &read_filter(filter)?))
    }

    /// The events that fit, from a place in their list on.
    pub fn events(&mut self, run: &str, from: usize, count: usize, filter: Option<String>) -> Answer {
        let filter = read_filter(filter)?;
        json::array(self.inner.journal_mut().events(run, &filter, from, count))
    }

    /// How many events of a run have gone to make room.
    #[wasm_bindgen(js_name = eventsDropped)]
    pub fn events_dropped(&self, run: &str) -> f64 {
        number(self.inner.journal().events_dropped(run))
    }

    /// How many log lines a run, a unit or a task has.
    #[wasm_bindgen(js_name = logCount)]
    pub fn log_count(&self, run: &str, unit: Option<String>, task: Option<f64>) -> usize {
        self.inner.journal().log_count(run, unit.as_deref(), task.map(integer))
    }

    /// The log lines of a run, a unit or a task, from a place in their list on.
    pub fn logs(
        &self,
        run: &str,
        unit: Option<String>,
        task: Option<f64>,
        from: usize,
        count: usize,
    ) -> Answer {
        json::object(&self.inner.journal().logs(run, unit.as_deref(), task.map(integer), from, count))
    }

    /// How many log lines have gone from the front of the list.
    #[wasm_bindgen(js_name = logsDropped)]
    pub fn logs_dropped(&self, run: &str, unit: Option<String>, task: Option<f64>) -> f64 {
        number(self.inner.journal().logs_dropped(run, unit.as_deref(), task.map(integer)))
    }

    /// The last lines that could not be used, at most 100, oldest first.
    pub fn faults(&self) -> Answer {
        json::object(&self.inner.faults().collect::<Vec<&StoreFault>>())
    }

    /// Up to where the stream has been taken.
    #[wasm_bindgen(getter)]
    pub fn cursor(&self) -> Option<String> {
        self.inner.cursor().map(str::to_owned)
    }

    /// Rises with every change.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> f64 {
        number(self.inner.version())
    }
}

/// Some units of many, as a map.
struct Picked<'a> {
    units: &'a IdMap<String, UnitState>,
    ids: &'a [String],
}

impl Serialize for Picked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.ids.iter().filter_map(|id| Some((id, self.units.get(id)?))))
    }
}

fn read_filter(json: Option<String>) -> Result<EventFilter, JsValue> {
    let Some(json) = json else { return Ok(EventFilter::default()) };
    let refuse = |why: String| json::failure("bad-filter", &why, None);
    let filter = EventFilter::from_json(&json)
        .map_err(|error| refuse(format!("not a filter {{types, units, repositories, q}}: {error}")))?;
    filter.to_filter().map_err(|error| refuse(error.to_string()))?;
    Ok(filter)
}

/// Counts stay far below 2^53.
fn number(count: u64) -> f64 {
    count as f64
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a task's number is at most 2^53 - 1; a saturating cast misses"
)]
fn integer(number: f64) -> i64 {
    number as i64
}
