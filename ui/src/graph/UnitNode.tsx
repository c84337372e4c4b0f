import type { NodeProps } from "@xyflow/react";
import type { UnitState } from "@choo/wire";
import { memo } from "react";
import { useUnit } from "../connection/FeedProvider";
import { useNow } from "../format/clock";
import { elapsed, formatDuration } from "../format/duration";
import { isActive, UNIT } from "../status/status";
import { StatusIcon } from "../status/StatusIcon";
import { describeUnit, otherName, taskCount } from "../unit/words";
import { useGraph, useNodeFocus } from "./GraphFocus";

/** One unit of the graph. Draws itself again when that unit moves, or its part in what the reader points at. */
export const UnitNode = memo(function UnitNode({ id }: NodeProps) {
  const unit = useUnit(id);
  const { focus, neighbours, select } = useGraph();
  const { role, selected, active } = useNodeFocus(id);
  if (unit === undefined) return null;
  const look = UNIT[unit.status];
  return (
    <button
      type="button"
      className={`graph-node tone-${look.tone}`}
      data-testid="graph-node"
      data-unit={id}
      data-status={unit.status}
      data-role={role}
      aria-label={describeUnit(id, unit)}
      title={otherName(id, unit)}
      aria-pressed={selected}
      tabIndex={active ? 0 : -1}
      onClick={() => select(id)}
      onPointerEnter={() => focus.point(id, neighbours)}
      onPointerLeave={() => focus.point(undefined, neighbours)}
      onFocus={() => {
        focus.activate(id);
        focus.point(id, neighbours);
      }}
      onBlur={() => focus.point(undefined, neighbours)}
    >
      <StatusIcon look={look} />
      <span className="graph-node-name">{id}</span>
      <span className="graph-node-meta">
        <span>{taskCount(unit) ?? look.word}</span>
        <Took unit={unit} />
      </span>
      <Tasks unit={unit} />
    </button>
  );
});

function Took({ unit }: { readonly unit: UnitState }) {
  const now = useNow(isActive(unit.status));
  const took = unit.ended || isActive(unit.status) ? elapsed(unit.started, unit.ended, now) : undefined;
  return took === undefined ? null : <span>{formatDuration(took)}</span>;
}

/** How far a running unit is, as a line along the lower edge. */
function Tasks({ unit }: { readonly unit: UnitState }) {
  if (!isActive(unit.status) || !unit.total_tasks) return null;
  const part = Math.min(1, unit.completed_tasks / unit.total_tasks);
  return <span className="graph-node-bar" aria-hidden="true"><span style={{ transform: `scaleX(${part})` }} /></span>;
}
