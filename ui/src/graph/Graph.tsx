import "@xyflow/react/dist/base.css";
import { Background, BackgroundVariant, ReactFlow, ReactFlowProvider, useStore, type Edge, type Node } from "@xyflow/react";
import { useEffect, useMemo, useRef, useState, type KeyboardEvent } from "react";
import { useFeed, useTopic } from "../connection/FeedProvider";
import { EdgeLayer } from "./EdgeLayer";
import { GraphControls } from "./GraphControls";
import { GraphContext, GraphFocus } from "./GraphFocus";
import { GraphMap } from "./GraphMap";
import { Neighbours } from "./Neighbours";
import { UnitNode } from "./UnitNode";
import { useFit, useOverflow } from "./useFit";
import { isStep, walk } from "./walk";
import { detailAt, MAX_ZOOM, MIN_ZOOM, READABLE_ZOOM } from "./zoom";
import "./graph.css";

/** From here on, nodes out of view are not drawn. Below it all of them exist, so the browser's own search finds them. */
const MANY = 300;
/** From here on, an overview stands in the corner while not all of the graph is in view. */
const NEEDS_MAP = 60;

const NODE_TYPES = { unit: UnitNode };
/** Edges are drawn by {@link EdgeLayer}: an element for each of thousands would cost more than the whole rest. */
const NO_EDGES: Edge[] = [];

interface Props {
  readonly selected: string | undefined;
  readonly onSelect: (id: string) => void;
}

/** The dependency graph, levels from left to right. */
export function Graph(props: Props) {
  return <ReactFlowProvider><Flow {...props} /></ReactFlowProvider>;
}

function Flow({ selected, onSelect }: Props) {
  const feed = useFeed();
  useTopic("graph");
  const layout = feed.layout;
  const box = useRef<HTMLDivElement>(null);
  const [focus] = useState(() => new GraphFocus());
  const neighbours = useMemo(() => new Neighbours(layout.edges), [layout]);
  /** The selection that the view has answered to: a unit clicked in the graph is where it is. */
  const shown = useRef<string>(undefined);
  const context = useMemo(() => ({
    focus,
    neighbours,
    select: (id: string) => {
      shown.current = id;
      onSelect(id);
    },
  }), [focus, neighbours, onSelect]);
  const detail = useStore((store) => detailAt(store.transform[2]));
  const overflow = useOverflow(layout);
  const { fit, release, bringIn } = useFit(layout);
  const nodes = useMemo(() => layout.nodes.map(({ id, x, y }): Node => ({
    id,
    type: "unit",
    position: { x, y },
    data: {},
    width: layout.node_width,
    height: layout.node_height,
    measured: { width: layout.node_width, height: layout.node_height },
  })), [layout]);

  useEffect(() => {
    focus.select(selected);
    if (selected === shown.current) return;
    if (selected === undefined || bringIn(selected, READABLE_ZOOM)) shown.current = selected;
  }, [focus, selected, bringIn]);

  useEffect(() => {
    const known = layout.nodes.some(({ id }) => id === focus.active);
    if (!known) focus.activate(layout.nodes[0]?.id);
  }, [focus, layout]);

  // Everything else fades while a unit is pointed at: one attribute, no rendering.
  useEffect(() => focus.subscribe(() => box.current?.toggleAttribute("data-pointing", focus.roles.size > 0)), [focus]);

  function move(id: string): void {
    focus.activate(id);
    bringIn(id);
    // A node far away is drawn once the view has arrived there.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      box.current?.querySelector<HTMLElement>(`[data-testid="graph-node"][data-unit="${CSS.escape(id)}"]`)?.focus({ preventScroll: true });
    }));
  }

  function key(event: KeyboardEvent): void {
    if (!isStep(event.key) || focus.active === undefined) return;
    event.preventDefault();
    const next = walk(layout.nodes, neighbours, focus.active, event.key);
    if (next !== undefined) move(next);
  }

  return (
    <section className="graph" data-testid="graph" data-detail={detail} aria-label="Dependency graph" ref={box}>
      <button type="button" className="skip in-graph" onClick={() => focus.active !== undefined && move(focus.active)}>
        Enter the graph; arrow keys go from unit to unit
      </button>
      <GraphContext value={context}>
        <ReactFlow
          nodes={nodes}
          edges={NO_EDGES}
          nodeTypes={NODE_TYPES}
          onlyRenderVisibleElements={nodes.length > MANY}
          nodesDraggable={false}
          nodesConnectable={false}
          nodesFocusable={false}
          elementsSelectable={false}
          disableKeyboardA11y
          zoomOnDoubleClick={false}
          minZoom={MIN_ZOOM}
          maxZoom={MAX_ZOOM}
          onMoveStart={(event) => event !== null && release()}
          onKeyDown={key}
        >
          <Background variant={BackgroundVariant.Dots} gap={24} size={1.5} />
          <EdgeLayer layout={layout} />
          <GraphControls onFit={fit} onZoom={release} />
          {nodes.length > NEEDS_MAP && overflow && <GraphMap />}
        </ReactFlow>
      </GraphContext>
    </section>
  );
}
