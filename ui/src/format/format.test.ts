import { expect, it } from "vitest";
import { formatBytes, plural } from "./count";
import { elapsed, formatDuration } from "./duration";
import { formatClock, formatStart } from "./time";

it("says durations as people do", () => {
  expect([0, 420, 3_249, 59_999, 65_000, 7_620_000].map(formatDuration)).toEqual(["0 ms", "420 ms", "3.2 s", "59 s", "1 min 05 s", "2 h 07 min"]);
  expect(formatDuration(-5)).toBe("0 ms");
  expect(formatDuration(Number.NaN)).toBe("");
});

it("measures to the end, or to now while it lasts", () => {
  expect(elapsed("2025-01-01T00:00:00Z", "2025-01-01T00:00:02.5Z", 0)).toBe(2_500);
  expect(elapsed("1970-01-01T00:00:01Z", undefined, 5_000)).toBe(4_000);
  expect(elapsed("1970-01-01T00:00:09Z", undefined, 5_000), "a clock that runs ahead").toBe(0);
  expect(elapsed("1970-01-01T00:00:01.0116937830Z", undefined, 5_000), "ten digits").toBe(3_989);
  expect(elapsed(undefined, undefined, 5_000)).toBeUndefined();
  expect(elapsed("not a time", undefined, 5_000)).toBeUndefined();
});

it("shows times of day to the millisecond, and days by name", () => {
  const at = new Date(2025, 2, 3, 14, 3, 7, 120);
  expect(formatClock(at.toISOString())).toBe("14:03:07.120");
  expect(formatClock("")).toBe("");
  expect(formatStart(at.toISOString(), at.getTime())).toBe("today 14:03:07");
  expect(formatStart(at.toISOString(), at.getTime() + 86_400_000)).toBe("yesterday 14:03:07");
  expect(formatStart(at.toISOString(), at.getTime() + 10 * 86_400_000)).toBe("3 Mar 2025 14:03:07");
});

it("counts", () => {
  expect([plural(1, "unit"), plural(1_000, "unit"), plural(2, "match", "matches")]).toEqual(["1 unit", "1,000 units", "2 matches"]);
  expect([512, 3_500, 12 * 1024 * 1024].map(formatBytes)).toEqual(["512 B", "3.4 KiB", "12 MiB"]);
});
