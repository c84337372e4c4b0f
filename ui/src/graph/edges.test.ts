import { expect, it } from "vitest";
import { edgePath, edgesPath } from "./edges";
import { detailAt } from "./zoom";

const straight = { from: "a", to: "b", points: [{ x: 0, y: 10 }, { x: 80, y: 10 }] };
const bent = { from: "a", to: "c", points: [{ x: 0, y: 0 }, { x: 80, y: 40 }, { x: 280, y: 40 }] };

it("draws level ways straight and others as curves that leave and arrive level", () => {
  expect(edgePath(straight)).toBe("M0 10H80");
  expect(edgePath(bent)).toBe("M0 0C40 0 40 40 80 40H280");
  expect(edgePath({ from: "a", to: "b", points: [] })).toBe("");
});

it("draws many edges as one path, one stroke each", () => {
  expect(edgesPath([straight, bent]).match(/M/g)).toHaveLength(2);
});

it("shows less of a node the farther away it is", () => {
  expect([1, 0.5, 0.3, 0.2, 0.1].map(detailAt)).toEqual(["full", "name", "large", "sign", "colour"]);
});
