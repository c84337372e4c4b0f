import type { UnitState } from "@choo/wire";
import { UNIT } from "../status/status";
import { dependenciesOf, tasksOf } from "./parts";

/** `2/5 tasks`; nothing while the number of tasks is not known. */
export function taskCount(unit: UnitState): string | undefined {
  const total = unit.total_tasks ?? tasksOf(unit).length;
  if (!total) return undefined;
  return `${unit.completed_tasks}/${total} ${total === 1 ? "task" : "tasks"}`;
}

/** The unit's name for people, if it says more than the id, by which terminal, logs and dependencies know it. */
export function otherName(id: string, { label }: UnitState): string | undefined {
  return label && label.toLowerCase() !== id.toLowerCase() ? label : undefined;
}

/** A unit in one sentence, for screen readers. */
export function describeUnit(id: string, unit: UnitState): string {
  const name = otherName(id, unit);
  const parts = [name === undefined ? id : `${id} (${name})`, UNIT[unit.status].word];
  const tasks = taskCount(unit);
  if (tasks !== undefined) parts.push(tasks);
  const dependencies = dependenciesOf(unit);
  if (dependencies.length > 0) parts.push(`depends on ${dependencies.join(", ")}`);
  return parts.join(", ");
}
