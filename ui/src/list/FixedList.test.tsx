import { fireEvent, render, screen } from "@testing-library/react";
import { expect, it } from "vitest";
import { FixedList } from "./FixedList";
import { OVERSCAN } from "./window";

function show(count: number, follow: boolean) {
  const told: boolean[] = [];
  render(
    <FixedList
      label="Numbers"
      testId="numbers"
      count={count}
      rowHeight={20}
      follow={follow}
      onFollow={(next) => told.push(next)}
      rows={(from, to) => Array.from({ length: to - from }, (_, at) => <span>{from + at}</span>)}
      empty={<p>nothing</p>}
    />,
  );
  return { box: screen.getByTestId("numbers"), told };
}

it("has as many rows as are seen, of however many there are", () => {
  const { box } = show(1_000_000, true);
  expect(box.dataset["count"]).toBe("1000000");
  const rows = screen.getAllByRole("listitem");
  expect(rows.length).toBeLessThanOrEqual(2 * OVERSCAN + 2);
  expect(rows.at(-1)?.textContent).toBe("999999");
  expect(rows.at(-1)?.getAttribute("aria-posinset")).toBe("1000000");
});

it("stops following at once when hands go up, however fast lines arrive", () => {
  const { box, told } = show(100, true);
  fireEvent.wheel(box, { deltaY: 40 });
  fireEvent.keyDown(box, { key: "PageDown" });
  expect(told).toEqual([]);
  fireEvent.wheel(box, { deltaY: -1 });
  fireEvent.keyDown(box, { key: "PageUp" });
  fireEvent.touchStart(box, { touches: [{ clientY: 100 }] });
  fireEvent.touchMove(box, { touches: [{ clientY: 140 }] });
  expect(told).toEqual([false, false, false]);
});

it("follows again at the key End", () => {
  const { box, told } = show(100, false);
  fireEvent.keyDown(box, { key: "End" });
  expect(told).toEqual([true]);
});

it("says that it is empty", () => {
  show(0, true);
  expect(screen.getByText("nothing")).toBeTruthy();
});
