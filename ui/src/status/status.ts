import type { RunStatus, TaskStatus, UnitStatus } from "@choo/wire";

/** A colour of SPEC §7. Several statuses share one; the icon and the words tell them apart. */
export type Tone = "grey" | "yellow" | "blue" | "purple" | "green" | "red" | "orange" | "muted";

/** The shape drawn for a status, so that colour never stands alone. */
export type Shape = "ring" | "dot" | "spinner" | "eye" | "check" | "cross" | "barrier" | "skip" | "slash" | "pause" | "question" | "retry";

export interface Look {
  readonly word: string;
  readonly tone: Tone;
  readonly shape: Shape;
}

export const UNIT: Readonly<Record<UnitStatus, Look>> = {
  pending: { word: "pending", tone: "grey", shape: "ring" },
  ready: { word: "ready", tone: "yellow", shape: "dot" },
  in_progress: { word: "in progress", tone: "blue", shape: "spinner" },
  in_review: { word: "in review", tone: "purple", shape: "eye" },
  complete: { word: "complete", tone: "green", shape: "check" },
  failed: { word: "failed", tone: "red", shape: "cross" },
  blocked: { word: "blocked", tone: "orange", shape: "barrier" },
  skipped: { word: "skipped", tone: "muted", shape: "skip" },
  cancelled: { word: "cancelled", tone: "muted", shape: "slash" },
};

export const RUN: Readonly<Record<RunStatus, Look>> = {
  waiting: { word: "waiting", tone: "grey", shape: "ring" },
  running: { word: "running", tone: "blue", shape: "spinner" },
  paused: { word: "paused", tone: "yellow", shape: "pause" },
  completed: { word: "completed", tone: "green", shape: "check" },
  failed: { word: "failed", tone: "red", shape: "cross" },
  cancelled: { word: "cancelled", tone: "muted", shape: "slash" },
  stale: { word: "stale", tone: "orange", shape: "question" },
};

export const TASK: Readonly<Record<TaskStatus, Look>> = {
  pending: { word: "pending", tone: "grey", shape: "ring" },
  running: { word: "running", tone: "blue", shape: "spinner" },
  validating: { word: "validating", tone: "purple", shape: "eye" },
  retrying: { word: "retrying", tone: "yellow", shape: "retry" },
  completed: { word: "completed", tone: "green", shape: "check" },
  failed: { word: "failed", tone: "red", shape: "cross" },
};

/** The order in which the parts of a progress bar and the counts beside it stand: what is settled, what moves, what waits. */
export const PROGRESS: readonly UnitStatus[] = [
  "complete", "failed", "blocked", "in_review", "in_progress", "ready", "pending", "skipped", "cancelled",
];

/** What a person looks at first: trouble, then work, then what waits, then what is done. */
export const ATTENTION: readonly UnitStatus[] = [
  "failed", "in_progress", "in_review", "blocked", "ready", "pending", "complete", "skipped", "cancelled",
];

/** Whether the run may still change by itself, so that its clock ticks. */
export function isLive(status: RunStatus): boolean {
  return status === "running" || status === "paused";
}

/** Whether the unit's clock ticks. */
export function isActive(status: UnitStatus): boolean {
  return status === "in_progress" || status === "in_review";
}
