import assert from "node:assert/strict";
import { launch } from "./browser.js";

/** What a person sees of a hub in a browser of their own. */
export class View {
  /** How often the document was loaded: more than once means that somebody pressed reload. */
  loads = 0;
  /** What went wrong inside the page, in the browser's words. */
  /** @type {string[]} */
  troubles = [];
  /** How many WebSockets the page has opened. */
  sockets = 0;
  #page;

  /** @param {import("playwright-core").Page} page */
  constructor(page) {
    this.#page = page;
    page.on("load", () => (this.loads += 1));
    page.on("pageerror", (error) => this.troubles.push(String(error)));
    page.on("console", (message) => {
      if (message.text().includes("Content Security Policy")) this.troubles.push(message.text());
    });
  }

  /**
   * Opens an address and gives the browser back when the test ends.
   * @param {import("node:test").TestContext} test
   * @param {string} url
   */
  static async open(test, url) {
    const browser = await launch();
    test.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const view = new View(page);
    await page.goto(url);
    return view;
  }

  /**
   * Opens an address in several tabs of one browser.
   * @param {import("node:test").TestContext} test
   * @param {string} url
   * @param {number} count
   */
  static async tabs(test, url, count) {
    const browser = await launch();
    test.after(() => browser.close());
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    const tabs = [];
    for (let n = 0; n < count; n += 1) {
      const page = await context.newPage();
      const view = new View(page);
      page.on("websocket", () => (view.sockets += 1));
      await page.goto(url);
      tabs.push(view);
    }
    return tabs;
  }

  /** The address in the bar. */
  get address() {
    return this.#page.url();
  }

  /**
   * @param {string} testId
   * @param {Record<string, string>} [data] attributes `data-...`
   */
  #part(testId, data = {}) {
    const attributes = Object.entries(data).map(([name, value]) => `[data-${name}="${value}"]`);
    return this.#page.locator(`[data-testid="${testId}"]${attributes.join("")}`);
  }

  /**
   * Waits until a part of the page is there, and returns its text.
   * @param {string} testId
   * @param {Record<string, string>} [data]
   */
  async sees(testId, data) {
    const part = this.#part(testId, data).first();
    await part.waitFor();
    return part.innerText();
  }

  /** Whether a part of the page is there now.
   * @param {string} testId */
  has(testId) {
    return this.#part(testId).isVisible();
  }

  /** Waits for the first run of the list and opens it. */
  async openFirstRun() {
    await this.#part("run-row").first().getByRole("link").click();
    await this.sees("run-page");
  }

  /** Waits until the run's status is this word.
   * @param {string} word */
  async runIs(word) {
    await this.#part("run-status").filter({ hasText: new RegExp(`^${word}$`, "i") }).waitFor();
  }

  /** Waits until the graph shows exactly these units with these statuses.
   * @param {Record<string, string>} expected */
  async graphIs(expected) {
    for (const [unit, status] of Object.entries(expected)) await this.sees("graph-node", { unit, status });
    /** @type {Record<string, string | null>} */
    const shown = {};
    for (const node of await this.#part("graph-node").all()) {
      shown[(await node.getAttribute("data-unit")) ?? ""] = await node.getAttribute("data-status");
    }
    assert.deepEqual(sorted(shown), sorted(expected));
  }

  /** Clicks a unit in the graph.
   * @param {string} unit */
  async select(unit) {
    await this.#part("graph-node", { unit }).click();
    await this.sees("unit-panel", { unit });
  }

  /** The lines of the log view, once there are that many.
   * @param {number} count */
  async logs(count) {
    await this.#part("log-line").nth(count - 1).waitFor();
    return this.#page.locator('[data-testid="log-line"] .log-text').allInnerTexts();
  }

  /** The tasks of the unit panel: status and attempt by number. */
  async tasks() {
    /** @type {Record<string, { status: string | null, attempt: string | null }>} */
    const tasks = {};
    for (const row of await this.#part("task-row").all()) {
      tasks[(await row.getAttribute("data-task")) ?? ""] = {
        status: await row.getAttribute("data-status"),
        attempt: await row.getAttribute("data-attempt"),
      };
    }
    return tasks;
  }

  /** How many dependencies are drawn: each is one stroke of a path that holds many. */
  async edges() {
    let count = 0;
    for (const path of await this.#page.locator(".edges .edge:not(.pointed)").all()) {
      count += (await path.getAttribute("d"))?.match(/M/g)?.length ?? 0;
    }
    return count;
  }

  /** The left edge of a unit in the graph, in pixels of the page.
   * @param {string} unit */
  async left(unit) {
    const box = await this.#part("graph-node", { unit }).boundingBox();
    assert.ok(box, `${unit} is drawn`);
    return box.x;
  }

  /** Types into the field of the page that asks for a token.
   * @param {string} text */
  async giveToken(text) {
    await this.#page.getByLabel("URL or token").fill(text);
    await this.#page.getByRole("button", { name: "Open" }).click();
  }
}

/** @param {Record<string, unknown>} record */
function sorted(record) {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
