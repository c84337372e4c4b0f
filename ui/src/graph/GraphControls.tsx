import { Panel, useReactFlow } from "@xyflow/react";

interface Props {
  readonly onFit: () => void;
  /** The reader chose another zoom. */
  readonly onZoom: () => void;
}

/** Buttons for what the wheel does: zoom, and seeing everything again. */
export function GraphControls({ onFit, onZoom }: Props) {
  const { zoomIn, zoomOut } = useReactFlow();
  function zoom(by: typeof zoomIn): void {
    onZoom();
    void by();
  }
  return (
    <Panel position="bottom-left" className="graph-controls" role="group" aria-label="View of the graph">
      <button type="button" onClick={() => zoom(zoomIn)} aria-label="Zoom in" title="Zoom in">
        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M8 3.5v9M3.5 8h9" /></svg>
      </button>
      <button type="button" onClick={() => zoom(zoomOut)} aria-label="Zoom out" title="Zoom out">
        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3.5 8h9" /></svg>
      </button>
      <button type="button" onClick={onFit} aria-label="Show the whole graph" title="Show the whole graph">
        <svg viewBox="0 0 16 16" aria-hidden="true"><path d="M3 6V3h3M13 6V3h-3M3 10v3h3M13 10v3h-3" /></svg>
      </button>
    </Panel>
  );
}
