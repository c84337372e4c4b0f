/** Milliseconds as people say them: `420 ms`, `3.2 s`, `1 min 05 s`, `2 h 07 min`. Negative values (clock skew) are 0. */
export function formatDuration(millis: number): string {
  if (!Number.isFinite(millis)) return "";
  const ms = Math.max(0, Math.round(millis));
  if (ms < 1_000) return `${ms} ms`;
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  const secs = Math.floor(ms / 1_000);
  if (secs < 60) return `${secs} s`;
  const mins = Math.floor(secs / 60);
  if (mins < 60) return `${mins} min ${two(secs % 60)} s`;
  return `${Math.floor(mins / 60)} h ${two(mins % 60)} min`;
}

/** The time from `started` to `ended`, or to `now` while it lasts. `undefined` if it has not begun. */
export function elapsed(started: string | null | undefined, ended: string | null | undefined, now: number): number | undefined {
  const from = instant(started);
  if (from === undefined) return undefined;
  return Math.max(0, (instant(ended) ?? now) - from);
}

/** An RFC 3339 time as Unix milliseconds; nanoseconds are cut, nonsense is `undefined`. */
export function instant(time: string | null | undefined): number | undefined {
  if (!time) return undefined;
  // V8 drops leading zeros of a fraction with more than nine digits: `.0116937830` would be 116 ms.
  const millis = Date.parse(time.replace(/(\.\d{9})\d+/, "$1"));
  return Number.isNaN(millis) ? undefined : millis;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
