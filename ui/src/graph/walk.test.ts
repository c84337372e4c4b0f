import { expect, it } from "vitest";
import { Neighbours } from "./Neighbours";
import { walk } from "./walk";

const nodes = [
  { id: "a", level: 0, x: 0, y: 0 },
  { id: "b", level: 0, x: 0, y: 76 },
  { id: "c", level: 1, x: 280, y: 10 },
  { id: "d", level: 1, x: 280, y: 86 },
  { id: "e", level: 2, x: 560, y: 40 },
];
const edges = [["a", "c"], ["b", "d"], ["c", "e"], ["d", "e"], ["a", "e"]].map(([from = "", to = ""]) => ({ from, to, points: [] }));
const neighbours = new Neighbours(edges);

it("goes left to a dependency and right to a dependant, the nearest one", () => {
  expect(walk(nodes, neighbours, "a", "ArrowRight")).toBe("c");
  expect(walk(nodes, neighbours, "e", "ArrowLeft")).toBe("c");
  expect(walk(nodes, neighbours, "d", "ArrowLeft")).toBe("b");
});

it("goes up and down within a level", () => {
  expect(walk(nodes, neighbours, "a", "ArrowDown")).toBe("b");
  expect(walk(nodes, neighbours, "d", "ArrowUp")).toBe("c");
});

it("goes nowhere where nothing is", () => {
  expect(walk(nodes, neighbours, "a", "ArrowUp")).toBeUndefined();
  expect(walk(nodes, neighbours, "a", "ArrowLeft")).toBeUndefined();
  expect(walk([], neighbours, "a", "ArrowDown")).toBeUndefined();
});

it("begins at the first unit when the one it was at is gone", () => {
  expect(walk(nodes, neighbours, "gone", "ArrowDown")).toBe("a");
  expect(walk(nodes, neighbours, "c", "End")).toBe("e");
});

it("knows everything before and after a unit, through a cycle too", () => {
  expect([...neighbours.allDependencies("e")].sort()).toEqual(["a", "b", "c", "d"]);
  expect([...neighbours.allDependants("b")].sort()).toEqual(["d", "e"]);
  const ring = new Neighbours([{ from: "x", to: "y", points: [] }, { from: "y", to: "x", points: [] }]);
  expect([...ring.allDependants("x")]).toEqual(["y"]);
});
