import { instant } from "./duration";

const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric" });

/** `14:03:07` in the reader's time zone; empty if there is no time. */
export function formatSecond(time: string | null | undefined): string {
  const millis = instant(time);
  return millis === undefined ? "" : CLOCK.format(millis);
}

/** `14:03:07.120` in the reader's time zone; empty if there is no time. */
export function formatClock(time: string | null | undefined): string {
  const millis = instant(time);
  if (millis === undefined) return "";
  return `${CLOCK.format(millis)}.${String(((millis % 1_000) + 1_000) % 1_000).padStart(3, "0")}`;
}

/** `today 14:03:07`, `yesterday 14:03:07`, `3 Mar 2025 14:03:07`, seen from `now` (Unix milliseconds). */
export function formatStart(time: string | null | undefined, now: number): string {
  const millis = instant(time);
  if (millis === undefined) return "";
  return `${day(millis, now)} ${CLOCK.format(millis)}`;
}

function day(millis: number, now: number): string {
  const date = DAY.format(millis);
  if (date === DAY.format(now)) return "today";
  // Noon of today minus a day is yesterday whatever the clocks did overnight.
  const yesterday = new Date(now).setHours(12, 0, 0, 0) - 86_400_000;
  return date === DAY.format(yesterday) ? "yesterday" : date;
}
