// What a connection to a hub is for those who use it.

import type { CommandOptions, CommandOutcome } from "./order.js";
import type { Selection } from "./request.js";
import type { ConnectionStatus } from "./status.js";
import type { RunStore } from "./store.js";
import type { CmdArgs, Command, StoreChanges } from "./types.gen.js";

export interface ConnectOptions extends Selection {
  /** The hub's stream, `…/api/v1/events`; in a page it may be relative. */
  readonly url: string;
  /** The hub's token; a hub on a Unix socket or one without needs none. */
  readonly token?: string;
  /** Where to begin: `snapshot` (default), `earliest`, `now`, or a cursor such as `store.cursor`. */
  readonly since?: string;
  /** What takes the bytes. One connection at a time. */
  readonly store: RunStore;
  /** Called after each chunk of bytes with what it changed. */
  readonly onChange?: (changes: StoreChanges) => void;
  readonly onStatus?: (status: ConnectionStatus) => void;
  /** After how many failed attempts in a row to give up. Default: never. */
  readonly maxReconnectAttempts?: number;
  /**
   * How events may come, the best first; the next is tried where one is not to be had. Default: `websocket`, which all
   * connections of a page to a hub share, then `ndjson` and `sse`, each a response of its own.
   */
  readonly transports?: readonly Transport[];
}

/** How events come. */
export type Transport = "websocket" | "ndjson" | "sse";

/** A connection that heals itself. */
export interface Connection {
  readonly status: ConnectionStatus;
  /** Up to where the stream has been taken. */
  readonly cursor: string | undefined;
  /** Ends it for good; nothing is called any more. Harmless when repeated. */
  close(): void;
  /** Rests until `resume()`, which catches up. */
  pause(): void;
  resume(): void;
  /** Tries at once instead of waiting, also after `denied` and after giving up. */
  retryNow(): void;
  /**
   * Has something done by the orchestrator of a run and resolves with what became of it, which is followed apart from
   * this connection's own events. Throws a `CommandError` if it could not be given, or what became of it is not known.
   */
  command(run: string, cmd: Command, args?: CmdArgs, options?: CommandOptions): Promise<CommandOutcome>;
}
