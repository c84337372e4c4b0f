/** How long to work before others get a turn, in milliseconds: half a frame. */
const TURN = 8;

/**
 * Lets the page draw and listen while a backlog is read. Chunks that lie ready follow each other without the event
 * loop in between, so a catch-up of many megabytes would freeze the page.
 */
export class Turns {
  #began = performance.now();

  /** Resolves at once while the turn lasts, and after the others' turn when it is over. */
  async next(): Promise<void> {
    if (performance.now() - this.#began < TURN) return;
    await othersTurn();
    this.#began = performance.now();
  }
}

interface Host {
  readonly scheduler?: { yield?(): Promise<void> };
}

function othersTurn(): Promise<void> {
  const { scheduler } = globalThis as Host;
  return scheduler?.yield?.() ?? new Promise((resolve) => setTimeout(resolve));
}
