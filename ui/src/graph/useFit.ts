import type { GraphLayout } from "@choo/wire";
import { getViewportForBounds, useReactFlow, useStore, type Viewport } from "@xyflow/react";
import { useCallback, useEffect, useRef } from "react";
import { MAX_FIT_ZOOM, MIN_ZOOM, READABLE_ZOOM } from "./zoom";

/** Room left around the whole graph, in CSS pixels; below it stand the buttons. */
const MARGIN = 24;
const BUTTONS = 60;
/** A box up to this wide is a phone's, in CSS pixels. */
const NARROW = 600;

/** Whether some of the graph lies out of view. */
export function useOverflow(layout: GraphLayout): boolean {
  return useStore(({ transform: [x, y, zoom], width, height }) => {
    const right = x + layout.width * zoom;
    const bottom = y + layout.height * zoom;
    return x < 0 || y < 0 || right > width || bottom > height;
  });
}

export interface Fit {
  /** Shows the whole graph. */
  readonly fit: () => void;
  /** The reader has moved the view: leave it. */
  readonly release: () => void;
  /**
   * Moves the view to a unit if it lies outside, or is too small to be read and should be. `false` if there is no view
   * or no such unit yet.
   */
  readonly bringIn: (id: string, atLeast?: number) => boolean;
}

/** Keeps the graph in view, whatever happens to it or to the box, until the reader moves it. */
export function useFit(layout: GraphLayout): Fit {
  const { setViewport, getViewport, setCenter } = useReactFlow();
  const width = useStore((store) => store.width);
  const height = useStore((store) => store.height);
  const held = useRef(true);

  const fit = useCallback(() => {
    held.current = true;
    if (width === 0 || height === 0 || layout.nodes.length === 0) return;
    void setViewport(whole(layout, width, height));
  }, [layout, width, height, setViewport]);

  const begin = useCallback(() => {
    if (width === 0 || height === 0 || layout.nodes.length === 0) return;
    void setViewport(readable(layout, width, height) ?? whole(layout, width, height));
  }, [layout, width, height, setViewport]);

  const release = useCallback(() => {
    held.current = false;
  }, []);

  const bringIn = useCallback((id: string, atLeast = 0) => {
    const node = layout.nodes.find((placed) => placed.id === id);
    if (node === undefined || width === 0) return false;
    const { x, y, zoom } = getViewport();
    const left = node.x * zoom + x;
    const top = node.y * zoom + y;
    const seen = left >= 0 && top >= 0 && left + layout.node_width * zoom <= width && top + layout.node_height * zoom <= height;
    if (seen && zoom >= atLeast) return true;
    held.current = false;
    const centre = { x: node.x + layout.node_width / 2, y: node.y + layout.node_height / 2 };
    void setCenter(centre.x, centre.y, { zoom: Math.max(zoom, atLeast) });
    return true;
  }, [layout, width, height, getViewport, setCenter]);

  useEffect(() => {
    if (held.current) begin();
  }, [begin]);

  return { fit, release, bringIn };
}

function whole(layout: GraphLayout, width: number, height: number): Viewport {
  const bounds = { x: 0, y: 0, width: layout.width, height: layout.height };
  return getViewportForBounds(bounds, width, height, MIN_ZOOM, MAX_FIT_ZOOM, { x: `${MARGIN}px`, top: `${MARGIN}px`, bottom: `${BUTTONS}px` });
}

/**
 * On a narrow screen a wide graph shrinks to coloured strips. If its height allows, it begins at its first level with
 * names that can be read instead, and goes on to the right.
 */
function readable(layout: GraphLayout, width: number, height: number): Viewport | undefined {
  const zoom = READABLE_ZOOM;
  const tall = layout.height * zoom > height - MARGIN - BUTTONS;
  if (width > NARROW || tall || whole(layout, width, height).zoom >= zoom) return undefined;
  return { x: MARGIN, y: (height - layout.height * zoom) / 2, zoom };
}
