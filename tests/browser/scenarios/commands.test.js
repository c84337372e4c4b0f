import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, load, RunStore } from "@choo/wire";
import { WebSocket } from "ws";
import { Gate } from "../support/gate.js";
import { Hub } from "../support/hub.js";
import { Place } from "../support/place.js";
import { Program } from "../support/program.js";

/** @typedef {import("@choo/wire").Transport} Transport */

// Node 20 has none of its own.
globalThis.WebSocket ??= /** @type {any} */ (WebSocket);

for (const transport of /** @type {Transport[]} */ (["websocket", "ndjson"])) {
  test(`what becomes of commands is told, over ${transport}`, { timeout: 60_000 }, async (t) => {
    await load();
    const place = new Place(t);
    const hub = await Hub.start(t, place);
    const gate = new Gate(place.path("gate"));
    const plan = `[[unit]]\nid = "a"\n[[unit.task]]\nname = "wait"\nrun = "${gate.wait}"\n`;
    const path = place.write("plan.toml", plan);
    const run = new Program(t, ["run", "--web=required", "--commands", "--socket", place.socket, "--run", "r", path]);

    const store = new RunStore();
    const connection = connect({
      url: `http://${hub.address}/api/v1/events`, token: hub.token, store, transports: [transport],
      onChange: () => look(),
    });
    let look = () => {};
    t.after(() => {
      connection.close();
      store.free();
    });
    await new Promise((resolve) => {
      look = () => store.unit("r", "a")?.status === "in_progress" && resolve(undefined);
      look();
    });

    const accepted = await connection.command("r", "pause", {}, { until: "accepted", idempotencyKey: "k" });
    assert.equal(accepted.state, "accepted");
    const again = await connection.command("r", "pause", {}, { idempotencyKey: "k" });
    assert.deepEqual(again, { state: "done", id: accepted.id }, "the same command, which was not given again");
    const resumed = await connection.command("r", "resume");
    assert.equal(resumed.state, "done");
    const nobody = await connection.command("r", "cancel", { unit: "nobody" });
    assert.deepEqual(nobody.state === "rejected" && nobody.reason, "not_found");
    const unmet = await connection.command("r", "cancel", {}, { if: { status: ["completed"] } });
    assert.deepEqual(unmet.state === "rejected" && unmet.reason, "precondition");
    await assert.rejects(connection.command("nothing", "cancel"), { name: "CommandError", kind: "not_found", status: 404 });
    await assert.rejects(connection.command("r", "resume", {}, { idempotencyKey: "k" }), { kind: "key_reused", status: 422 });

    assert.equal((await connection.command("r", "cancel")).state, "done");
    await run.ended;
    // The hub, too, knows then that it is over.
    const history = await hub.history("r");
    assert.equal(history.filter(({ type }) => type === "cmd.request").length, 5);
    assert.equal((await connection.command("r", "cancel")).state, "no_producer");
  });
}
