//! Events on their way to JavaScript.

use choo_protocol::{Line, to_json};

/// Many events in the form from which `batch.ts` makes objects.
///
/// Parsing lines as they are costs JavaScript mostly the keys, and the names that come again with every
/// event. So the numbers of ordinary events go apart, and a name (a type, unit or run) goes as its place
/// in a list of names. The numbers of an event are 128 × the place of its type + the sum of the
/// [`Members`] that it has, then those of its unit, task, pull request, run and `seq`, as far as it has
/// them; its time and payload stand in the list of values. An event with other members, or with a number
/// beyond 31 bits, is one number, −1, and stands in the list of values whole.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    numbers: Vec<i32>,
    /// As elements of a JSON array, each with a comma behind it.
    values: String,
    names: Names,
}

/// What an ordinary event has besides its type.
struct Members;

impl Members {
    const TIME: i32 = 1;
    const UNIT: i32 = 2;
    const TASK: i32 = 4;
    const PR: i32 = 8;
    const PAYLOAD: i32 = 16;
    const RUN: i32 = 32;
    const SEQ: i32 = 64;
    const ALL: i32 = 128;
    /// No ordinary event.
    const WHOLE: i32 = -1;
}

/// Room that is kept between batches, in bytes.
const KEEP: usize = 1 << 20;

impl Batch {
    /// Forgets what was said.
    pub(crate) fn begin(&mut self) {
        if self.values.capacity() > KEEP {
            self.values = String::new();
        }
        self.values.clear();
        self.values.push_str("[[");
        self.numbers.clear();
        self.names.begin();
    }

    pub(crate) fn push(&mut self, line: &Line<'_>) {
        let before = self.numbers.len();
        if self.push_ordinary(line).is_none() {
            self.numbers.truncate(before);
            self.numbers.push(Members::WHOLE);
            self.value(&line.canonical());
        }
    }

    fn push_ordinary(&mut self, line: &Line<'_>) -> Option<()> {
        if !line.error.is_empty() || line.extra().next().is_some() {
            return None;
        }
        let head = self.numbers.len();
        let mut members = self.names.number(&line.kind) * Members::ALL;
        self.numbers.push(0);
        if !line.unit.is_empty() {
            members += Members::UNIT;
            self.numbers.push(self.names.number(&line.unit));
        }
        if let Some(task) = line.task {
            members += Members::TASK;
            self.numbers.push(small(task)?);
        }
        if let Some(pr) = line.pr {
            members += Members::PR;
            self.numbers.push(small(pr)?);
        }
        if let Some(run) = &line.run {
            members += Members::RUN;
            self.numbers.push(self.names.number(run));
        }
        if let Some(seq) = line.seq {
            members += Members::SEQ;
            self.numbers.push(small(seq)?);
        }
        // From here on nothing is undone.
        if let Some(time) = line.time_json() {
            members += Members::TIME;
            self.value(&time);
        }
        if let Some(payload) = line.payload_json() {
            members += Members::PAYLOAD;
            self.value(payload);
        }
        self.numbers[head] = members;
        Some(())
    }

    /// The JSON text of `[values, names]`.
    pub(crate) fn text(&mut self) -> &str {
        if self.values.ends_with(',') {
            self.values.pop();
        }
        self.values.push_str("],[");
        self.values.push_str(&self.names.text);
        self.values.push_str("]]");
        &self.values
    }

    pub(crate) fn numbers(&self) -> &[i32] {
        &self.numbers
    }

    fn value(&mut self, json: &str) {
        self.values.reserve(json.len() + 1);
        self.values.push_str(json);
        self.values.push(',');
    }
}

/// Numbers that JavaScript engines hold without a box.
fn small(number: impl TryInto<i32>) -> Option<i32> {
    number.try_into().ok().filter(|number| (-(1 << 30)..1 << 30).contains(number))
}

/// The names of a batch. Some may stand in it twice: looking for every one would cost more.
#[derive(Debug)]
struct Names {
    /// As elements of a JSON array.
    text: String,
    count: i32,
    slots: Vec<Slot>,
}

#[derive(Clone, Debug, Default)]
struct Slot {
    name: String,
    number: i32,
}

const SLOTS: usize = 256;

impl Default for Names {
    fn default() -> Self {
        Names { text: String::new(), count: 0, slots: vec![Slot::default(); SLOTS] }
    }
}

impl Names {
    fn begin(&mut self) {
        self.text.clear();
        self.count = 0;
        self.slots.iter_mut().for_each(|slot| slot.name.clear());
    }

    fn number(&mut self, name: &str) -> i32 {
        let slot = &mut self.slots[place(name.as_bytes())];
        if !same(slot.name.as_bytes(), name.as_bytes()) {
            slot.name.clear();
            slot.name.push_str(name);
            slot.number = self.count;
            self.count += 1;
            if slot.number > 0 {
                self.text.push(',');
            }
            // Text always has a JSON form.
            self.text.push_str(&to_json(name).unwrap_or_else(|_| "\"\"".to_owned()));
        }
        slot.number
    }
}

/// `==` compares byte by byte in WebAssembly.
fn same(a: &[u8], b: &[u8]) -> bool {
    let (a_words, a_rest) = a.as_chunks::<8>();
    let (b_words, b_rest) = b.as_chunks::<8>();
    let words = || a_words.iter().zip(b_words).all(|(a, b)| u64::from_le_bytes(*a) == u64::from_le_bytes(*b));
    a.len() == b.len() && words() && a_rest.iter().zip(b_rest).all(|(a, b)| a == b)
}

/// Where to look for a name; ids that are counted up fall into different places.
fn place(name: &[u8]) -> usize {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let end = |part: Option<&[u8; 8]>| part.map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let mixed = if name.len() < 8 {
        name.iter().fold(0, |mixed, byte| mixed << 8 | u64::from(*byte))
    } else {
        end(name.first_chunk()).wrapping_mul(ODD) ^ end(name.last_chunk())
    };
    (mixed.wrapping_add(name.len() as u64).wrapping_mul(ODD) >> 56) as usize
}
