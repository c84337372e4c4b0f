import { eventsOf, type Words } from "./batch.js";
import { decode as decodeLine, Decoder as WasmDecoder } from "../pkg/choo_wasm.js";
import { guarded } from "./errors.js";
import { requireModule } from "./module.js";
import type { WireEvent } from "./types.gen.js";

/** A line that could not be read. The stream goes on behind it. */
export interface LineFault {
  /** A stable name, such as `syntax`, `too-deep` or `oversized`. */
  readonly kind: string;
  /** What was wrong, for people. */
  readonly message: string;
  /** Where in the line, in bytes. */
  readonly offset?: number;
}

/**
 * Turns bytes into events, for those who want every event and fold nothing; a page wants a `RunStore`.
 *
 * Aliases and `null`s that readers forgive are gone from the events, so that each member has its one name; unknown
 * types and members are kept.
 */
export class Decoder {
  readonly #wasm: WasmDecoder;

  constructor() {
    requireModule();
    this.#wasm = new WasmDecoder();
  }

  /** Takes the next bytes, cut anywhere, and returns the events whose lines they complete. Bad lines are left out. */
  push(bytes: Uint8Array): WireEvent[] {
    return guarded(() => eventsOf(this.#wasm.push(bytes) as Words, this.#wasm.numbers()));
  }

  /**
   * Takes the next bytes, cut anywhere, and returns how many good lines they complete. The bad ones are in `bad` and
   * `takeFaults`. Makes no objects: the fastest way to tell whether a stream is in order, or how much of it is.
   */
  check(bytes: Uint8Array): number {
    return this.#wasm.check(bytes);
  }

  /** How many lines could not be read. */
  get bad(): number {
    return this.#wasm.bad;
  }

  /** The lines that could not be read since this was last asked, at most 100. */
  takeFaults(): LineFault[] {
    return guarded(() => this.#wasm.takeFaults() as LineFault[]);
  }

  /** Ends the stream: returns the length in bytes of a torn last line, 0 if there is none, and begins anew. */
  finish(): number {
    return this.#wasm.finish();
  }

  /** Gives the memory back. The decoder cannot be used any more. */
  free(): void {
    this.#wasm.free();
  }
}

/** Reads one line, with or without its newline. Throws a `ChooError` with `kind` and `offset` if it is a bad one. */
export function decode(line: string): WireEvent {
  requireModule();
  return guarded(() => decodeLine(line) as WireEvent);
}
