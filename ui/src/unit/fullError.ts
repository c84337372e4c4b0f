import type { Feed } from "../connection/Feed";

/** A state keeps the first 4 KiB of an error. Shorter ones are whole, whatever the length of their characters. */
const CUT_FROM = 1_000;
/** Failures of one unit looked through at most. */
const MANY = 1_000;

/** The whole text of an error that the state may have cut, from the event that told of it, if that is still here. */
export function fullError(feed: Feed, unit: string, error: string): string {
  if (error.length < CUT_FROM) return error;
  const filter = { types: ["*.failed", "*.fail", "*.retry", "*.blocked"], units: [unit] };
  const count = feed.eventCount(filter);
  const events = feed.events(Math.max(0, count - MANY), MANY, filter);
  return events.findLast((event) => event.error?.startsWith(error))?.error ?? error;
}
