import { Program } from "./program.js";

/** @typedef {import("@choo/wire").RunState} RunState */

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

  /** What lets in. */
  get token() {
    return new URLSearchParams(this.#url.hash.slice(1)).get("token") ?? "";
  }

  /**
   * What lets readers in that can send no header.
   * @returns {Promise<{ ticket: string }>}
   */
  async ticket() {
    const response = await this.#fetch("/api/v1/tickets", { method: "POST" });
    return response.json();
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
   * All that the hub has of a run that is over: the response to a reader of such a run ends by itself.
   * @param {string} run
   * @returns {Promise<any[]>}
   */
  async history(run) {
    const headers = { accept: "application/x-ndjson" };
    const response = await this.#fetch(`/api/v1/events?since=earliest&run=${run}`, { headers });
    const text = await response.text();
    return text.trimEnd().split("\n").map((line) => JSON.parse(line));
  }

  /**
   * @param {string} path
   * @param {RequestInit} [init]
   */
  async #fetch(path, init = {}) {
    const headers = { authorization: `Bearer ${this.token}`, ...init.headers };
    const response = await fetch(new URL(path, this.#url), { ...init, headers });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  }
}
