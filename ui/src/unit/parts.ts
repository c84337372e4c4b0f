import type { TaskState, UnitState } from "@choo/wire";

// The wire leaves out what is empty.

/** What the unit waits for. */
export function dependenciesOf(unit: UnitState): readonly string[] {
  return unit.depends_on ?? [];
}

/** Its tasks with their numbers, in their order. */
export function tasksOf(unit: UnitState): readonly (readonly [number, TaskState])[] {
  return Object.entries(unit.tasks ?? {})
    .map(([number, task]) => [Number(number), task] as const)
    .sort(([a], [b]) => a - b);
}
