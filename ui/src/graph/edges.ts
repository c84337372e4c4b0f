import type { GraphLayout } from "@choo/wire";

type Edge = GraphLayout["edges"][number];

/** How far before a point an edge begins to bend, as a part of the way between two points. */
const BEND = 0.5;

/** An edge as SVG path data: from point to point, leaving and arriving level, as the columns are. */
export function edgePath({ points }: Edge): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x} ${first.y}`;
  let from = first;
  for (const to of rest) {
    if (from.y === to.y) path += `H${to.x}`;
    else {
      const reach = (to.x - from.x) * BEND;
      path += `C${from.x + reach} ${from.y} ${to.x - reach} ${to.y} ${to.x} ${to.y}`;
    }
    from = to;
  }
  return path;
}

/** Many edges as one path: the browser draws one element however many there are. */
export function edgesPath(edges: readonly Edge[]): string {
  return edges.map(edgePath).join("");
}
