import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of its own for one test, short enough for a socket, gone afterwards. */
export class Place {
  /** @type {string} */
  #dir = mkdtempSync(join(tmpdir(), "choo-"));

  /** @param {import("node:test").TestContext} test */
  constructor(test) {
    test.after(() => rmSync(this.#dir, { recursive: true, force: true }));
  }

  /** @param {string} below */
  path(below) {
    return join(this.#dir, below);
  }

  /**
   * Writes a file and returns its path.
   * @param {string} below
   * @param {string} text
   */
  write(below, text) {
    const path = this.path(below);
    writeFileSync(path, text);
    return path;
  }

  get socket() {
    return this.path("web.sock");
  }
}
