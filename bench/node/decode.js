// decode [ROUNDS]: what @choo/wire costs in Node and in Chromium's main thread, as ratios to JSON.parse of the same
// lines in the same process. Prints a table for each. Wants `cargo xtask wasm` and the built package.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Decoder, load, RunStore } from "@choo/wire";
import addFormats from "ajv-formats";
import Ajv2020 from "ajv/dist/2020.js";
import { launch } from "../../tests/browser/support/browser.js";
import { race, sample, table, works } from "./works.js";

const COUNT = 20_000;
const SITE = "http://bench.test";
const ROOT = new URL("../../", import.meta.url);
const rounds = Number(process.argv[2] ?? 9);

await load();
const ajv = addFormats(new Ajv2020({ strict: false }));
const validate = ajv.compile(JSON.parse(readFileSync(new URL("schema/read/line.schema.json", ROOT), "utf8")));
const lines = sample(COUNT);
console.log(`${COUNT} lines of ${Math.round(lines.join("").length / COUNT)} bytes, ${rounds} rounds\n`);
console.log(table(`Node ${process.version}`, race(works({ Decoder, RunStore }, lines, validate), COUNT, rounds), COUNT));

const browser = await launch();
try {
  const page = await browser.newPage();
  await page.route(`${SITE}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    if (pathname === "/") return route.fulfill({ contentType: "text/html", body: "<!doctype html>" });
    return route.fulfill({ path: fileURLToPath(new URL(pathname.slice(1), ROOT)) });
  });
  await page.goto(SITE);
  const times = await page.evaluate(
    async ({ wire, bench, count, rounds }) => {
      const [package_, { race, sample, works }] = await Promise.all([import(wire), import(bench)]);
      await package_.load();
      return race(works(package_, sample(count)), count, rounds);
    },
    { wire: `${SITE}/wasm/js/dist/index.js`, bench: `${SITE}/bench/node/works.js`, count: COUNT, rounds },
  );
  console.log(`\n${table(`Chromium ${browser.version()}, main thread`, times, COUNT)}`);
} finally {
  await browser.close();
}
