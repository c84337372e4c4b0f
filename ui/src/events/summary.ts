import type { WireEvent } from "@choo/wire";
import type { Tone } from "../status/status";

/** How much of a payload a closed row shows, in characters. */
const CUT = 240;

/** An event in one line: its error, its text, or its payload as it was sent. */
export function summarize({ error, payload }: WireEvent): string {
  if (error) return firstLine(error);
  if (payload === undefined || payload === null) return "";
  if (typeof payload === "object" && "content" in payload && typeof payload.content === "string") return firstLine(payload.content);
  return cut(JSON.stringify(payload));
}

/** The colour of an event's dot, by what its type says happened. */
export function eventTone(type: string): Tone {
  const last = type.slice(type.lastIndexOf(".") + 1);
  if (type.startsWith("link.") || type.startsWith("hub.")) return "orange";
  if (last === "failed" || last === "fail" || last === "conflict") return "red";
  if (last === "blocked") return "orange";
  if (last === "retry" || last === "queued") return "yellow";
  if (last === "completed" || last === "ok" || last === "merged" || last === "passed") return "green";
  if (last === "started" || last === "created") return "blue";
  return "grey";
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? cut(text) : `${cut(text.slice(0, end))} …`;
}

function cut(text: string): string {
  return text.length <= CUT ? text : `${text.slice(0, CUT)}…`;
}
