import type { EventFilter, LogLine, WireEvent } from "@choo/wire";
import type { Feed } from "../connection/Feed";
import { unitPattern } from "../unit/pattern";

/** Which log lines are shown. */
export interface LogQuery {
  /** One unit's, or the whole run's. */
  readonly unit: string | undefined;
  /** Only lines that contain this, if not empty. */
  readonly text: string;
}

/** How many lines match. */
export function countLines(feed: Feed, { unit, text }: LogQuery): number {
  return text === "" ? feed.logCount(unit) : feed.eventCount(filter(unit, text));
}

/** How many lines of the list have left this page to make room. A search is about what is here. */
export function droppedLines(feed: Feed, { unit, text }: LogQuery): number {
  return text === "" ? feed.logsDropped(unit) : 0;
}

/** The matching lines `from..from+count`. */
export function readLines(feed: Feed, { unit, text }: LogQuery, from: number, count: number): readonly LogLine[] {
  return text === "" ? feed.logs(unit, from, count) : feed.events(from, count, filter(unit, text)).map(toLine);
}

function filter(unit: string | undefined, q: string): EventFilter {
  return { types: ["log.*"], q, ...(unit === undefined ? {} : { units: [unitPattern(unit)] }) };
}

/** A log event as the line it carries. What says that lines are missing passes every filter and becomes a line too. */
export function toLine({ type, unit, task, time, payload }: WireEvent): LogLine {
  const body = typeof payload === "object" && payload !== null ? payload : {};
  const content = "content" in body && typeof body.content === "string" ? body.content : "";
  return {
    unit: unit ?? "",
    ...(task === undefined ? {} : { task }),
    stream: stream(type),
    content: type.startsWith("log.") ? content : "Events are missing here.",
    n: "n" in body && typeof body.n === "number" ? body.n : 0,
    ...(time === undefined ? {} : { time }),
  };
}

function stream(type: string): LogLine["stream"] {
  switch (type) {
    case "log.stderr":
      return "stderr";
    case "log.error":
      return "error";
    case "log.stdout":
      return "stdout";
    default:
      return "system";
  }
}
