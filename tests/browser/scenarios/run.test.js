import assert from "node:assert/strict";
import { test } from "node:test";
import { Hub } from "../support/hub.js";
import { Place } from "../support/place.js";
import { Program } from "../support/program.js";
import { plain, statuses } from "../support/state.js";
import { View } from "../support/view.js";

/** What `examples/specs` is written to do. */
const EXPECTED = {
  lexer: "complete",
  runtime: "complete",
  parser: "complete",
  docs: "complete",
  cli: "complete",
  optimizer: "failed",
  benchmarks: "blocked",
  release: "blocked",
};

const options = { timeout: 60_000 };

test("a page that is open from the start shows what the run does", options, async (t) => {
  const place = new Place(t);
  const hub = await Hub.start(t, place);
  const view = await View.open(t, hub.url);
  const run = new Program(t, ["run", "--web=required", "--socket", place.socket, "examples/specs"]);

  await view.openFirstRun();
  const { code } = await run.ended;
  assert.equal(code, 1, run.stderr);
  await view.runIs("failed");
  await assertShows(view, hub);
  assert.equal(view.loads, 1, "nobody reloaded the page");
});

test("a page that is opened after the run shows the same", options, async (t) => {
  const place = new Place(t);
  const hub = await Hub.start(t, place);
  const run = new Program(t, ["run", "--web=required", "--socket", place.socket, "examples/specs"]);
  await run.ended;

  const view = await View.open(t, hub.url);
  await view.openFirstRun();
  await view.runIs("failed");
  await assertShows(view, hub);
});

/**
 * Compares graph, failure, retry and output with the hub's record of the run.
 * @param {View} view
 * @param {Hub} hub
 */
async function assertShows(view, hub) {
  const state = await hub.run();
  const history = await hub.history(state.run);
  assert.deepEqual(statuses(state), EXPECTED);
  await view.graphIs(EXPECTED);

  const { edges } = await hub.get(`/api/v1/runs/${state.run}/graph`);
  assert.equal(await view.edges(), edges.length);
  for (const { from, to } of edges) {
    assert.ok((await view.left(from)) < (await view.left(to)), `${from} stands left of ${to}`);
  }

  await view.select("optimizer");
  const error = plain(state.units?.["optimizer"]?.error ?? "");
  assert.notEqual(error, "");
  assert.ok((await view.sees("unit-error")).includes(error.trimEnd()), "the failed unit's error stands on the page");
  const lines = history
    .filter((event) => event.type.startsWith("log.") && event.unit === "optimizer")
    .map((event) => plain(event.payload.content));
  assert.ok(lines.includes("FAILED recursive functions"));
  assert.deepEqual(await view.logs(lines.length), lines);

  await view.select("parser");
  assert.deepEqual(await view.tasks(), {
    1: { status: "completed", attempt: "1" },
    2: { status: "completed", attempt: "2" },
  });

  for (const notice of ["loss-notice", "summary-notice", "gap-notice", "misshapen-notice"]) {
    assert.equal(await view.has(notice), false, `nothing is missing, so there is no ${notice}`);
  }
  assert.deepEqual(view.troubles, []);
}
