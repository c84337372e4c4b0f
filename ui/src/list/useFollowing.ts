import { useLayoutEffect, useRef, type RefObject, type UIEvent } from "react";
import { followAfterScroll, type Scroll } from "./follow";

interface Options {
  readonly follow: boolean;
  readonly onFollow: ((follow: boolean) => void) | undefined;
  /** Height of all rows, in CSS pixels. */
  readonly size: number;
  /** How many rows have gone from the front of the list. */
  readonly dropped: number;
  readonly rowHeight: number;
}

interface Following {
  readonly box: RefObject<HTMLDivElement | null>;
  readonly onScroll: (event: UIEvent<HTMLDivElement>) => void;
}

/** Keeps a scrolling box at its end while it follows, and in its place while rows leave in front of it. */
export function useFollowing({ follow, onFollow, size, dropped, rowHeight }: Options): Following {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef<Scroll>({ top: 0, height: 0, view: 0 });
  const gone = useRef(dropped);

  useLayoutEffect(() => {
    if (box.current !== null && follow) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, size]);

  useLayoutEffect(() => {
    const rowsGone = dropped - gone.current;
    gone.current = dropped;
    if (box.current !== null && rowsGone > 0 && !follow) box.current.scrollTop -= rowsGone * rowHeight;
  }, [dropped, follow, rowHeight]);

  function onScroll({ currentTarget }: UIEvent<HTMLDivElement>): void {
    const after = { top: currentTarget.scrollTop, height: currentTarget.scrollHeight, view: currentTarget.clientHeight };
    const next = followAfterScroll(follow, before.current, after);
    before.current = after;
    if (next !== follow) onFollow?.(next);
  }

  return { box, onScroll };
}
