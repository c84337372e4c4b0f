import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { load } from "../../src/index.js";

const PACKAGE = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

// Whoever imports this has the module. From its bytes: in a test that plays a page, addresses are the page's.
await load(readFileSync(join(PACKAGE, "pkg/choo_wasm_bg.wasm")));

/** A file of tests/vectors. */
export function vector(name: string): Buffer {
  return readFileSync(join(PACKAGE, "../../tests/vectors", name));
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** The lines of a run, each a third of the fields of a real one. */
export function line(type: string, run: string, seq: number, rest: Record<string, unknown> = {}): string {
  return `${JSON.stringify({ type, ...rest, run, seq })}\n`;
}

/** A hub's control line. */
export function control(type: string, payload: Record<string, unknown>): string {
  return `${JSON.stringify({ type, payload })}\n`;
}
