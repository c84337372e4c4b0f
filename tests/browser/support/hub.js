import { Program } from "./program.js";

/**
 * The parts of a unit's and of a run's state that the tests compare.
 * @typedef {{ status: string, error?: string, level: number, depends_on?: string[],
 *   tasks: Record<string, { name?: string, status: string, attempt: number }> }} UnitState
 * @typedef {{ run: string, status: string, units: Record<string, UnitState>,
 *   loss: { lines?: number } }} RunState
 */

/** `choo web`, and what it says over HTTP. */
export class Hub {
  #program;
  #url;

  /**
   * @param {Program} program
   * @param {URL} url
   */
  constructor(program, url) {
    this.#program = program;
    this.#url = url;
  }

  /**
   * Starts a hub and waits until it serves.
   * @param {import("node:test").TestContext} test
   * @param {import("./place.js").Place} place
   * @param {string} [listen] an address; by default the system picks a port
   */
  static async start(test, place, listen = "127.0.0.1:0") {
    const program = new Program(test, ["web", "--socket", place.socket, "--data", place.path("data"), "--listen", listen]);
    return new Hub(program, new URL(await program.firstLine));
  }

  /** The page, with the token in the fragment. */
  get url() {
    return this.#url.href;
  }

  /** Where it listens, for another hub to take over. */
  get address() {
    return this.#url.host;
  }

  /** @param {NodeJS.Signals} signal */
  kill(signal) {
    return this.#program.kill(signal);
  }

  /**
   * @param {string} path
   * @returns {Promise<any>}
   */
  async get(path) {
    const response = await this.#fetch(path);
    return response.json();
  }

  /** The state of the only run there is.
   * @returns {Promise<RunState>} */
  async run() {
    const { runs } = await this.get("/api/v1/runs");
    if (runs.length !== 1) throw new Error(`expected one run, the hub has ${runs.length}`);
    return this.get(`/api/v1/runs/${runs[0].run}`);
  }

  /**
   * Follows the stream from its beginning until an event satisfies the condition, and returns it.
   * @param {(event: any) => boolean} condition
   * @returns {Promise<any>}
   */
  async event(condition) {
    const stop = new AbortController();
    const response = await this.#fetch("/api/v1/events?since=earliest", {
      headers: { accept: "application/x-ndjson" },
      signal: stop.signal,
    });
    let rest = "";
    try {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          const event = JSON.parse(line);
          if (condition(event)) return event;
        }
      }
    } finally {
      stop.abort();
    }
    throw new Error("the stream ended before the event came");
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async #fetch(path, init = {}) {
    const token = new URLSearchParams(this.#url.hash.slice(1)).get("token");
    const headers = { authorization: `Bearer ${token}`, ...init.headers };
    const response = await fetch(new URL(path, this.#url), { ...init, headers });
    if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}
