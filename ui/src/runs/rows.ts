import type { RunStatus, RunSummary, UnitStatus } from "@choo/wire";
import type { ListedRun } from "../connection/api";
import { instant } from "../format/duration";

/** One line of the run list. */
export interface RunRow {
  readonly run: string;
  readonly status: RunStatus;
  readonly started?: string;
  readonly ended?: string;
  readonly units: number;
  readonly failed: number;
  /** Units by status; only runs that the stream told of have it. */
  readonly counts?: Readonly<Partial<Record<UnitStatus, number>>>;
  /** Events lost on the way. */
  readonly lost: number;
}

/** Joins what the hub listed with what the stream has told since; the stream is newer. Newest start first. */
export function mergeRuns(listed: readonly ListedRun[], streamed: readonly RunSummary[]): RunRow[] {
  const rows = new Map<string, RunRow>();
  for (const { run, status, started, ended, units, failed } of listed) {
    rows.set(run, { run, status, ...(started ? { started } : {}), ...(ended ? { ended } : {}), units, failed, lost: 0 });
  }
  for (const summary of streamed) rows.set(summary.run, fromSummary(summary));
  return [...rows.values()].sort(newestFirst);
}

/** Units that are settled, whatever became of them. */
export function settled(counts: NonNullable<RunRow["counts"]>): number {
  const { complete = 0, failed = 0, blocked = 0, skipped = 0, cancelled = 0 } = counts;
  return complete + failed + blocked + skipped + cancelled;
}

function fromSummary({ run, status, started, ended, units, counts, loss }: RunSummary): RunRow {
  return {
    run,
    status,
    ...(started ? { started } : {}),
    ...(ended ? { ended } : {}),
    units,
    failed: counts.failed,
    counts,
    lost: loss.count,
  };
}

/** A run that has not said when it began is about to, so it stands on top; ids settle the rest (ULIDs rise with time). */
function newestFirst(a: RunRow, b: RunRow): number {
  const [left, right] = [instant(a.started) ?? Infinity, instant(b.started) ?? Infinity];
  if (left !== right) return left > right ? -1 : 1;
  return a.run > b.run ? -1 : 1;
}
