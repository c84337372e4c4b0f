import type { UnitState, UnitStatus } from "@choo/wire";
import { expect, it } from "vitest";
import { listUnits } from "./listing";
import { pickUnit } from "./pick";
import { describeUnit, taskCount } from "./words";

function unit(status: UnitStatus, order = 0, level = 0): UnitState {
  return { order, level, status, completed_tasks: 0, current_task: 0, error: "", depends_on: [], tasks: {} };
}

it("S2-12: picks what failed, then what runs, then what waits for a person, then nothing", () => {
  const units = new Map([["a", unit("complete")], ["b", unit("in_review", 1)], ["c", unit("in_progress", 2)], ["d", unit("failed", 3)]]);
  expect(pickUnit(units)?.id).toBe("d");
  units.delete("d");
  expect(pickUnit(units)?.id).toBe("c");
  units.delete("c");
  expect(pickUnit(units)?.id).toBe("b");
  units.delete("b");
  expect(pickUnit(units)).toBeUndefined();
});

it("picks the earliest of several and says how many more there are", () => {
  const units = new Map([["late", unit("failed", 0, 2)], ["early", unit("failed", 9, 1)]]);
  expect(pickUnit(units)).toMatchObject({ id: "early", more: 1 });
});

it("lists units level by level, narrowed by text and status", () => {
  const nodes = [{ id: "b", level: 1, x: 0, y: 0 }, { id: "a", level: 0, x: 0, y: 0 }, { id: "ab", level: 0, x: 0, y: 0 }];
  const units = new Map([["a", unit("complete")], ["ab", unit("failed")], ["b", { ...unit("failed"), label: "Banana" }]]);
  expect(listUnits(nodes, units, { text: "", status: undefined })).toEqual(["a", "ab", "b"]);
  expect(listUnits(nodes, units, { text: " A", status: "failed" })).toEqual(["ab", "b"]);
  expect(listUnits(nodes, units, { text: "banana", status: undefined })).toEqual(["b"]);
});

it("says a unit in a sentence", () => {
  const state = { ...unit("in_progress"), total_tasks: 3, completed_tasks: 1, depends_on: ["x", "y"] };
  expect(describeUnit("app", state)).toBe("app, in progress, 1/3 tasks, depends on x, y");
  expect(taskCount(unit("pending"))).toBeUndefined();
});
