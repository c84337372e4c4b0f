import { execFileSync } from "node:child_process";
import { writeFile } from "node:fs/promises";

/** A point that a task of a plan cannot pass until the test lets it: a named pipe. */
export class Gate {
  #path;

  /** @param {string} path */
  constructor(path) {
    execFileSync("mkfifo", [path]);
    this.#path = path;
  }

  /** The shell command that waits. */
  get wait() {
    return `cat '${this.#path}'`;
  }

  /** Lets the task go on. Waits until it has come to the gate. */
  open() {
    return writeFile(this.#path, "");
  }
}
