import { readFileSync } from "node:fs";
import { load } from "../../src/index.js";

/** The module of this package, loaded before the first test of the file that imports this. */
await load();

const VECTORS = new URL("../../../../tests/vectors/", import.meta.url);

export function vector(name: string): Buffer {
  return readFileSync(new URL(name, VECTORS));
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
