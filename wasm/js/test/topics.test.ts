import { expect, it } from "vitest";
import { Topics, unitTopic } from "../src/topics.js";
import type { StoreChanges } from "../src/index.js";

const none: StoreChanges = { runs: [], units: [], all: [], events: 0, gaps: 0, errors: 0, ended: [] };

it("tells once per flush, and only those whose topic moved", () => {
  const topics = new Topics();
  const heard: string[] = [];
  topics.subscribe("runs", () => heard.push("runs"));
  topics.subscribe(unitTopic("r", "a"), () => heard.push("a"));
  topics.subscribe(unitTopic("r", "b"), () => heard.push("b"));
  topics.subscribe(unitTopic("s", "a"), () => heard.push("other a"));
  const stop = topics.subscribe("lines", () => heard.push("lines"));
  expect(topics.add(none)).toBe(false);
  expect(topics.add({ ...none, units: [{ run: "r", ids: ["a"] }], events: 1 })).toBe(true);
  topics.add({ ...none, units: [{ run: "r", ids: ["a"] }], events: 1 });
  expect(heard).toEqual([]);
  stop();
  topics.flush();
  expect(heard.sort()).toEqual(["a", "runs"]);
  expect([topics.version("runs"), topics.version("run:r"), topics.version(unitTopic("r", "b"))]).toEqual([1, 1, 0]);
  topics.flush();
  expect(topics.version("runs")).toBe(1);
});

it("counts every unit that is looked at as moved when its run was replaced whole", () => {
  const topics = new Topics();
  const heard: string[] = [];
  topics.subscribe(unitTopic("r", "a/b"), () => heard.push("a/b"));
  topics.subscribe(unitTopic("r2", "a"), () => heard.push("r2"));
  topics.add({ ...none, all: ["r"] });
  topics.flush();
  expect(heard).toEqual(["a/b"]);
});
