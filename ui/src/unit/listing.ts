import type { GraphLayout, UnitState, UnitStatus } from "@choo/wire";

/** What the unit list is narrowed to. */
export interface UnitFilter {
  /** Part of the id or label, in any case. */
  readonly text: string;
  readonly status: UnitStatus | undefined;
}

/** The ids to list: level by level, as the graph has them, so that rows keep their places while statuses move. */
export function listUnits(nodes: GraphLayout["nodes"], units: ReadonlyMap<string, UnitState>, { text, status }: UnitFilter): string[] {
  const wanted = text.trim().toLowerCase();
  return nodes
    .filter(({ id }) => {
      const unit = units.get(id);
      if (unit === undefined || (status !== undefined && unit.status !== status)) return false;
      return wanted === "" || id.toLowerCase().includes(wanted) || (unit.label?.toLowerCase().includes(wanted) ?? false);
    })
    .sort((a, b) => a.level - b.level)
    .map(({ id }) => id);
}
