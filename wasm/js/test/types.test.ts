// What TypeScript makes of events: checked by `tsc`, which `npm test` runs first.

import { expect, expectTypeOf, test } from "vitest";
import type { KnownEvent, LogPayload, UnitStarted, UnknownEvent, WireEvent } from "../src/index.js";

declare module "../src/index.js" {
  interface Payloads {
    /** As a user of the package would add a type of their own. */
    "acme.deployed": { version: string };
  }
}

function tell(event: WireEvent): string {
  switch (event.type) {
    case "unit.started":
      expectTypeOf(event.payload).toEqualTypeOf<UnitStarted | undefined>();
      return `unit of ${event.payload?.total_tasks ?? "?"} tasks`;
    case "log.stdout":
    case "log.stderr":
      expectTypeOf(event.payload).toEqualTypeOf<LogPayload | undefined>();
      return event.payload?.content.trimEnd() ?? "";
    case "unit.queued":
      expectTypeOf(event.payload).toBeUnknown();
      return "queued";
    case "acme.deployed":
      return event.payload?.version ?? "";
    case "x.other.thing":
      // A vendor's own that nobody declared.
      expectTypeOf(event).toEqualTypeOf<UnknownEvent>();
      return "vendor";
    default:
      return event.type;
  }
}

test("the type tells what the payload is", () => {
  expect(tell({ type: "unit.started", unit: "app", payload: { total_tasks: 3 } })).toBe("unit of 3 tasks");
  expect(tell({ type: "log.stderr", payload: { content: "no\n", n: 1 } })).toBe("no");
  expect(tell({ type: "unit.queued", unit: "app" })).toBe("queued");
  expect(tell({ type: "acme.deployed", payload: { version: "2" } })).toBe("2");
  expect(tell({ type: "x.other.thing", payload: [1], x_trace: "kept" })).toBe("vendor");
});

test("an equality tells as much as a switch, and more than one type can be asked for", () => {
  const first = (event: WireEvent): number | undefined => {
    if (event.type === "unit.started") return event.payload?.total_tasks;
    if (event.type !== "task.progress") return undefined;
    return event.payload?.done;
  };
  expect(first({ type: "task.progress", payload: { done: 2 } })).toBe(2);
  const logs = (events: WireEvent[]): string[] =>
    events
      .filter((event): event is KnownEvent<"log.stdout" | "log.stderr"> => event.type.startsWith("log."))
      .map((event) => event.payload?.content ?? "");
  expect(logs([{ type: "log.stdout", payload: { content: "a", n: 1 } }, { type: "unit.queued" }])).toEqual(["a"]);
});

test("what cannot be is an error", () => {
  const event = { type: "unit.started" } as WireEvent;
  // @ts-expect-error: before the type is known, the payload can be anything
  const total: unknown = event.payload?.total_tasks;
  // @ts-expect-error: a misspelled type is none of the known ones
  expect(event.type === "unit.startd").toBe(false);
  if (event.type === "unit.started") {
    // @ts-expect-error: no such member
    expect(event.payload?.totalTasks).toBeUndefined();
  }
  // @ts-expect-error: the payload of another type
  const wrong: WireEvent = { type: "log.stdout", payload: { total_tasks: 3 } };
  expect([total, wrong.type]).toEqual([undefined, "log.stdout"]);
});

test("an event of a type from nowhere is an event all the same", () => {
  const event: WireEvent = JSON.parse('{"type":"other.program","payload":7}');
  const type: string = event.type;
  expect([type, event.payload]).toEqual(["other.program", 7]);
});
