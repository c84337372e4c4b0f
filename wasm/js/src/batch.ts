// Events from the form in which the module hands many of them over. The other half is wasm/src/batch.rs, which says
// what the numbers mean.

import type { WireEvent } from "./types.gen.js";

/** What is no number: times, payloads and whole events, in their order, and the names that numbers stand for. */
export type Words = readonly [values: readonly unknown[], names: readonly string[]];

interface Members {
  type: string;
  time?: unknown;
  unit?: string;
  task?: number;
  pr?: number;
  payload?: unknown;
  run?: string;
  seq?: number;
}

/** Everything but `pr`: what nearly every event of a hub has. */
const USUAL = 1 + 2 + 4 + 16 + 32 + 64;

/** Plain objects that share nothing with each other or with the bytes they came from. */
export function eventsOf([values, names]: Words, numbers: Int32Array): WireEvent[] {
  const events: Members[] = [];
  let value = 0;
  let at = 0;
  // Both lists come from our own module, which counts.
  const number = (): number => numbers[at++]!;
  const name = (): string => names[number()]!;
  while (at < numbers.length) {
    const head = number();
    if (head < 0) {
      events.push(values[value++] as Members);
      continue;
    }
    const type = names[head >> 7]!;
    if ((head & 127) === USUAL) {
      // An object that is written whole takes less memory than one that grows.
      const time = values[value++];
      const payload = values[value++];
      events.push({ type, time, unit: name(), task: number(), payload, run: name(), seq: number() });
      continue;
    }
    const event: Members = { type };
    if (head & 1) event.time = values[value++];
    if (head & 2) event.unit = name();
    if (head & 4) event.task = number();
    if (head & 8) event.pr = number();
    if (head & 16) event.payload = values[value++];
    if (head & 32) event.run = name();
    if (head & 64) event.seq = number();
    events.push(event);
  }
  return events as WireEvent[];
}
