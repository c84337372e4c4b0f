import type { UnitStatus } from "@choo/wire";
import { PROGRESS, UNIT } from "../status/status";
import "./progress.css";

type Counts = Readonly<Partial<Record<UnitStatus, number>>>;

/** The units of a run by status, as one bar. */
export function ProgressBar({ counts }: { readonly counts: Counts }) {
  const parts = present(counts);
  return (
    <span className="progress" role="img" aria-label={describe(counts)}>
      {parts.map(({ status, count }) => (
        <span key={status} className={`progress-part tone-${UNIT[status].tone}`} data-status={status} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}

/** The statuses that occur, in the bar's order. */
export function present(counts: Counts): { status: UnitStatus; count: number }[] {
  return PROGRESS.map((status) => ({ status, count: counts[status] ?? 0 })).filter(({ count }) => count > 0);
}

/** The bar in words: `12 complete, 1 failed, 3 pending`. */
export function describe(counts: Counts): string {
  return present(counts).map(({ status, count }) => `${count} ${UNIT[status].word}`).join(", ") || "no units";
}
