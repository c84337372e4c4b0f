import { expect, it } from "vitest";
import { eventTone, summarize } from "./summary";

it("shows an error before a payload, and of each the first line", () => {
  expect(summarize({ type: "unit.failed", error: "exit 1\nmore", payload: {} })).toBe("exit 1 …");
  expect(summarize({ type: "log.stdout", payload: { content: "hello", n: 1 } })).toBe("hello");
  expect(summarize({ type: "x.acme", payload: { a: 1 } })).toBe('{"a":1}');
  expect(summarize({ type: "x.acme", payload: null })).toBe("");
  expect(summarize({ type: "x.acme", payload: 0 })).toBe("0");
});

it("cuts what is long", () => {
  expect(summarize({ type: "x.acme", payload: "y".repeat(10_000) }).length).toBeLessThan(300);
});

it("has a colour for unknown types too", () => {
  expect(eventTone("task.validation.fail")).toBe("red");
  expect(eventTone("hub.gap")).toBe("orange");
  expect(eventTone("x.acme.thing")).toBe("grey");
});
