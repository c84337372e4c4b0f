import { spawn, spawnSync } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { launch } from "./browser.js";

/** What every client is told: where to read, how to be let in, and how many events there are before it is done.
 * @typedef {{ test: import("node:test").TestContext, host: string, token: string, ticket: string, count: number }} Task */

/** The events of a client as `run#seq`, in the order in which it had them.
 * @typedef {string[]} Had */

const EVENTS = "/api/v1/events?since=earliest";

/** The event's name, or nothing for a line of the hub's own.
 * @param {string} line
 * @returns {string[]} */
function names(line) {
  const { run, seq } = JSON.parse(line);
  return run === undefined || seq === undefined ? [] : [`${run}#${seq}`];
}

/** `curl` with Server-Sent Events: begins again with `Last-Event-ID`, as the standard has it.
 * @param {Task} task
 * @returns {Promise<Had>} */
export async function curlSse(task) {
  /** @type {Had} */
  const had = [];
  let last = "";
  while (had.length < task.count) {
    let id = last;
    let data = "";
    const headers = ["Accept: text/event-stream", ...(last === "" ? [] : [`Last-Event-ID: ${last}`])];
    await curl(task, EVENTS, headers, (line) => {
      if (line.startsWith("id: ")) id = line.slice(4);
      if (line.startsWith("data: ")) data = line.slice(6);
      if (line !== "") return false;
      // An event counts once its empty line is there.
      last = id;
      if (data !== "") had.push(...names(data));
      data = "";
      return had.length >= task.count;
    });
  }
  return had;
}

/** `curl` with NDJSON: begins again at the last `hub.cursor`, and forgets what came behind it.
 * @param {Task} task
 * @returns {Promise<Had>} */
export async function curlNdjson(task) {
  /** @type {Had} */
  const had = [];
  let since = "earliest";
  while (had.length < task.count) {
    /** @type {Had} */
    let block = [];
    await curl(task, `/api/v1/events?since=${since}`, ["Accept: application/x-ndjson"], (line) => {
      const { type, payload } = JSON.parse(line);
      if (type !== "hub.cursor") block.push(...names(line));
      else {
        had.push(...block);
        block = [];
        since = payload.cursor;
      }
      return had.length >= task.count;
    });
  }
  return had;
}

/**
 * Runs `curl` until it ends or `take` has had enough.
 * @param {Task} task
 * @param {string} path
 * @param {string[]} headers
 * @param {(line: string) => boolean} take
 */
async function curl({ test, host, token }, path, headers, take) {
  const all = [`Authorization: Bearer ${token}`, ...headers].flatMap((header) => ["-H", header]);
  const child = spawn("curl", ["-sN", ...all, `http://${host}${path}`], { stdio: ["ignore", "pipe", "inherit"] });
  test.after(() => child.kill());
  child.stdout.setEncoding("utf8");
  let text = "";
  for await (const piece of child.stdout) {
    // A line that is cut off never counts.
    const lines = (text + piece).split("\n");
    text = lines.pop() ?? "";
    if (lines.some(take)) break;
  }
  child.kill();
}

/** npm `eventsource`, which reconnects by itself.
 * @param {Task} task
 * @returns {Promise<Had>} */
export function npmEventSource({ test, host, ticket, count }) {
  return new Promise((resolve) => {
    /** @type {Had} */
    const had = [];
    const source = new EventSource(`http://${host}${EVENTS}&ticket=${ticket}`);
    test.after(() => source.close());
    source.onmessage = ({ data }) => {
      had.push(...names(data));
      if (had.length >= count) resolve(had);
    };
  });
}

/** Chromium's own `EventSource`, which reconnects by itself, in a page of the same origin.
 * @param {Task} task
 * @returns {Promise<Had>} */
export async function chromium({ test, host, ticket, count }) {
  const browser = await launch();
  test.after(() => browser.close());
  const page = await browser.newPage();
  await page.route(`http://${host}/page`, (route) =>
    route.fulfill({ contentType: "text/html", body: "<!doctype html><title>EventSource</title>" }));
  await page.goto(`http://${host}/page`);
  const lines = await page.evaluate(
    ([path, count]) =>
      new Promise((/** @type {(lines: string[]) => void} */ resolve) => {
        /** @type {string[]} */
        const lines = [];
        const source = new globalThis.EventSource(path);
        source.onmessage = ({ data }) => {
          if (JSON.parse(data).seq !== undefined) lines.push(data);
          if (lines.length >= count) {
            source.close();
            resolve(lines);
          }
        };
      }),
    /** @type {[string, number]} */ ([`${EVENTS}&ticket=${ticket}`, count]),
  );
  return lines.flatMap(names);
}

/** npm `ws`: begins again at the cursor that ends each message.
 * @param {Task} task
 * @returns {Promise<Had>} */
export async function npmWs({ test, host, token, count }) {
  /** @type {Had} */
  const had = [];
  let since = "earliest";
  while (had.length < count) {
    const socket = new WebSocket(`ws://${host}/api/v1/ws?since=${since}`, ["choo.v1", `choo.token.${token}`]);
    test.after(() => socket.terminate());
    await new Promise((resolve) => {
      socket.on("error", () => {});
      socket.on("close", resolve);
      socket.on("message", (message) => {
        const lines = message.toString().split("\n");
        const { type, payload } = JSON.parse(lines.at(-1) ?? "");
        if (type === "hub.cursor") since = payload.cursor;
        had.push(...lines.flatMap(names));
        if (had.length >= count) socket.close();
      });
    });
  }
  return had;
}

/** Python's `websockets`, a program of its own: `clients/websockets_client.py`.
 * @param {Task} task
 * @returns {Promise<Had>} */
export async function pythonWebsockets({ test, host, token, count }) {
  const script = fileURLToPath(new URL("../clients/websockets_client.py", import.meta.url));
  const child = spawn(python(), [script, `ws://${host}/api/v1/ws`, token, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  test.after(() => child.kill());
  /** @type {Had} */
  const had = [];
  for await (const line of createInterface(child.stdout)) had.push(line);
  return had;
}

/** A Python that has the package: the system's own has the system's packages, whichever comes first in PATH. */
function python() {
  const has = (/** @type {string} */ python) => spawnSync(python, ["-c", "import websockets"]).status === 0;
  const found = ["/usr/bin/python3", "python3"].find(has);
  if (found === undefined) throw new Error("no Python with `websockets`: `cargo xtask test set-up` installs it or says how");
  return found;
}
