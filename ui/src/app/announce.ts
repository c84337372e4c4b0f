import type { RunStatus, UnitStatus } from "@choo/wire";
import { RUN, UNIT } from "../status/status";

/** What a listener was last told. */
export interface Told {
  readonly run: RunStatus | undefined;
  readonly units: ReadonlyMap<string, UnitStatus>;
}

/** Units named one by one at most; more are counted. */
const NAMED = 3;
/** Changes worth a word, in the order of their weight. */
const SAID: readonly UnitStatus[] = ["failed", "blocked", "complete", "in_progress"];

/** What changed between two moments, as a sentence for the live region; empty if nothing worth saying did. */
export function announcement(before: Told, now: Told): string {
  const parts: string[] = [];
  for (const status of SAID) {
    const moved = [...now.units].filter(([id, is]) => is === status && before.units.get(id) !== status).map(([id]) => id);
    if (moved.length === 0) continue;
    parts.push(moved.length <= NAMED ? `${moved.join(", ")} ${UNIT[status].word}` : `${moved.length} units ${UNIT[status].word}`);
  }
  if (now.run !== undefined && now.run !== before.run) parts.push(`run ${RUN[now.run].word}`);
  return parts.join("; ");
}
