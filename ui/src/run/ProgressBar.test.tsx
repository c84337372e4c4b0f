import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { describe as words, ProgressBar } from "./ProgressBar";

it("says in words what it shows in colours", () => {
  expect(words({ complete: 2, failed: 1, pending: 0 })).toBe("2 complete, 1 failed");
  expect(words({})).toBe("no units");
  render(<ProgressBar counts={{ complete: 2, in_progress: 1 }} />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe("2 complete, 1 in progress");
});
