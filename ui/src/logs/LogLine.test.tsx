import { render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import type { WireEvent } from "@choo/wire";
import { LogLine } from "./LogLine";
import { mark } from "./mark";
import { toLine } from "./source";

const line = { unit: "app", stream: "stdout", content: "", n: 1 } as const;

it("shows hostile output as the text it is", () => {
  const content = "<script>alert(1)</script><b onclick=x>&lt;";
  render(<LogLine line={{ ...line, content }} number={1} showUnit={false} query="" />);
  const shown = screen.getByTestId("log-line");
  expect(shown.textContent).toContain(content);
  expect(shown.querySelector("script, b")).toBeNull();
});

it("marks stderr by more than a colour", () => {
  render(<LogLine line={{ ...line, stream: "stderr", content: "oh no" }} number={2} showUnit query="" />);
  expect(screen.getByTestId("log-line").dataset["stream"]).toBe("stderr");
  expect(screen.getByText("err")).toBeTruthy();
  expect(screen.getByText("app")).toBeTruthy();
});

it("marks what was searched for, in any case", () => {
  expect(mark("Fail, FAIL", "fail")).toEqual([
    { text: "Fail", hit: true }, { text: ", ", hit: false }, { text: "FAIL", hit: true },
  ]);
  expect(mark("nothing", "x")).toEqual([{ text: "nothing", hit: false }]);
  // One letter becomes two in lower case: positions would lie.
  expect(mark("İx", "x")).toEqual([{ text: "İx", hit: false }]);
});

it("turns a log event into its line, whatever its payload is", () => {
  expect(toLine({ type: "log.stderr", unit: "u", task: 0, payload: { content: "c", n: 7 } })).toEqual({
    unit: "u", task: 0, stream: "stderr", content: "c", n: 7,
  });
  const odd: unknown[] = [{ type: "log.stdout", payload: "odd" }, { type: "link.lost", payload: { count: 3 } }];
  const [text, lost] = odd.map((event) => toLine(event as WireEvent));
  expect(text).toMatchObject({ unit: "", content: "", n: 0 });
  expect(lost).toMatchObject({ stream: "system", content: "Events are missing here." });
});
