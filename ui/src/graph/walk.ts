import type { GraphLayout } from "@choo/wire";
import type { Neighbours } from "./Neighbours";

type Node = GraphLayout["nodes"][number];

/** Keys that walk through the graph. */
export type Step = "ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown" | "Home" | "End";

export function isStep(key: string): key is Step {
  return ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(key);
}

/**
 * Where a key leads from `id`: left to the nearest dependency, right to the nearest dependant, up and down within the
 * level, to the first and last unit. `undefined` if there is nothing that way.
 */
export function walk(nodes: readonly Node[], neighbours: Neighbours, id: string, step: Step): string | undefined {
  const here = nodes.find((node) => node.id === id);
  if (here === undefined) return nodes[0]?.id;
  switch (step) {
    case "ArrowLeft":
      return nearest(nodes, here, neighbours.dependencies(id));
    case "ArrowRight":
      return nearest(nodes, here, neighbours.dependants(id));
    case "ArrowUp":
      return column(nodes, here).findLast(({ y }) => y < here.y)?.id;
    case "ArrowDown":
      return column(nodes, here).find(({ y }) => y > here.y)?.id;
    case "Home":
      return nodes[0]?.id;
    case "End":
      return nodes.at(-1)?.id;
  }
}

function nearest(nodes: readonly Node[], here: Node, ids: readonly string[]): string | undefined {
  const wanted = new Set(ids);
  let best: Node | undefined;
  for (const node of nodes) {
    if (wanted.has(node.id) && (best === undefined || distance(here, node) < distance(here, best))) best = node;
  }
  return best?.id;
}

/** A dependency in the next column beats one far away, even if that one lies straight ahead. */
function distance(here: Node, there: Node): number {
  return Math.abs(here.x - there.x) + Math.abs(here.y - there.y);
}

function column(nodes: readonly Node[], here: Node): Node[] {
  return nodes.filter(({ level }) => level === here.level).sort((a, b) => a.y - b.y);
}
