import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useEffect, useLayoutEffect, useRef, type ReactNode } from "react";
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
  /** Height of a row that is not measured, in CSS pixels. */
  readonly rowHeight: number;
  /** Rows differ in height (wrapped or opened ones) and are measured. Costs more per row. */
  readonly measured?: boolean;
  /** The end is kept in view. */
  readonly follow?: boolean;
  readonly onFollow?: (follow: boolean) => void;
  /** A row to bring into view when it changes. */
  readonly reveal?: number | undefined;
  /** Draws the rows `from..to`, the second one excluded. Asked for together, so that they can be read together. */
  readonly rows: (from: number, to: number) => readonly ReactNode[];
  readonly children?: ReactNode;
}

/** A list of any length of which only the rows in view exist. */
export function VirtualList(props: Props) {
  const { label, testId, className, count, rowHeight, measured = false, follow = false, onFollow, reveal, rows } = props;
  const box = useRef<HTMLDivElement>(null);
  const before = useRef<Scroll>({ top: 0, height: 0, view: 0 });
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => rowHeight,
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

  useEffect(() => {
    if (reveal !== undefined && reveal >= 0) virtualizer.scrollToIndex(reveal, { align: "auto" });
  }, [virtualizer, reveal]);

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
      <div className="virtual-space" style={{ height: size }}>
        <div className="virtual-rows" style={{ transform: `translateY(${items[0]?.start ?? 0}px)` }}>
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
