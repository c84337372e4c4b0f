import { load } from "@choo/wire";
import { act, fireEvent, render, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { TestHub } from "../test/hub";
import { App } from "./App";

const GRAPH = {
  nodes: [{ id: "lib", level: 0 }, { id: "app", level: 1, depends_on: ["lib"] }],
  edges: [{ from: "lib", to: "app" }],
  levels: [["lib"], ["app"]],
};

let hub: TestHub;

beforeAll(() => load());

beforeEach(() => {
  localStorage.clear();
  hub = new TestHub("run-1");
});

afterEach(() => vi.unstubAllGlobals());

async function open(address: string): Promise<void> {
  history.replaceState(null, "", address);
  render(<App />);
  await act(() => hub.opened());
}

/** A run of which `lib` fails with something that looks like markup, and blocks `app`. */
function sendFailedRun(): void {
  hub.send(
    { type: "orch.started", payload: { unit_count: 2, parallelism: 1, graph: GRAPH } },
    { type: "unit.started", unit: "lib", payload: { total_tasks: 1 } },
    { type: "task.started", unit: "lib", task: 1, payload: { name: "compile", attempt: 2 } },
    { type: "log.stdout", unit: "lib", task: 1, payload: { content: "<b>bold</b>", n: 1 } },
    { type: "task.failed", unit: "lib", task: 1, error: "exit status 2" },
    { type: "unit.failed", unit: "lib", error: "<img src=x onerror=alert(1)>" },
    { type: "unit.blocked", unit: "app", error: "lib failed" },
    { type: "orch.failed", error: "1 of 2 units failed" },
  );
}

it("says how to start a run when there is none", async () => {
  await open("/");
  await screen.findByText("No runs yet");
  expect(screen.getByText("choo run --web PLAN")).toBeTruthy();
  expect(screen.getByTestId("connection-state").textContent).toBe("Live");
});

it("lists finished runs and those that appear while it is open, newest first", async () => {
  hub.listed = [{ run: "run-0", status: "completed", started: "2025-01-01T00:00:00Z", ended: "2025-01-01T00:01:05Z", units: 3, failed: 0, live: false }];
  await open("/");
  await screen.findByText("run-0");
  expect(screen.getByText("1 min 05 s")).toBeTruthy();
  hub.send({ type: "orch.started", payload: { unit_count: 2, parallelism: 1, graph: GRAPH } });
  await screen.findByText("run-1");
  expect(screen.getAllByTestId("run-row").map((row) => row.dataset["run"])).toEqual(["run-1", "run-0"]);
});

it("shows a failed run: statuses, error, retry and blocked dependants", async () => {
  await open("/?run=run-1&unit=lib");
  sendFailedRun();
  expect((await screen.findByTestId("unit-error")).textContent).toBe("<img src=x onerror=alert(1)>");
  expect(document.querySelector("img, [onerror]")).toBeNull();
  await waitFor(() => expect(screen.getByTestId("run-status").textContent).toBe("failed"));
  const statuses = screen.getAllByTestId("graph-node").map(({ dataset }) => [dataset["unit"], dataset["status"]]);
  expect(Object.fromEntries(statuses)).toEqual({ lib: "failed", app: "blocked" });
  expect(screen.getByTestId("task-row").textContent).toContain("attempt 2");
  expect(screen.getByTestId("run-error").textContent).toContain("1 of 2 units failed");
});

it("says what is lost, and nothing when nothing is", async () => {
  await open("/?run=run-1");
  sendFailedRun();
  await screen.findByTestId("run-page");
  for (const notice of ["loss-notice", "summary-notice", "gap-notice", "misshapen-notice"]) expect(screen.queryByTestId(notice)).toBeNull();
  hub.say("link.lost", { from: 20, to: 29, count: 10, bytes: 2_048, reason: "overflow" });
  expect((await screen.findByTestId("loss-notice")).textContent).toBe("10 events lost on the way to the hub (2.0 KiB): events 20–29 (overflow).");
  hub.say("hub.gap", { from: "e:1", to: "e:9", count: 8, why: "evicted" });
  expect((await screen.findByTestId("gap-notice")).textContent).toContain("8 events had left the hub’s memory");
  hub.say("hub.error", { kind: "syntax", message: "not JSON", count: 3 });
  expect((await screen.findByTestId("misshapen-notice")).textContent).toContain("3 lines could not be read");
});

it("asks for a token when the hub refuses, and goes on with the right one", async () => {
  hub.token = "right";
  history.replaceState(null, "", "/");
  render(<App />);
  expect((await screen.findByTestId("denied")).textContent).toContain("wants a token");
  fireEvent.change(screen.getByLabelText("URL or token"), { target: { value: "http://hub/#token=right" } });
  fireEvent.click(screen.getByRole("button", { name: "Open" }));
  await screen.findByText("No runs yet");
  expect(localStorage.getItem("choo.token")).toBe("right");
});

it("goes from a run to a unit and back by address", async () => {
  await open("/?run=run-1");
  sendFailedRun();
  fireEvent.click((await screen.findAllByTestId("unit-row"))[0] as HTMLElement);
  expect(location.search).toBe("?run=run-1&unit=lib&tab=units");
  await screen.findByTestId("unit-panel");
  fireEvent.click(screen.getByText("All units"));
  await waitFor(() => expect(screen.queryByTestId("unit-panel")).toBeNull());
});

it("has one stream open at a time", async () => {
  await open("/");
  await screen.findByText("No runs yet");
  const streams = hub.requests.filter(({ url }) => url.pathname === "/api/v1/events");
  expect(streams).toHaveLength(1);
});
