// How somebody has something done by the orchestrator of a run, and what can become of that.

import type { Precondition, RejectReason } from "./types.gen.js";

export interface CommandOptions {
  /** What must be so when it is executed; otherwise it is rejected (`precondition`). */
  readonly if?: Precondition;
  /**
   * Names the command, 1 to 255 ASCII characters: the same key for the same run is the same command, not done twice, and
   * answered again. Default: a new one each time.
   */
  readonly idempotencyKey?: string;
  /** Until when to wait: `accepted`, or `done` (default). */
  readonly until?: "accepted" | "done";
  /** Ends the waiting (`aborted`); the command stays given. */
  readonly signal?: AbortSignal;
}

/**
 * What became of a command.
 *
 * - `accepted`: its orchestrator has begun with it; only if that is all that was waited for
 * - `done`: it has been executed; if that went wrong, `error` says how
 * - `rejected`: it was not executed, for a `reason`; of `unanswered` nobody knows
 * - `expired`: no orchestrator took it in time (30 s)
 * - `no_producer`: no orchestrator of the run is connected that could be told, or it ended first
 */
export type CommandOutcome =
  | { readonly state: "accepted"; readonly id: string }
  | { readonly state: "done"; readonly id: string; readonly error?: string }
  | { readonly state: "rejected"; readonly id: string; readonly reason: RejectReason; readonly error?: string }
  | { readonly state: "expired"; readonly id: string; readonly error?: string }
  /** Without `id` if it was not even given. */
  | { readonly state: "no_producer"; readonly id?: string; readonly error?: string };
