import type { GraphLayout } from "@choo/wire";
import { getViewportForBounds, useReactFlow, useStore } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import { MAX_FIT_ZOOM, MIN_ZOOM } from "./zoom";

/** Room left around the whole graph, as a part of the box. */
const PADDING = 0.06;

export interface Fit {
  /** Shows the whole graph, and again whenever the graph or the box changes. */
  readonly fit: () => void;
  /** The reader has moved the view: leave it. */
  readonly release: () => void;
  /** Moves the view to a unit if it lies outside. */
  readonly bringIn: (id: string) => void;
}

/** Keeps the whole graph in view until the reader moves it. */
export function useFit(layout: GraphLayout): Fit {
  const { setViewport, getViewport, setCenter } = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const held = useRef(true);

  const fit = useCallback(() => {
    held.current = true;
    if (width === 0 || height === 0 || layout.nodes.length === 0) return;
    const bounds = { x: 0, y: 0, width: layout.width, height: layout.height };
    void setViewport(getViewportForBounds(bounds, width, height, MIN_ZOOM, MAX_FIT_ZOOM, PADDING));
  }, [layout, width, height, setViewport]);

  const release = useCallback(() => {
    held.current = false;
  }, []);

  const bringIn = useCallback((id: string) => {
    const node = layout.nodes.find((placed) => placed.id === id);
    if (node === undefined || width === 0) return;
    const { x, y, zoom } = getViewport();
    const left = node.x * zoom + x;
    const top = node.y * zoom + y;
    const seen = left >= 0 && top >= 0 && left + layout.node_width * zoom <= width && top + layout.node_height * zoom <= height;
    if (seen) return;
    held.current = false;
    void setCenter(node.x + layout.node_width / 2, node.y + layout.node_height / 2, { zoom });
  }, [layout, width, height, getViewport, setCenter]);

  useEffect(() => {
    if (held.current) fit();
  }, [fit]);

  return { fit, release, bringIn };
}
