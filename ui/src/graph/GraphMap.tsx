import { MiniMap, type MiniMapNodeProps } from "@xyflow/react";
import { useUnit } from "../connection/FeedProvider";
import { UNIT } from "../status/status";

/** In CSS pixels. */
const SIZE = { width: 160, height: 110 };

/** The whole graph in a corner, for graphs too large to read at once. */
export function GraphMap() {
  return <MiniMap className="graph-map" style={SIZE} nodeComponent={Mark} pannable zoomable ariaLabel="Overview of the graph" />;
}

function Mark({ id, x, y, width, height }: MiniMapNodeProps) {
  const unit = useUnit(id);
  return <rect className={`graph-map-node tone-${UNIT[unit?.status ?? "pending"].tone}`} x={x} y={y} width={width} height={height} rx={8} />;
}
