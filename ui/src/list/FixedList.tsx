import { useState } from "react";
import { ListBox, type ListProps } from "./ListBox";
import { useFollowing } from "./useFollowing";
import { rowsInView } from "./window";

/** A list whose rows are equally high: where a row stands is a multiplication, so a million cost no more than a hundred. */
export function FixedList(props: ListProps) {
  const { count, dropped = 0, rowHeight, follow = false, onFollow, rows } = props;
  const size = count * rowHeight;
  const following = useFollowing({ follow, onFollow, size, dropped, rowHeight });
  const [top, setTop] = useState(0);
  const { from, to } = rowsInView(count, rowHeight, top, following.view, follow);
  const drawn = rows(from, to);
  return (
    <ListBox
      {...props}
      following={following}
      size={size}
      start={from * rowHeight}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
    >
      {drawn.map((row, at) => (
        <div key={dropped + from + at} role="listitem" aria-setsize={count} aria-posinset={from + at + 1} style={{ height: rowHeight }}>
          {row}
        </div>
      ))}
    </ListBox>
  );
}
