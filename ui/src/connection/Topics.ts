/**
 * What a component may wait for. `graph`: which units there are and how they depend on each other; `units`: any unit
 * moved; `unit:ID`: that one moved.
 */
export type Topic = "list" | "run" | "graph" | "units" | "events" | "status" | `unit:${string}`;

/** Listeners by topic, so that a change of one unit renders one node and not a thousand. */
export class Topics {
  readonly #listeners = new Map<Topic, Set<() => void>>();

  subscribe(topic: Topic, listener: () => void): () => void {
    let set = this.#listeners.get(topic);
    if (set === undefined) this.#listeners.set(topic, (set = new Set()));
    set.add(listener);
    return () => {
      set.delete(listener);
      if (set.size === 0 && this.#listeners.get(topic) === set) this.#listeners.delete(topic);
    };
  }

  publish(topic: Topic): void {
    const set = this.#listeners.get(topic);
    if (set === undefined) return;
    // A listener may unsubscribe another while it runs.
    for (const listener of [...set]) listener();
  }
}
