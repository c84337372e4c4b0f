import type { HubGap, RunState } from "@choo/wire";
import { formatCount, plural } from "../format/count";

type Loss = NonNullable<RunState["loss"]>;
type Ranges = NonNullable<RunState["summaries"]>;

/** Ranges named at most; a run that lost much has many. */
const NAMED = 3;

/** Why a gap is there: another start of the web daemon gave the cursor. */
export const RESTARTED = "epoch";

/**
 * What only the outcome is known of. A page that had read the lines before the restart still has them, and then the
 * summary told it nothing new; a page opened now would not.
 */
export function describeSummary(ranges: Ranges, gaps: readonly HubGap[]): string | undefined {
  if (ranges.length > 0) {
    return `${describeRanges(ranges)} are known only as a summary: the web daemon was not there or was restarted; their log lines are gone.`;
  }
  if (!gaps.some(({ why }) => why === RESTARTED)) return undefined;
  return "The web daemon was restarted. Its earlier log lines are gone; those already in this page stay until it is loaded again.";
}

/** `Events 1–120`, `Events 1–120 and 300`, `Events 1–4, 9–12, 20–22 and 5 more ranges`. */
export function describeRanges(ranges: Ranges): string {
  return `Events ${list(ranges.map(range), "range")}`;
}

/** Where and why events were lost: `events 40–99 (overflow)`. */
export function describeLoss(loss: Loss): string {
  const ranges = loss.ranges ?? [];
  if (ranges.length === 0) return "where is not known";
  return `events ${list(ranges.map((lost) => `${range(lost)}${lost.reason ? ` (${lost.reason})` : ""}`), "range")}`;
}

/** Why this page's own stream has holes, each reason once: `8,000 events had left the hub's memory before this page read them`. */
export function describeGaps(gaps: readonly HubGap[]): string {
  const reasons = new Map<string, number>();
  for (const { why, count } of gaps) reasons.set(why, (reasons.get(why) ?? 0) + (count ?? 0));
  return [...reasons].map(([why, count]) => reason(why, count)).join("; ");
}

function reason(why: string, count: number): string {
  switch (why) {
    case "evicted":
      return `${count > 0 ? plural(count, "event") : "some events"} had left the hub’s memory before this page read them`;
    case "future":
      return "the web daemon knows less than this page has already seen";
    default:
      return `${count > 0 ? plural(count, "event") : "some events"}${why === "" ? "" : ` (${why})`}`;
  }
}

function range({ from, to }: { readonly from: number; readonly to: number }): string {
  return from === to ? formatCount(from) : `${formatCount(from)}–${formatCount(to)}`;
}

function list(items: readonly string[], noun: string): string {
  const named = items.slice(0, NAMED);
  const rest = items.length - named.length;
  if (rest > 0) return `${named.join(", ")} and ${formatCount(rest)} more ${rest === 1 ? noun : `${noun}s`}`;
  const last = named.at(-1) ?? "";
  return named.length > 1 ? `${named.slice(0, -1).join(", ")} and ${last}` : last;
}
