import assert from "node:assert/strict";
import { test } from "node:test";
import { Hub } from "../support/hub.js";
import { Place } from "../support/place.js";
import { View } from "../support/view.js";

const options = { timeout: 60_000 };

test("a wrong token gives a page that says so and takes the right one", options, async (t) => {
  const hub = await Hub.start(t, new Place(t));
  const view = await View.open(t, hub.url.replace(/token=.*/, "token=wrong"));
  assert.match(await view.sees("denied"), /refused this token/);
  assert.ok(!view.address.includes("token"), "a token does not stay in the address");

  await view.giveToken(hub.url);
  await view.sees("connection-state", { state: "live" });
  assert.equal(await view.has("denied"), false);
  assert.deepEqual(view.troubles, []);
});

test("without a token the page asks for one", options, async (t) => {
  const hub = await Hub.start(t, new Place(t));
  const view = await View.open(t, new URL("/", hub.url).href);
  assert.match(await view.sees("denied"), /wants a token/);
});
