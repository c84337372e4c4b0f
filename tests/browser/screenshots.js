// Makes docs/screenshots/{light,dark,phone}.png from a real run of examples/specs.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { launch } from "./support/browser.js";
import { Hub } from "./support/hub.js";
import { Place } from "./support/place.js";
import { Program, root } from "./support/program.js";

const out = join(root, "docs", "screenshots");
/** @type {Record<string, import("playwright-core").BrowserContextOptions>} */
const pages = {
  light: { colorScheme: "light", viewport: { width: 1440, height: 900 }, deviceScaleFactor: 2 },
  dark: { colorScheme: "dark", viewport: { width: 1440, height: 900 }, deviceScaleFactor: 2 },
  phone: { colorScheme: "light", viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

// A test, so that hub, run and browser end with it whatever happens.
test("screenshots", { timeout: 120_000 }, async (t) => {
  const place = new Place(t);
  const hub = await Hub.start(t, place);
  const browser = await launch();
  t.after(() => browser.close());
  const open = await Promise.all(Object.values(pages).map((options) => browser.newPage(options)));
  await Promise.all(open.map((page) => page.goto(hub.url)));

  const run = new Program(t, ["run", "--web=required", "--parallelism", "3", "--socket", place.socket, "examples/specs"]);
  mkdirSync(out, { recursive: true });
  for (const [at, name] of Object.keys(pages).entries()) {
    const page = open[at];
    if (page === undefined) continue;
    await page.getByTestId("run-row").getByRole("link").click();
    // In the middle of the run: one unit has failed and blocks others, one still works.
    await page.locator('[data-testid="graph-node"][data-unit="release"][data-status="blocked"]').waitFor();
    await page.locator('[data-testid="graph-node"][data-unit="optimizer"]').click();
    await page.getByTestId("unit-error").waitFor();
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(out, `${name}.png`) });
  }
  await run.ended;
});
