import { load } from "@choo/wire";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { TestHub } from "../test/hub";
import { Feed } from "./Feed";
import type { Topic } from "./Topics";

const GRAPH = {
  nodes: [{ id: "a", level: 0 }, { id: "b", level: 1, depends_on: ["a"] }],
  edges: [{ from: "a", to: "b" }],
  levels: [["a"], ["b"]],
};
const STARTED = { type: "orch.started", payload: { unit_count: 2, parallelism: 1, graph: GRAPH } };

let hub: TestHub;
let feed: Feed;

beforeAll(() => load());

beforeEach(async () => {
  hub = new TestHub("r");
  feed = new Feed({ run: "r", token: "t" });
  await hub.opened();
});

afterEach(() => {
  feed.close();
  vi.unstubAllGlobals();
});

/** Resolves when a topic moves next. */
function moved(topic: Topic): Promise<void> {
  return new Promise((resolve) => {
    const stop = feed.subscribe(topic, () => {
      stop();
      resolve();
    });
  });
}

it("asks for the whole of one run, once, with the token", () => {
  expect(hub.requests).toHaveLength(1);
  const [{ url, authorization } = { url: new URL("http://none"), authorization: "" }] = hub.requests;
  expect([url.searchParams.get("run"), url.searchParams.get("since"), authorization]).toEqual(["r", "earliest", "Bearer t"]);
});

it("has graph, units and counts from the store", async () => {
  const known = moved("graph");
  hub.send(STARTED, { type: "unit.started", unit: "a" });
  await known;
  expect(feed.layout.nodes.map(({ id, level }) => [id, level])).toEqual([["a", 0], ["b", 1]]);
  expect(feed.units.get("a")?.status).toBe("in_progress");
  expect(feed.summary?.counts).toMatchObject({ in_progress: 1, pending: 1 });
});

it("tells only those who show the unit that moved", async () => {
  const known = moved("graph");
  hub.send(STARTED);
  await known;
  const heard: Topic[] = [];
  for (const topic of ["unit:a", "unit:b", "graph"] as const) feed.subscribe(topic, () => heard.push(topic));
  const again = moved("unit:a");
  const before = feed.units.get("b");
  hub.send({ type: "unit.started", unit: "a" });
  await again;
  expect(heard).toEqual(["unit:a"]);
  expect(feed.units.get("b"), "the same object, so that nothing renders").toBe(before);
});

it("tells many changes at once, not one by one", async () => {
  let times = 0;
  feed.subscribe("units", () => (times += 1));
  const known = moved("graph");
  hub.send(STARTED);
  hub.send({ type: "unit.started", unit: "a" });
  hub.send({ type: "unit.completed", unit: "a" });
  await known;
  expect(times).toBeLessThanOrEqual(2);
  await vi.waitFor(() => expect(feed.units.get("a")?.status).toBe("complete"));
});

it("remembers what the hub says to be missing", async () => {
  const told = moved("run");
  hub.say("hub.gap", { from: "e:1", to: "e:9", count: 8, why: "evicted" });
  await told;
  expect(feed.gaps).toMatchObject([{ count: 8, why: "evicted" }]);
});

it("is silent once closed, and closing twice is harmless", () => {
  feed.close();
  feed.close();
  expect(feed.logCount(undefined)).toBe(0);
  expect(feed.events(0, 10, {})).toEqual([]);
});
