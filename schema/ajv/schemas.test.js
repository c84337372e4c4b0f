import assert from "node:assert/strict";
import { test } from "node:test";
import { FILES, schemas, validator, vector } from "./schemas.js";

const fits = Object.fromEntries(["read/line", "read/event", "write/event"].map((name) => [name, validator(name)]));

/** The contracts that a sample of each sort fits, from the most lenient to the strictest. */
const ADMITTED = {
  nothing: [],
  line: ["read/line"],
  read: ["read/line", "read/event"],
  write: ["read/line", "read/event", "write/event"],
};

function admitted(value) {
  return Object.keys(fits).filter((name) => fits[name](value));
}

test("each definition takes its examples", () => {
  let checked = 0;
  for (const name of FILES) {
    for (const [definition, schema] of Object.entries(schemas[name].$defs)) {
      const isFit = validator(name, definition);
      for (const example of schema.examples ?? []) {
        assert.ok(isFit(example), `${name} ${definition}: ${JSON.stringify(isFit.errors)}`);
        checked += 1;
      }
    }
  }
  assert.ok(checked > 50, `${checked}`);
});

test("each contract admits what it should and refuses the rest", () => {
  for (const { why, fits, event } of JSON.parse(vector("contracts.json"))) {
    assert.deepEqual(admitted(event), ADMITTED[fits], `${fits}: ${why}: ${JSON.stringify(event)}`);
  }
});

test("every sample line is one that we write", () => {
  for (const file of ["s0-example.ndjson", "events.ndjson", "late-hub.ndjson"]) {
    for (const text of vector(file).trimEnd().split("\n")) {
      assert.deepEqual(admitted(JSON.parse(text)), ADMITTED.write, text);
    }
  }
});

test("what the validator accepts fits, and what it refuses for its shape does not", () => {
  let [accepted, refused] = [0, 0];
  for (const { name, line, error } of JSON.parse(vector("lines.json"))) {
    const value = parsed(line);
    if (value === undefined) continue;
    if (error === undefined) {
      assert.ok(fits["read/line"](value), `${name}: ${JSON.stringify(fits["read/line"].errors)}`);
      accepted += 1;
    } else if (["not-an-object", "missing-type"].includes(error)) {
      assert.ok(!fits["read/line"](value), name);
      refused += 1;
    }
  }
  assert.ok(accepted > 10 && refused > 3, `${accepted} ${refused}`);
});

/** The line's value; `undefined` for what is no JSON, or has no text. */
function parsed(line) {
  try {
    return line === undefined ? undefined : JSON.parse(line);
  } catch {
    return undefined;
  }
}
