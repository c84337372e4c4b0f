import type { StoreChanges } from "./types.gen.js";

/** What can move: the list of runs, any line at all, one run, one unit. */
export type Topic = "runs" | "lines" | `run:${string}` | `unit:${string}`;

/** The topic of a unit. Ids of runs have no slash in them, so no two units share one. */
export function unitTopic(run: string, id: string): Topic {
  return `unit:${run}/${id}`;
}

/**
 * What moved since it was last looked at, as one number per topic that rises, and who wants to know. Between two
 * `flush`es all changes count as one.
 */
export class Topics {
  readonly #versions = new Map<Topic, number>();
  readonly #listeners = new Map<Topic, Set<() => void>>();
  readonly #moved = new Set<Topic>();

  /** A number that rises whenever the topic moves. */
  version(topic: Topic): number {
    return this.#versions.get(topic) ?? 0;
  }

  /** Calls `listener` when the topic has moved; returns the way out. */
  subscribe(topic: Topic, listener: () => void): () => void {
    const listeners = this.#listeners.get(topic) ?? new Set();
    this.#listeners.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(topic) === listeners) this.#listeners.delete(topic);
    };
  }

  /** Notes what changed. Returns whether anything did. */
  add({ runs, units, diffs = [], all, events }: StoreChanges): boolean {
    if (events > 0) this.#moved.add("lines");
    for (const run of [...runs, ...all]) this.#moved.add("runs").add(`run:${run}`);
    for (const { run, ids } of [...units, ...diffs]) {
      this.#moved.add("runs").add(`run:${run}`);
      for (const id of ids) this.#moved.add(unitTopic(run, id));
    }
    // Which units a whole run has, nobody says: those that somebody looks at are the ones that matter.
    for (const run of all) {
      for (const topic of this.#listeners.keys()) {
        if (topic.startsWith(unitTopic(run, ""))) this.#moved.add(topic);
      }
    }
    return this.#moved.size > 0;
  }

  /** Tells everyone whose topic moved. */
  flush(): void {
    const moved = [...this.#moved];
    this.#moved.clear();
    for (const topic of moved) this.#versions.set(topic, this.version(topic) + 1);
    for (const topic of moved) {
      // A listener may take others with it.
      for (const listener of [...(this.#listeners.get(topic) ?? [])]) listener();
    }
  }
}
