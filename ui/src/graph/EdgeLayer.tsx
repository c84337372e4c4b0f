import type { GraphLayout, UnitState } from "@choo/wire";
import { ViewportPortal } from "@xyflow/react";
import { useMemo } from "react";
import { useFeed, useTopic } from "../connection/FeedProvider";
import { edgesPath } from "./edges";
import { useRoles, type Role } from "./GraphFocus";

/** All edges as three paths: the quiet ones, those along which trouble spread, and those of the unit pointed at. */
export function EdgeLayer({ layout }: { readonly layout: GraphLayout }) {
  const feed = useFeed();
  useTopic("units");
  const roles = useRoles();
  // Statuses move many times a second, the list of those in trouble rarely: paths are built when that changes.
  const trouble = layout.nodes.filter(({ id }) => inTrouble(feed.units.get(id))).map(({ id }) => id).join("\n");
  const [quiet, spread] = useMemo(() => {
    const ids = new Set(trouble === "" ? [] : trouble.split("\n"));
    const isSpread = ({ from, to }: Edge) => ids.has(from) && ids.has(to);
    return [edgesPath(layout.edges.filter((edge) => !isSpread(edge))), edgesPath(layout.edges.filter(isSpread))];
  }, [layout, trouble]);
  const pointed = useMemo(() => (roles.size === 0 ? "" : edgesPath(layout.edges.filter((edge) => joins(roles, edge)))), [layout, roles]);

  return (
    <ViewportPortal>
      <svg className="edges" width={layout.width} height={layout.height} aria-hidden="true">
        <path className="edge" d={quiet} />
        <path className="edge spread" d={spread} />
        {pointed !== "" && <path className="edge pointed" d={pointed} />}
      </svg>
    </ViewportPortal>
  );
}

type Edge = GraphLayout["edges"][number];

function inTrouble(unit: UnitState | undefined): boolean {
  return unit?.status === "failed" || unit?.status === "blocked";
}

/** Whether an edge lies on a way into or out of the unit pointed at, and not merely between two of its relatives. */
function joins(roles: ReadonlyMap<string, Role>, { from, to }: Edge): boolean {
  const [source, target] = [roles.get(from), roles.get(to)];
  const into = source === "dependency" && (target === "dependency" || target === "self");
  const outOf = target === "dependant" && (source === "dependant" || source === "self");
  return into || outOf;
}
