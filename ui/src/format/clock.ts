import { useSyncExternalStore } from "react";

/** How often elapsed times on the page move on, in milliseconds. */
const TICK = 1_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

/**
 * Unix milliseconds that move on once a second while `running`, and stand still otherwise. One timer serves the page,
 * and none runs when nothing on it is running.
 */
export function useNow(running: boolean): number {
  return useSyncExternalStore(running ? subscribe : idle, read);
}

function read(): number {
  return now;
}

function idle(): () => void {
  return () => undefined;
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  if (timer === undefined) {
    now = Date.now();
    timer = setInterval(tick, TICK);
  }
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}
