/** What a link waits for. */
export type Deadline =
  /** The next attempt is due. */
  | "retry"
  /** The hub should have answered by now. */
  | "answer"
  /** The connection has been up long enough to count as healthy. */
  | "healthy"
  /** The quality of the link is looked at again. */
  | "check"
  /** The tab has been hidden long enough to rest. */
  | "rest";

/** All deadlines of a link in one table, which answers one question: when is the next one? Times in milliseconds. */
export class Deadlines {
  readonly #at = new Map<Deadline, number>();

  set(deadline: Deadline, at: number): void {
    this.#at.set(deadline, at);
  }

  clear(...deadlines: readonly Deadline[]): void {
    for (const deadline of deadlines) this.#at.delete(deadline);
  }

  get(deadline: Deadline): number | undefined {
    return this.#at.get(deadline);
  }

  /** Whether it has come; one that has is removed. */
  take(deadline: Deadline, now: number): boolean {
    const at = this.#at.get(deadline);
    return at !== undefined && at <= now && this.#at.delete(deadline);
  }

  /** When the next one comes. */
  next(): number | undefined {
    return this.#at.size === 0 ? undefined : Math.min(...this.#at.values());
  }
}
