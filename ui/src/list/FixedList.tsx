import { useLayoutEffect, useState } from "react";
import { ListBox, type ListProps } from "./ListBox";
import { useFollowing } from "./useFollowing";
import { rowsInView } from "./window";

/** A list whose rows are equally high: where a row stands is a multiplication, so a million cost no more than a hundred. */
export function FixedList(props: ListProps) {
  const { count, dropped = 0, rowHeight, follow = false, onFollow, rows } = props;
  const size = count * rowHeight;
  const { box, onScroll } = useFollowing({ follow, onFollow, size, dropped, rowHeight });
  const [top, setTop] = useState(0);
  const [view, setView] = useState(0);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => setView(element.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [box]);

  const { from, to } = rowsInView(count, rowHeight, top, view, follow);
  const drawn = rows(from, to);
  return (
    <ListBox
      {...props}
      box={box}
      size={size}
      start={from * rowHeight}
      onScroll={(event) => {
        setTop(event.currentTarget.scrollTop);
        onScroll(event);
      }}
    >
      {drawn.map((row, at) => (
        <div key={dropped + from + at} role="listitem" aria-setsize={count} aria-posinset={from + at + 1} style={{ height: rowHeight }}>
          {row}
        </div>
      ))}
    </ListBox>
  );
}
