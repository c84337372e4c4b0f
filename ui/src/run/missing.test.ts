import { expect, it } from "vitest";
import { describeGaps, describeLoss, describeRanges, describeSummary } from "./missing";

it("names the events that are known only as a summary", () => {
  expect(describeRanges([{ from: 1, to: 1200 }])).toBe("Events 1–1,200");
  expect(describeRanges([{ from: 1, to: 3 }, { from: 7, to: 7 }])).toBe("Events 1–3 and 7");
});

it("names a few ranges and counts the rest", () => {
  const ranges = Array.from({ length: 8 }, (_, at) => ({ from: at * 10, to: at * 10 + 4 }));
  expect(describeRanges(ranges)).toBe("Events 0–4, 10–14, 20–24 and 5 more ranges");
});

it("says where and why events were lost", () => {
  expect(describeLoss({ count: 5, bytes: 9, ranges: [{ from: 10, to: 14, count: 5, bytes: 9, reason: "overflow" }] })).toBe("events 10–14 (overflow)");
  expect(describeLoss({ count: 5, bytes: 0, ranges: [] })).toBe("where is not known");
});

it("says why this page's stream has holes, each reason once", () => {
  const evicted = { from: "a:1", to: "a:9", count: 8, why: "evicted" };
  expect(describeGaps([evicted, evicted])).toBe("16 events had left the hub’s memory before this page read them");
  expect(describeGaps([{ from: "", to: "b:1", why: "future" }, evicted])).toMatch(/knows less.*; 8 events/);
  expect(describeGaps([{ from: "", to: "", why: "flood" }])).toBe("some events (flood)");
});

it("says that a restarted web daemon lost its log lines, whether or not this page had read them", () => {
  const restarted = { from: "a:9", to: "b:1", why: "epoch" };
  expect(describeSummary([{ from: 2, to: 49 }], [])).toMatch(/^Events 2–49 are known only as a summary.*log lines are gone/);
  expect(describeSummary([], [restarted])).toMatch(/restarted.*log lines are gone; those already in this page stay/);
  expect(describeSummary([], [{ ...restarted, why: "evicted" }])).toBeUndefined();
  expect(describeSummary([], [])).toBeUndefined();
});
