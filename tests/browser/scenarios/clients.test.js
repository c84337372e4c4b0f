import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { chromium, curlNdjson, curlSse, npmEventSource, npmWs, pythonWebsockets } from "../support/clients.js";
import { Cutter } from "../support/cutter.js";
import { Hub } from "../support/hub.js";
import { Place } from "../support/place.js";

const CLIENTS = { curlSse, curlNdjson, npmEventSource, chromium, npmWs, pythonWebsockets };
/** After so many bytes of answer each client is cut off: five times, mostly in the middle of a line. */
const LIMITS = [3001, 4999, 4002, 5557, 3333];
/** Events of each stage; more than fit through any connection that is cut. */
const EVENTS = 40;
const TEXT = "data: a line of output\r\n\tid: of \"some\" length, with 🦀 in it; ".repeat(2);

// None of these programs knows choo, and what connects them to the hub breaks five times.
test("foreign clients have every event once and in order over five cuts", { timeout: 120_000 }, async (t) => {
  const place = new Place(t);
  const hub = await Hub.start(t, place);
  const producer = net.connect(place.socket);
  await once(producer, "connect");
  t.after(() => producer.destroy());
  const stages = LIMITS.length + 1;
  const count = EVENTS * stages;
  const { ticket } = await hub.ticket();
  const readers = await Promise.all(
    Object.entries(CLIENTS).map(async ([name, client]) => {
      const cutter = new Cutter(hub.address, LIMITS);
      const host = await cutter.listen(t);
      return { name, cutter, had: client({ test: t, host, token: hub.token, ticket, count }) };
    }),
  );

  /** @type {string[]} */
  const emitted = [];
  for (let stage = 1; stage <= stages; stage += 1) {
    for (let n = 0; n < EVENTS; n += 1) {
      // Two runs, so that the order is not that of the numbers.
      const run = emitted.length % 3 === 0 ? "beta" : "alpha";
      const seq = emitted.filter((name) => name.startsWith(run)).length + 1;
      emitted.push(`${run}#${seq}`);
      producer.write(JSON.stringify({ type: "log.stdout", unit: "u", task: 1, payload: { content: TEXT, n: seq }, run, seq }) + "\n");
      if (n % 4 === 0) await setImmediate();
    }
    // Some are far behind by then, which is as it may be.
    await Promise.all(readers.map(({ cutter }) => cutter.cut(Math.min(stage, cutter.planned))));
  }
  for (const { name, cutter, had } of readers) {
    assert.deepEqual(await had, emitted, name);
    assert.equal(cutter.cuts, LIMITS.length, `${name} was cut off five times`);
  }
});
