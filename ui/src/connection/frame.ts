/** How long a batch may wait when the page is hidden and draws no frames, in milliseconds. */
const HIDDEN_DELAY = 250;

/** Runs `work` once before the next frame however often it is asked to; a hidden page gets it after a short delay. */
export class Frame {
  readonly #work: () => void;
  #request: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(work: () => void) {
    this.#work = work;
  }

  /** Asks for a run; further calls before it are free. */
  ask(): void {
    if (this.#timer !== undefined) return;
    this.#request = requestAnimationFrame(this.#run);
    // A hidden page gets no frames; the title and the announcements must still follow.
    this.#timer = setTimeout(this.#run, HIDDEN_DELAY);
  }

  /** Forgets a run asked for. */
  cancel(): void {
    if (this.#request !== undefined) cancelAnimationFrame(this.#request);
    clearTimeout(this.#timer);
    this.#request = undefined;
    this.#timer = undefined;
  }

  readonly #run = (): void => {
    this.cancel();
    this.#work();
  };
}
