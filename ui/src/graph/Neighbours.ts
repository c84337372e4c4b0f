import type { GraphLayout } from "@choo/wire";

/** Who waits for whom, both ways. Edges lead from the dependency to the dependant. */
export class Neighbours {
  readonly #before = new Map<string, string[]>();
  readonly #after = new Map<string, string[]>();

  constructor(edges: GraphLayout["edges"]) {
    for (const { from, to } of edges) {
      push(this.#before, to, from);
      push(this.#after, from, to);
    }
  }

  /** What `id` depends on directly. */
  dependencies(id: string): readonly string[] {
    return this.#before.get(id) ?? [];
  }

  /** What depends on `id` directly. */
  dependants(id: string): readonly string[] {
    return this.#after.get(id) ?? [];
  }

  /** Everything that must be done before `id`. */
  allDependencies(id: string): ReadonlySet<string> {
    return closure(this.#before, id);
  }

  /** Everything that waits for `id`. */
  allDependants(id: string): ReadonlySet<string> {
    return closure(this.#after, id);
  }
}

function push(map: Map<string, string[]>, key: string, value: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function closure(map: ReadonlyMap<string, readonly string[]>, start: string): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = [start];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const next of map.get(id) ?? []) {
      if (found.has(next) || next === start) continue;
      found.add(next);
      waiting.push(next);
    }
  }
  return found;
}
