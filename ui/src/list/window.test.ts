import { expect, it } from "vitest";
import { OVERSCAN, rowsInView } from "./window";

it("draws what is in view and a little more", () => {
  expect(rowsInView(1_000, 20, 4_000, 100, false)).toEqual({ from: 200 - OVERSCAN, to: 200 + 6 + OVERSCAN });
  expect(rowsInView(1_000, 20, 0, 100, false)).toEqual({ from: 0, to: 6 + OVERSCAN });
});

it("stays within the list, whatever the box says", () => {
  expect(rowsInView(0, 20, 500, 100, false)).toEqual({ from: 0, to: 0 });
  expect(rowsInView(3, 20, 0, 100, true)).toEqual({ from: 0, to: 3 });
  expect(rowsInView(10, 20, 9_999, 100, false)).toEqual({ from: 10, to: 10 });
});

it("draws the end while it follows, wherever the box stood", () => {
  const { from, to } = rowsInView(100_000, 20, 0, 100, true);
  expect([from, to]).toEqual([100_000 - 6 - OVERSCAN, 100_000]);
});
