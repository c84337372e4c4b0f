import { expect, test } from "vitest";
import { unitPattern } from "./pattern";

test("stars in an id are no patterns", () => {
  expect(unitPattern("app-shell")).toBe("app-shell");
  expect(unitPattern("a*b\\c")).toBe("a\\*b\\\\c");
});

test("of a long id the beginning is asked for", () => {
  const pattern = unitPattern("*".repeat(5000));
  expect(pattern.length).toBe(2001);
  expect(pattern.endsWith("\\**")).toBe(true);
});
