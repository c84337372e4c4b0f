import type { StoreChanges } from "@choo/wire";
import { expect, it } from "vitest";
import { Batch } from "./batch";

const none: StoreChanges = { runs: [], units: [], all: [], events: 0, gaps: 0, errors: 0, ended: [] };

it("gathers what several pushes changed and leaves other runs out", () => {
  const batch = new Batch();
  batch.add({ ...none, units: [{ run: "mine", ids: ["a", "b"] }, { run: "other", ids: ["x"] }], events: 2 }, "mine");
  batch.add({ ...none, units: [{ run: "mine", ids: ["b", "c"] }], gaps: 1, missing: [{ from: "e:1", to: "e:9", why: "evicted" }], errors: 2 }, "mine");
  expect([...batch.units]).toEqual(["a", "b", "c"]);
  expect(batch).toMatchObject({ events: true, gaps: [{ why: "evicted" }], errors: 2, run: false, all: false, list: true });
});

it("knows a run that was replaced whole", () => {
  const batch = new Batch();
  batch.add({ ...none, all: ["other"] }, "mine");
  expect(batch.all).toBe(false);
  batch.add({ ...none, all: ["mine"], runs: ["mine"] }, "mine");
  expect(batch).toMatchObject({ all: true, run: true });
});

it("moves the list for any run, and for nothing else", () => {
  const batch = new Batch();
  batch.add({ ...none, events: 5 }, undefined);
  expect(batch.list).toBe(false);
  batch.add({ ...none, runs: ["r"] }, undefined);
  expect(batch.list).toBe(true);
});
