import type { RunStatus, UnitStatus } from "@choo/wire";
import { expect, it } from "vitest";
import { announcement } from "./announce";

function told(run: RunStatus, units: Record<string, UnitStatus>) {
  return { run, units: new Map(Object.entries(units)) };
}

it("says nothing when nothing worth saying changed", () => {
  expect(announcement(told("running", { a: "pending" }), told("running", { a: "ready" }))).toBe("");
});

it("names a few units and counts many, failures first", () => {
  const before = told("running", {});
  expect(announcement(before, told("running", { a: "complete", b: "failed" }))).toBe("b failed; a complete");
  expect(announcement(before, told("running", { a: "complete", b: "complete", c: "complete", d: "complete" }))).toBe("4 units complete");
});

it("tells how the run ended", () => {
  expect(announcement(told("running", {}), told("failed", {}))).toBe("run failed");
});
