import { memo } from "react";
import { Link } from "../app/Link";
import { useUnit } from "../connection/FeedProvider";
import { useNow } from "../format/clock";
import { elapsed, formatDuration } from "../format/duration";
import { isActive, UNIT } from "../status/status";
import { StatusIcon } from "../status/StatusIcon";
import { otherName, taskCount } from "./words";

/** One unit of the list. */
export const UnitRow = memo(function UnitRow({ run, id }: { readonly run: string; readonly id: string }) {
  const unit = useUnit(id);
  const active = unit !== undefined && isActive(unit.status);
  const now = useNow(active);
  if (unit === undefined) return null;
  const look = UNIT[unit.status];
  const took = unit.ended || active ? elapsed(unit.started, unit.ended, now) : undefined;
  return (
    <Link to={{ run, unit: id, tab: "units" }} className="unit-row" data-testid="unit-row" data-unit={id} data-status={unit.status}>
      <StatusIcon look={look} />
      <span className="unit-row-name">{id} <span className="quiet">{otherName(id, unit)}</span></span>
      <span className="sr-only">, {look.word}</span>
      <span className="unit-row-tasks">{taskCount(unit)?.replace(/ tasks?$/, "")}</span>
      <span className="unit-row-took">{took === undefined ? "" : formatDuration(took)}</span>
    </Link>
  );
});
