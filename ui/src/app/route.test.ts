import { describe, expect, it } from "vitest";
import { href, parseRoute } from "./route";

describe("route", () => {
  it("is the run list without a run, whatever else the address says", () => {
    expect(parseRoute("")).toEqual({});
    expect(parseRoute("?unit=a&tab=logs")).toEqual({});
    expect(parseRoute("?run=a%20b")).toEqual({});
    expect(parseRoute(`?run=${"x".repeat(65)}`)).toEqual({});
  });

  it("comes back from its own address", () => {
    for (const route of [{ run: "01J" }, { run: "a.b_c-d", unit: "x/y &z#1", tab: "logs" as const }, { run: "r", tab: "events" as const }]) {
      expect(parseRoute(new URL(href(route), "http://hub").search)).toEqual(route);
    }
    expect(href({})).toBe("/");
  });

  it("ignores a view that does not exist", () => {
    expect(parseRoute("?run=r&tab=secrets")).toEqual({ run: "r" });
  });
});
