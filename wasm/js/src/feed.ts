import { connect } from "./connect.js";
import type { Connection, ConnectOptions } from "./connection.js";
import type { ConnectionStatus } from "./status.js";
import { RunStore, type RunStoreOptions } from "./store.js";
import { Topics, type Topic } from "./topics.js";

/** What to follow, and how much of it to keep. */
export interface FeedOptions
  extends Omit<ConnectOptions, "store" | "onChange" | "onStatus">,
    RunStoreOptions {}

/** A store, its connection, and who listens: what the hooks of `@choo/wire/react` share. */
export class Feed {
  readonly store: RunStore;
  readonly connection: Connection;
  readonly #topics = new Topics();
  readonly #onStatus = new Set<() => void>();
  #status: ConnectionStatus;
  #closed = false;
  #asked = false;

  constructor({ journalBytes, ...options }: FeedOptions) {
    this.store = new RunStore(journalBytes === undefined ? {} : { journalBytes });
    this.connection = connect({
      ...options,
      store: this.store,
      onChange: (changes) => this.#topics.add(changes) && this.#ask(),
      onStatus: (status) => {
        this.#status = status;
        for (const listener of [...this.#onStatus]) listener();
      },
    });
    this.#status = this.connection.status;
  }

  /** Once closed it answers nothing any more: its store is gone. */
  get closed(): boolean {
    return this.#closed;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  version(topic: Topic): number {
    return this.#topics.version(topic);
  }

  subscribe(topic: Topic | "status", listener: () => void): () => void {
    if (topic !== "status") return this.#topics.subscribe(topic, listener);
    this.#onStatus.add(listener);
    return () => this.#onStatus.delete(listener);
  }

  /** Ends the connection and gives the store's memory back. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.connection.close();
    this.store.free();
  }

  /** One telling per frame, however many chunks come. A hidden tab has no frames, and nobody who looks. */
  #ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    const tell = (): void => {
      this.#asked = false;
      if (!this.#closed) this.#topics.flush();
    };
    if (typeof requestAnimationFrame === "function") requestAnimationFrame(tell);
    else setTimeout(tell);
  }
}
