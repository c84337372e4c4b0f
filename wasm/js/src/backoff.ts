/** The longest wait before the first retry, in milliseconds. */
export const BACKOFF_FIRST = 1_000;
/** The longest wait at all, in milliseconds. */
export const BACKOFF_MAX = 30_000;

/** The longest wait before retry `attempt` (from 1): 1 s, doubling up to 30 s. In milliseconds. */
export function backoffCeiling(attempt: number): number {
  return Math.min(BACKOFF_MAX, BACKOFF_FIRST * 2 ** (attempt - 1));
}

/**
 * The wait before retry `attempt`: anything up to the ceiling (full jitter), so that the pages which lost one hub
 * together do not come back together. `random` is in [0, 1).
 */
export function backoff(attempt: number, random: number): number {
  return backoffCeiling(attempt) * random;
}
