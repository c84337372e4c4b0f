import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { useCallback } from "react";
import { ListBox, type ListProps } from "./ListBox";
import { useFollowing } from "./useFollowing";
import { OVERSCAN } from "./window";

/** A list whose rows differ in height. Every row added costs a step over all of them, so {@link FixedList} where possible. */
export function MeasuredList(props: ListProps) {
  const { count, dropped = 0, rowHeight, follow = false, onFollow, rows } = props;
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: (): HTMLDivElement | null => following.box.current,
    estimateSize: () => rowHeight,
    // A measured height belongs to the row, wherever it stands by now.
    getItemKey: useCallback((index: number) => index + dropped, [dropped]),
    overscan: OVERSCAN,
    ...(follow ? { rangeExtractor: lastRows } : {}),
    // Several rows may resize in one frame; one pass draws them all.
    useFlushSync: false,
  });
  const size = virtualizer.getTotalSize();
  const following = useFollowing({ follow, onFollow, size, dropped, rowHeight });
  const items = virtualizer.getVirtualItems();
  const from = items[0]?.index ?? 0;
  const drawn = items.length === 0 ? [] : rows(from, from + items.length);
  return (
    <ListBox {...props} following={following} size={size} start={items[0]?.start ?? 0}>
      {items.map((item, at) => (
        <div
          key={item.key}
          ref={virtualizer.measureElement}
          data-index={item.index}
          role="listitem"
          aria-setsize={count}
          aria-posinset={item.index + 1}
        >
          {drawn[at]}
        </div>
      ))}
    </ListBox>
  );
}

function lastRows(range: Range): number[] {
  const seen = range.endIndex - range.startIndex + 1;
  return defaultRangeExtractor({ ...range, startIndex: Math.max(0, range.count - seen), endIndex: range.count - 1 });
}
