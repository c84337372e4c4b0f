import { expect, it } from "vitest";
import { followAfterScroll } from "./follow";

const end = { top: 900, height: 1_000, view: 100 };

it("stops when the reader scrolls up", () => {
  expect(followAfterScroll(true, end, { ...end, top: 860 })).toBe(false);
});

it("goes on when lines arrive", () => {
  expect(followAfterScroll(true, end, { top: 1_900, height: 2_000, view: 100 })).toBe(true);
});

it("begins again when the reader arrives at the end", () => {
  expect(followAfterScroll(false, { ...end, top: 500 }, { ...end, top: 896 })).toBe(true);
  expect(followAfterScroll(false, { ...end, top: 500 }, { ...end, top: 700 })).toBe(false);
});

it("does not take a shorter list or a larger box for a reader's wish", () => {
  expect(followAfterScroll(true, end, { top: 400, height: 500, view: 100 })).toBe(true);
  expect(followAfterScroll(true, end, { top: 800, height: 1_000, view: 200 })).toBe(true);
  expect(followAfterScroll(false, end, { top: 400, height: 500, view: 100 })).toBe(false);
});
