import { memo } from "react";
import { Link } from "../app/Link";
import { formatCount, plural } from "../format/count";
import { elapsed, formatDuration } from "../format/duration";
import { formatStart } from "../format/time";
import { ProgressBar } from "../run/ProgressBar";
import { isLive, RUN } from "../status/status";
import { StatusBadge } from "../status/StatusBadge";
import { settled, type RunRow as Row } from "./rows";

interface Props {
  readonly row: Row;
  readonly now: number;
}

/** One run of the list. Finished rows do not render again while the clock ticks. */
export const RunRow = memo(function RunRow({ row, now }: Props) {
  const live = isLive(row.status);
  const took = live || row.ended ? elapsed(row.started, row.ended, now) : undefined;
  return (
    <li className="run-row" data-testid="run-row" data-run={row.run} data-status={row.status}>
      <Link to={{ run: row.run }} className="run-link">
        <StatusBadge look={RUN[row.status]} testId="run-status" />
        <span className="run-id mono">{row.run}</span>
        <span className="run-units">
          {row.counts && live ? `${formatCount(settled(row.counts))} of ${plural(row.units, "unit")}` : plural(row.units, "unit")}
          {row.failed > 0 && <span className="run-failed">{formatCount(row.failed)} failed</span>}
          {row.lost > 0 && <span className="run-lost">{plural(row.lost, "event")} lost</span>}
        </span>
        <span className="run-start">{formatStart(row.started, now) || "not started"}</span>
        <span className="run-took">{took === undefined ? "" : formatDuration(took)}</span>
        {row.counts && <ProgressBar counts={row.counts} />}
      </Link>
    </li>
  );
}, unchanged);

function unchanged(before: Props, after: Props): boolean {
  return before.row === after.row && (before.now === after.now || !isLive(after.row.status));
}
