import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const ARGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** The system's browser; Playwright's own builds are not downloaded. */
function installed() {
  for (const dir of (process.env["PATH"] ?? "").split(delimiter)) {
    for (const name of NAMES) {
      const path = join(dir, name);
      try {
        accessSync(path, constants.X_OK);
        return path;
      } catch {
        // Not here.
      }
    }
  }
  throw new Error("no Chromium in PATH: `cargo xtask test set-up` installs it or says how");
}

/** Starts a browser with a profile of its own.
 * @param {import("playwright-core").BrowserContextOptions} [options]
 * @returns {Promise<import("playwright-core").BrowserContext>} */
export async function launch(options = {}) {
  const browser = await chromium.launch({ executablePath: installed(), headless: true, args: ARGS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  context.on("close", () => void browser.close());
  return context;
}
