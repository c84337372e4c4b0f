import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate } from "../support/gate.js";
import { Hub } from "../support/hub.js";
import { Place } from "../support/place.js";
import { Program } from "../support/program.js";
import { statuses } from "../support/state.js";
import { View } from "../support/view.js";

test("the page outlives a hub that is killed in the middle of a run", { timeout: 90_000 }, async (t) => {
  const place = new Place(t);
  const first = new Gate(place.path("first"));
  const second = new Gate(place.path("second"));
  const plan = place.write("plan.toml", `
[[unit]]
id = "build"
[[unit.task]]
run = "echo before; ${first.wait}; echo between"

[[unit]]
id = "checks"
depends_on = ["build"]
[[unit.task]]
run = "echo checking; ${second.wait}; echo after"

[[unit]]
id = "broken"
[[unit.task]]
run = "echo it is broken >&2; exit 3"

[[unit]]
id = "release"
depends_on = ["broken"]
[[unit.task]]
run = "true"
`);

  const killed = await Hub.start(t, place);
  const view = await View.open(t, killed.url);
  const run = new Program(t, ["run", "--web=required", "--socket", place.socket, "--parallelism", "2", plan]);
  await view.openFirstRun();
  await view.graphIs({ build: "in_progress", checks: "pending", broken: "failed", release: "blocked" });
  await view.select("build");
  assert.deepEqual(await view.logs(1), ["before"]);
  assert.equal(await view.has("summary-notice"), false);

  await killed.kill("SIGKILL");
  await view.sees("connection-state", { state: "reconnecting" });
  // With nobody listening the run goes on: this unit ends and the next begins.
  await first.open();

  const hub = await Hub.start(t, place, killed.address);
  assert.equal(hub.url, killed.url, "the token outlives the hub");
  await view.sees("connection-state", { state: "live" });
  await view.graphIs({ build: "complete", checks: "in_progress", broken: "failed", release: "blocked" });

  await second.open();
  const { code } = await run.ended;
  assert.equal(code, 1, run.stderr);
  await view.runIs("failed");
  const state = await hub.run();
  await view.graphIs(statuses(state));
  await view.select("checks");
  assert.deepEqual(await view.logs(2), ["checking", "after"], "the pusher's buffer held what came in between");
  await view.select("build");
  assert.deepEqual(await view.logs(2), ["before", "between"], "this page keeps what it had seen");

  const late = await View.open(t, hub.url);
  await late.openFirstRun();
  await late.graphIs(statuses(state));
  // The pusher still had what the killed hub had taken, and sent it again.
  assert.equal(await late.has("summary-notice"), false);
  await late.select("build");
  assert.deepEqual(await late.logs(2), ["before", "between"], "a new page has what the new hub has: everything");
  assert.equal(view.loads, 1, "the page recovered without a reload");
  assert.deepEqual(view.troubles, []);
});
