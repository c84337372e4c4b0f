import type { UnitState, UnitStatus } from "@choo/wire";

/** What deserves the reader's eye first: what failed, then what runs, then what waits for a person. */
const ORDER: readonly UnitStatus[] = ["failed", "in_progress", "in_review"];

export interface Pick {
  readonly id: string;
  readonly unit: UnitState;
  /** Others in the same state. */
  readonly more: number;
}

/** The unit to show when none is chosen; none when nothing failed and nothing runs. */
export function pickUnit(units: ReadonlyMap<string, UnitState>): Pick | undefined {
  for (const status of ORDER) {
    const found = [...units].filter(([, unit]) => unit.status === status);
    const [first] = found.sort(([, a], [, b]) => a.level - b.level || a.order - b.order);
    if (first !== undefined) return { id: first[0], unit: first[1], more: found.length - 1 };
  }
  return undefined;
}
