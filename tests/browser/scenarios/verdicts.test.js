import assert from "node:assert/strict";
import { test } from "node:test";
import { cases } from "../../wire/cases.mjs";
import { launch } from "../support/browser.js";
import { servePackage } from "../support/package.js";

// The same list, by the same judge, as in Node (wasm/js/test/verdicts.test.ts).
test("Chromium says of every vector what the hub's own build says", { timeout: 120_000 }, async (t) => {
  const browser = await launch();
  t.after(() => browser.close());
  const page = await browser.newPage();
  const site = await servePackage(page);
  const list = cases();
  const { judged, wrong } = await page.evaluate(
    async ({ wire, judge, list }) => {
      const [package_, { judge: run }] = await Promise.all([import(wire), import(judge)]);
      await package_.load();
      return run(package_, JSON.parse(list));
    },
    // As text, since what Playwright carries over as objects has lost every member named `__proto__`.
    { ...site, list: JSON.stringify(list) },
  );
  assert.deepEqual(wrong, []);
  assert.equal(judged, list.length);
  assert.ok(judged > 400, `${judged} cases`);
});
