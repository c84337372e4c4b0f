import type { KeyboardEvent, PointerEvent } from "react";

/** Neither pane may shrink below this part. */
const LEAST = 0.15;
/** How far an arrow key moves the line. */
const STEP = 0.04;

interface Props {
  /** The upper pane's part of the height. */
  readonly share: number;
  readonly onShare: (share: number) => void;
}

/** The line between two panes, moved by pointer or arrow keys. */
export function Splitter({ share, onShare }: Props) {
  function set(value: number): void {
    onShare(Math.min(1 - LEAST, Math.max(LEAST, value)));
  }
  function drag(event: PointerEvent<HTMLDivElement>): void {
    const around = event.currentTarget.parentElement?.getBoundingClientRect();
    if (around === undefined || !event.currentTarget.hasPointerCapture(event.pointerId)) return;
    set((event.clientY - around.top) / around.height);
  }
  function key(event: KeyboardEvent): void {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    set(share + (event.key === "ArrowDown" ? STEP : -STEP));
  }
  return (
    <div
      className="splitter"
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label="Height of the graph"
      aria-valuenow={Math.round(share * 100)}
      aria-valuemin={LEAST * 100}
      aria-valuemax={(1 - LEAST) * 100}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={drag}
      onKeyDown={key}
    />
  );
}
