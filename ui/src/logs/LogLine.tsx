import { memo } from "react";
import type { LogLine as Line } from "@choo/wire";
import { formatClock } from "../format/time";
import { parseAnsi, type Span } from "./ansi";
import { mark } from "./mark";

interface Props {
  readonly line: Line;
  /** Its place in the list, from 1. Numbers of the producer begin anew with every task and attempt. */
  readonly number: number;
  /** Shown where lines of several units stand together. */
  readonly showUnit: boolean;
  /** What to mark. */
  readonly query: string;
}

/** One line of output. */
export const LogLine = memo(function LogLine({ line, number, showUnit, query }: Props) {
  return (
    <div className="log-line" data-testid="log-line" data-stream={line.stream} title={formatClock(line.time)}>
      <span className="log-number" aria-hidden="true">{number}</span>
      {showUnit
        ? <span className="log-unit" title={line.unit}>{line.unit}</span>
        : <span className="log-task" title={line.task === undefined ? "" : `Task ${line.task}`}>{line.task === undefined ? "" : `#${line.task}`}</span>}
      <span className="log-mark" aria-hidden={line.stream === "stdout"}>{MARKS[line.stream]}</span>
      <span className="log-text">
        {parseAnsi(line.content).map((span, at) => <Stretch key={at} span={span} query={query} />)}
      </span>
    </div>
  );
}, unchanged);

/** What stands before the text, so that colour is not the only sign. */
const MARKS: Readonly<Record<Line["stream"], string>> = { stdout: "", stderr: "err", system: "sys", error: "fail" };

function Stretch({ span, query }: { readonly span: Span; readonly query: string }) {
  const text = query === "" ? span.text : mark(span.text, query).map((piece, at) => (piece.hit ? <mark key={at}>{piece.text}</mark> : piece.text));
  if (span.classes === "" && !span.color && !span.background) return text;
  return (
    <span className={span.classes} style={{ color: span.color, backgroundColor: span.background }}>{text}</span>
  );
}

function unchanged(before: Props, after: Props): boolean {
  return before.number === after.number && before.showUnit === after.showUnit && before.query === after.query && same(before.line, after.line);
}

/** Lines are read anew for every frame; the same line is another object. */
function same(a: Line, b: Line): boolean {
  return a.time === b.time && a.unit === b.unit && a.task === b.task && a.stream === b.stream && a.content === b.content;
}
