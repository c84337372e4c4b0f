import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback, useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
import { followAfterScroll, type Scroll } from "./follow";
import "./list.css";

/** Rows drawn beyond either edge of the box. */
const OVERSCAN = 12;

interface Props {
  readonly label: string;
  readonly testId: string;
  readonly className?: string;
  /** How many rows there are in all. */
  readonly count: number;
  /** How many rows have gone from the front of the list: what stays keeps its place in the box. */
  readonly dropped?: number;
  /** Height of a row that is not measured, in CSS pixels. */
  readonly rowHeight: number;
  /** Rows differ in height (wrapped or opened ones) and are measured. Costs more per row. */
  readonly measured?: boolean;
  /** The end is kept in view. */
  readonly follow?: boolean;
  readonly onFollow?: (follow: boolean) => void;
  /** Draws the rows `from..to`, the second one excluded. Asked for together, so that they can be read together. */
  readonly rows: (from: number, to: number) => readonly ReactNode[];
  readonly children?: ReactNode;
}

/** A list of any length of which only the rows in view exist. */
export function VirtualList(props: Props) {
  const { label, testId, className, count, dropped = 0, rowHeight, measured = false, follow = false, onFollow, rows } = props;
  const box = useRef<HTMLDivElement>(null);
  const before = useRef<Scroll>({ top: 0, height: 0, view: 0 });
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
    // A measured height belongs to the row, wherever it stands by now.
    getItemKey: useCallback((index: number) => index + dropped, [dropped]),
    overscan: OVERSCAN,
    // Following, the rows drawn are the last ones, whatever the box said when it last scrolled: lines may come faster
    // than scroll events.
    ...(follow ? { rangeExtractor: lastRows } : {}),
    // Several rows may resize in one frame; one pass draws them all.
    useFlushSync: false,
  });
  const size = virtualizer.getTotalSize();

  useLayoutEffect(() => {
    const element = box.current;
    if (element !== null && follow) element.scrollTop = element.scrollHeight;
  }, [follow, size]);

  useEffect(() => virtualizer.measure(), [virtualizer, measured, rowHeight]);

  const gone = useRef(dropped);
  useLayoutEffect(() => {
    const rowsGone = dropped - gone.current;
    gone.current = dropped;
    if (box.current !== null && rowsGone > 0 && !follow) box.current.scrollTop -= rowsGone * rowHeight;
  }, [dropped, follow, rowHeight]);

  function scrolled(): void {
    const element = box.current;
    if (element === null) return;
    const after = { top: element.scrollTop, height: element.scrollHeight, view: element.clientHeight };
    const next = followAfterScroll(follow, before.current, after);
    before.current = after;
    if (next !== follow) onFollow?.(next);
  }

  const items = virtualizer.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const drawn = items.length === 0 ? [] : rows(first, first + items.length);
  return (
    <div
      ref={box}
      className={`virtual-list ${className ?? ""}`}
      data-testid={testId}
      data-count={count}
      role="list"
      aria-label={label}
      tabIndex={0}
      onScroll={scrolled}
    >
      {count === 0 && props.children}
      <div className="virtual-space" role="presentation" style={{ height: size }}>
        <div className="virtual-rows" role="presentation" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
          {items.map((item, at) => (
            <div
              key={item.key}
              role="listitem"
              aria-setsize={count}
              aria-posinset={item.index + 1}
              data-index={item.index}
              {...(measured ? { ref: virtualizer.measureElement } : { style: { height: rowHeight } })}
            >
              {drawn[at]}
            </div>
          ))}
        </div>
      </div>
    </div>
  );
}

function lastRows(range: Range): number[] {
  const seen = range.endIndex - range.startIndex + 1;
  return defaultRangeExtractor({ ...range, startIndex: Math.max(0, range.count - seen), endIndex: range.count - 1 });
}
