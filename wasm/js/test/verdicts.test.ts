import { expect, it } from "vitest";
import { cases } from "../../../tests/wire/cases.mjs";
import { judge } from "../../../tests/wire/judge.mjs";
import { Decoder, RunStore } from "../src/index.js";
import "./support/wire.js";

// The same list, by the same judge, as in Chromium (tests/browser/scenarios/verdicts.test.js).
it("says in Node what the hub's own build says of every vector", () => {
  const list = cases();
  const { judged, wrong } = judge({ Decoder, RunStore }, list);
  expect(wrong).toEqual([]);
  expect(judged).toBe(list.length);
  expect(judged).toBeGreaterThan(400);
}, 60_000);
