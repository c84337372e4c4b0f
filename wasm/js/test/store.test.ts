import { expect, it } from "vitest";
import { ChooError, RunStore } from "../src/index.js";
import { bytes, control, line, vector } from "./support/wire.js";

/** The example of the source document as a hub passes it on. */
function example(): string {
  const lines = vector("s0-example.ndjson").toString("utf8").trimEnd().split("\n");
  return lines.map((text, at) => `${text.slice(0, -1)},"run":"demo","seq":${at + 1}}\n`).join("");
}

it("folds the example into what the daemon answers", () => {
  const store = new RunStore();
  const changes = store.push(bytes(example()));
  expect(changes).toEqual({ runs: ["demo"], units: [], all: ["demo"], events: 6, gaps: 0, errors: 0, ended: [] });
  expect(store.run("demo")).toMatchObject({
    run: "demo", status: "completed", unit_count: 3, parallelism: 2, seq: 6,
    started: "2025-01-18T10:30:00Z", ended: "2025-01-18T10:35:00Z",
  });
  expect(store.run("demo")?.units).toBeUndefined();
  const units = store.units("demo");
  expect(Object.fromEntries(Object.entries(units).map(([id, unit]) => [id, unit.status]))).toEqual({
    "project-setup": "complete", "app-shell": "pending", config: "pending",
  });
  expect(units["project-setup"]?.tasks?.["1"]?.status).toBe("completed");
  expect(Object.keys(store.units("demo", ["config", "nobody"]))).toEqual(["config"]);
  expect(store.unit("demo", "app-shell")).toMatchObject({ level: 1, depends_on: ["project-setup"] });
  const [summary] = store.runs();
  expect(summary).toMatchObject({ run: "demo", units: 3, counts: { complete: 1, pending: 2 }, summarized: false });
  const layout = store.layout("demo");
  expect(layout.nodes.map(({ id, level }) => [id, level])).toEqual([["project-setup", 0], ["app-shell", 1], ["config", 1]]);
  expect(layout.edges).toHaveLength(2);
  expect(layout.edges.every(({ points }) => points.length >= 2)).toBe(true);
  store.free();
});

it("answers about runs and units that it does not know", () => {
  const store = new RunStore();
  expect(store.runs()).toEqual([]);
  expect(store.run("no")).toBeUndefined();
  expect(store.unit("no", "no")).toBeUndefined();
  expect(store.units("no")).toEqual({});
  expect(store.layout("no").nodes).toEqual([]);
  expect(store.eventCount("no")).toBe(0);
  expect(store.logs("no", undefined, undefined, 0, 10)).toEqual([]);
  expect(store.cursor).toBeUndefined();
});

it("names what changed, in proportion to the change", () => {
  const store = new RunStore();
  store.push(bytes(example()));
  const before = store.version;
  const changes = store.push(bytes(line("unit.started", "demo", 7, { unit: "config" })));
  expect(changes).toMatchObject({ units: [{ run: "demo", ids: ["config"] }], all: [], events: 1 });
  expect(store.version).toBeGreaterThan(before);
});

it("S4-B05: takes a line once, however often and torn it comes", () => {
  const store = new RunStore();
  const stream = bytes(example());
  store.push(stream.subarray(0, 700));
  store.beginStream();
  store.push(stream);
  expect(store.push(stream).events).toBe(0);
  expect(store.eventCount("demo")).toBe(6);
  expect(store.faults()).toEqual([]);
});

it("counts and lists log lines by run, unit and task, and searches", () => {
  const store = new RunStore();
  const log = (seq: number, unit: string, task: number, content: string) =>
    line(seq % 2 === 0 ? "log.stderr" : "log.stdout", "r", seq, { unit, task, payload: { content, n: seq } });
  store.push(bytes(log(1, "a", 1, "one") + log(2, "a", 2, "two") + log(3, "b", 1, "three") + log(4, "a", 1, "four")));
  expect([store.logCount("r"), store.logCount("r", "a"), store.logCount("r", "a", 1)]).toEqual([4, 3, 2]);
  expect(store.logs("r", "a", undefined, 1, 10).map(({ content, stream }) => [content, stream])).toEqual([
    ["two", "stderr"], ["four", "stderr"],
  ]);
  expect(store.logs("r", "a", 1, 0, 1)).toEqual([{ unit: "a", task: 1, stream: "stdout", content: "one", n: 1 }]);
  expect(store.eventCount("r", { q: "TWO" })).toBe(1);
  expect(store.events("r", 0, 9, { types: ["log.stderr"], units: ["a"] }).map(({ seq }) => seq)).toEqual([2, 4]);
  expect([store.eventsDropped("r"), store.logsDropped("r", "a")]).toEqual([0, 0]);
});

it("passes on what the hub says to this reader", () => {
  const store = new RunStore();
  const changes = store.push(
    bytes(
      control("hub.hello", { proto: 1, epoch: "E", recovered: true }) +
        control("hub.gap", { from: "E:1", to: "E:9", count: 8, why: "evicted" }) +
        control("hub.cursor", { cursor: "E:9" }) +
        control("hub.end", { run: "r", status: "stale" }) +
        control("hub.bye", { code: "shutdown", retry_ms: 500 }) +
        "{broken\n",
    ),
  );
  expect(changes).toMatchObject({
    hello: { epoch: "E", recovered: true },
    gaps: 1,
    missing: [{ from: "E:1", to: "E:9", count: 8, why: "evicted" }],
    cursor: "E:9",
    ended: [{ run: "r", status: "stale" }],
    bye: { code: "shutdown", retry_ms: 500 },
    errors: 1,
  });
  expect(store.cursor).toBe("E:9");
  expect(store.faults()).toMatchObject([{ kind: "syntax" }]);
});

it("says that a filter is none", () => {
  const store = new RunStore();
  const filter = { types: "task.*" as unknown as string[] };
  expect(() => store.events("r", 0, 1, filter)).toThrow(ChooError);
  expect(() => store.eventCount("r", filter)).toThrow(/filter/);
});

it("keeps no more lines than it was told to", () => {
  const store = new RunStore({ journalBytes: 1 << 16 });
  const text = "x".repeat(1_000);
  for (let seq = 1; seq <= 1_000; seq += 1) {
    store.push(bytes(line("log.stdout", "r", seq, { unit: "a", payload: { content: text, n: seq } })));
  }
  const kept = store.logCount("r", "a");
  const dropped = store.logsDropped("r", "a");
  expect(dropped).toBeGreaterThan(0);
  expect(kept + dropped).toBe(1_000);
  expect(store.logs("r", "a", undefined, kept - 1, 1)[0]?.n).toBe(1_000);
});
