// Holds @choo/wire to what the hub's own build says of the same bytes. Runs wherever the package does: in Node, and in
// a page.

/**
 * @typedef {object} Case
 * @property {string} name
 * @property {string} hex the stream
 * @property {number | readonly Outcome[]} lines how many lines are events as they stand, or what comes of each
 * @property {readonly { readonly diffs?: object }[]} runs the states that they fold to
 */

/**
 * 0 for a line that is an event as it stands, the event where it means something else, or why it is bad, and where.
 * @typedef {0 | object | readonly [kind: string, offset?: number]} Outcome
 */

/**
 * What is needed of the package, however it was brought here.
 * @typedef {object} Wire
 * @property {new () => Decoder} Decoder
 * @property {new () => RunStore} RunStore
 *
 * @typedef {object} Decoder
 * @property {(bytes: Uint8Array) => readonly object[]} push
 * @property {(bytes: Uint8Array) => number} check
 * @property {() => readonly { readonly kind: string, readonly offset?: number }[]} takeFaults
 * @property {number} bad
 * @property {() => void} free
 *
 * @typedef {object} RunStore
 * @property {(bytes: Uint8Array) => object} push
 * @property {() => readonly { readonly run: string }[]} runs
 * @property {(run: string) => object | undefined} run
 * @property {(run: string) => object} units
 * @property {(run: string, unit: string) => object} diffs
 * @property {() => void} free
 */

/**
 * Runs all cases, each stream whole and byte by byte.
 * @param {Wire} wire
 * @param {readonly Case[]} cases
 * @returns {{ judged: number, wrong: string[] }} how many cases were run, and in what way some came out otherwise
 */
export function judge(wire, cases) {
  /** @type {string[]} */
  const wrong = [];
  let judged = 0;
  for (const vector of cases) {
    const bytes = Uint8Array.from(vector.hex.match(/../g) ?? [], (pair) => parseInt(pair, 16));
    const expected = canonical(expectation(vector, bytes));
    // Files of many lines are cut less often: what a cut can break, short streams show. A decoder keeps 100 faults.
    for (const size of bytes.length > 10_000 ? [8192, 997] : [bytes.length, 1]) {
      const said = canonical(reading(wire, bytes, size, vector.runs));
      if (said !== expected) wrong.push(`${vector.name}, ${size} bytes at a time:\n${difference(said, expected)}`);
    }
    judged += 1;
  }
  return { judged, wrong };
}

/**
 * @param {Wire} wire
 * @param {Uint8Array} bytes
 * @param {number} size
 * @param {Case["runs"]} expected
 */
function reading({ Decoder, RunStore }, bytes, size, expected) {
  const [decoder, checker, store] = [new Decoder(), new Decoder(), new RunStore()];
  const events = [];
  const faults = [];
  let good = 0;
  for (let at = 0; at < bytes.length; at += size) {
    const chunk = bytes.subarray(at, at + size);
    events.push(...decoder.push(chunk).map(plain));
    faults.push(...decoder.takeFaults().map(({ kind, offset }) => (offset === undefined ? [kind] : [kind, offset])));
    good += checker.check(chunk);
    store.push(chunk);
  }
  const counts = [good, checker.bad];
  // Files may belong to units that the state does not have: those that the events name, and those of a snapshot.
  const named = expected.flatMap(({ diffs = {} }) => Object.keys(diffs));
  for (const event of events) named.push("unit" in event ? String(event.unit) : "");
  const runs = store.runs().map(({ run }) => {
    const units = store.units(run);
    /** @type {Record<string, object>} */
    const diffs = {};
    for (const unit of new Set([...Object.keys(units), ...named])) {
      const files = store.diffs(run, unit);
      if (Object.keys(files).length > 0) diffs[unit] = files;
    }
    return { ...store.run(run), units, diffs };
  });
  for (const used of [decoder, checker, store]) used.free();
  return { events, faults, counts, runs };
}

/**
 * @param {Case} vector
 * @param {Uint8Array} bytes
 */
function expectation({ lines, runs }, bytes) {
  // Not every stream is text; its lines are all the same.
  const ends = [...bytes.keys()].filter((at) => bytes[at] === 0x0a);
  const frames = ends
    .map((end, at) => bytes.subarray((ends[at - 1] ?? -1) + 1, end))
    .filter((frame) => !frame.every((byte) => [0x20, 0x09, 0x0c, 0x0d].includes(byte)));
  const outcomes = typeof lines === "number" ? Array.from({ length: lines }, () => /** @type {Outcome} */ (0)) : lines;
  if (outcomes.length !== frames.length) throw new Error(`${outcomes.length} outcomes of ${frames.length} lines`);
  const events = [];
  const faults = [];
  for (const [at, outcome] of outcomes.entries()) {
    if (Array.isArray(outcome)) faults.push(outcome);
    else events.push(plain(outcome === 0 ? JSON.parse(new TextDecoder().decode(frames[at])) : outcome));
  }
  // A state without units or files leaves them out, and the store answers with none.
  const whole = runs.map((run) => ({ units: {}, diffs: {}, ...run }));
  return { events, faults, counts: [events.length, faults.length], runs: whole };
}

/**
 * Empty strings of the envelope count as absent.
 * @param {{ unit?: unknown, error?: unknown }} event
 */
function plain({ unit, error, ...rest }) {
  return { ...rest, ...(unit ? { unit } : {}), ...(error ? { error } : {}) };
}

/**
 * A text that is the same for the same value, whatever order its members came in.
 * @param {unknown} value
 * @returns {string}
 */
function canonical(value) {
  return JSON.stringify(value, (_, part) => {
    if (part === null || typeof part !== "object" || Array.isArray(part)) return part;
    // By entries: a member may be called __proto__.
    return ["{", ...Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)).flat()];
  });
}

/**
 * Where two texts part.
 * @param {string} said
 * @param {string} expected
 */
function difference(said, expected) {
  let at = 0;
  while (at < said.length && said[at] === expected[at]) at += 1;
  const around = (/** @type {string} */ text) => text.slice(Math.max(0, at - 100), at + 200);
  return `  here:  ${around(said)}\n  there: ${around(expected)}`;
}
