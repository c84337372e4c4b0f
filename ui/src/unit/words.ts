import type { UnitState } from "@choo/wire";
import { UNIT } from "../status/status";

/** `2/5 tasks`; nothing while the number of tasks is not known. */
export function taskCount(unit: UnitState): string | undefined {
  const total = unit.total_tasks ?? Object.keys(unit.tasks).length;
  if (!total) return undefined;
  return `${unit.completed_tasks}/${total} ${total === 1 ? "task" : "tasks"}`;
}

/** A unit in one sentence, for screen readers. */
export function describeUnit(id: string, unit: UnitState): string {
  const parts = [unit.label ?? id, UNIT[unit.status].word];
  const tasks = taskCount(unit);
  if (tasks !== undefined) parts.push(tasks);
  if (unit.depends_on.length > 0) parts.push(`depends on ${unit.depends_on.join(", ")}`);
  return parts.join(", ");
}
