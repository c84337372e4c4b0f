import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const choo = process.env["CHOO_BIN"] ?? join(process.env["CARGO_TARGET_DIR"] ?? join(root, "target"), "debug", "choo");

/** How a program ended: exactly one of the two is not null.
 * @typedef {{ code: number | null, signal: NodeJS.Signals | null }} Ending */

/** One `choo` process, ended with its test whatever happens. */
export class Program {
  /** Everything written to stderr so far; shown when something goes wrong. */
  stderr = "";
  /** Everything written to stdout so far. */
  stdout = "";
  /** @type {Promise<Ending>} */
  ended;
  /** @type {Promise<string>} The first line on stdout; rejected if the program ends without one. */
  firstLine;
  #child;

  /**
   * @param {import("node:test").TestContext} test
   * @param {string[]} args
   */
  constructor(test, args) {
    // A group of its own, so that the tasks of a run end with it.
    this.#child = spawn(choo, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"], detached: true });
    this.#child.stderr.setEncoding("utf8").on("data", (text) => (this.stderr += text));
    this.#child.stdout.setEncoding("utf8").on("data", (text) => (this.stdout += text));
    this.ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", (code, signal) => resolve({ code, signal }));
    });
    const lines = createInterface(this.#child.stdout);
    this.firstLine = new Promise((resolve, reject) => {
      lines.once("line", resolve);
      this.ended.then(({ code }) => reject(new Error(`choo ${args[0]} ended with ${code}: ${this.stderr}`)), reject);
    });
    // A test that does not ask for the line must not fail for its absence.
    this.firstLine.catch(() => {});
    test.after(() => this.kill("SIGKILL"));
  }

  /**
   * Sends a signal and waits for the end.
   * @param {NodeJS.Signals} signal
   */
  async kill(signal) {
    const { pid, exitCode, signalCode } = this.#child;
    if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, signal);
    return this.ended;
  }
}
