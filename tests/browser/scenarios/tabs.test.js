import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate } from "../support/gate.js";
import { Hub } from "../support/hub.js";
import { Place } from "../support/place.js";
import { Program } from "../support/program.js";
import { View } from "../support/view.js";

// A browser opens six connections to a host for all its tabs, so with a response each the seventh tab would wait.
test("eight tabs of one browser follow a run at the same time", { timeout: 120_000 }, async (t) => {
  const place = new Place(t);
  const gate = new Gate(place.path("gate"));
  const plan = place.write("plan.toml", `
[[unit]]
id = "build"
[[unit.task]]
run = "echo before; ${gate.wait}; echo after"
`);
  const hub = await Hub.start(t, place);
  const run = new Program(t, ["run", "--web=required", "--socket", place.socket, plan]);
  const tabs = await View.tabs(t, hub.url, 8);
  for (const tab of tabs) {
    await tab.sees("connection-state", { state: "live" });
    await tab.openFirstRun();
    await tab.graphIs({ build: "in_progress" });
  }
  const { clients } = await hub.get("/healthz");
  assert.equal(clients, 8, "each tab has one stream");

  await gate.open();
  assert.equal((await run.ended).code, 0, run.stderr);
  await Promise.all(tabs.map((tab) => tab.graphIs({ build: "complete" })));
  for (const tab of tabs) {
    assert.equal(tab.sockets, 1, "one WebSocket, also while it shows a run of its own");
    assert.deepEqual([tab.loads, tab.troubles], [1, []]);
  }
});
