import { useLayoutEffect, useRef, useState, type KeyboardEvent, type MouseEvent, type RefObject, type TouchEvent, type UIEvent, type WheelEvent } from "react";
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

/** What the scrolling box needs. */
export interface Following {
  readonly box: RefObject<HTMLDivElement | null>;
  /** Height of the part that is seen, in CSS pixels; 0 until known. */
  readonly view: number;
  readonly handlers: {
    readonly onScroll: (event: UIEvent<HTMLDivElement>) => void;
    readonly onWheel: (event: WheelEvent) => void;
    readonly onKeyDown: (event: KeyboardEvent) => void;
    readonly onMouseDown: (event: MouseEvent<HTMLDivElement>) => void;
    readonly onTouchStart: (event: TouchEvent) => void;
    readonly onTouchMove: (event: TouchEvent) => void;
  };
}

/** How far a finger moves before it means something, in CSS pixels. */
const FINGER = 4;

/**
 * Keeps a scrolling box at its end while it follows, and in its place while rows leave in front of it.
 *
 * Where the box stands tells what the reader wants only as long as nothing else moves it. While lines arrive every
 * frame, the end is sought again before a scroll upwards could show, so hands are watched too.
 */
export function useFollowing({ follow, onFollow, size, dropped, rowHeight }: Options): Following {
  const box = useRef<HTMLDivElement>(null);
  const before = useRef<Scroll>({ top: 0, height: 0, view: 0 });
  const gone = useRef(dropped);
  const finger = useRef(0);

  const [view, setView] = useState(0);

  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => setView(element.clientHeight);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  useLayoutEffect(() => {
    if (box.current !== null && follow) box.current.scrollTop = box.current.scrollHeight;
  }, [follow, size, view]);

  useLayoutEffect(() => {
    const rowsGone = dropped - gone.current;
    gone.current = dropped;
    if (box.current !== null && rowsGone > 0 && !follow) box.current.scrollTop -= rowsGone * rowHeight;
  }, [dropped, follow, rowHeight]);

  function decide(next: boolean): void {
    if (next !== follow) onFollow?.(next);
  }

  return {
    box,
    view,
    handlers: {
      onScroll({ currentTarget }) {
        const after = { top: currentTarget.scrollTop, height: currentTarget.scrollHeight, view: currentTarget.clientHeight };
        decide(followAfterScroll(follow, before.current, after));
        before.current = after;
      },
      onWheel({ deltaY }) {
        if (deltaY < 0) decide(false);
      },
      onKeyDown({ key }) {
        if (key === "ArrowUp" || key === "PageUp" || key === "Home") decide(false);
        if (key === "End") decide(true);
      },
      onMouseDown({ nativeEvent, currentTarget, target }) {
        // On the scroll bar: whoever takes hold of it wants to go elsewhere.
        if (target === currentTarget && nativeEvent.offsetX >= currentTarget.clientWidth) decide(false);
      },
      onTouchStart({ touches }) {
        finger.current = touches[0]?.clientY ?? 0;
      },
      onTouchMove({ touches }) {
        if ((touches[0]?.clientY ?? 0) > finger.current + FINGER) decide(false);
      },
    },
  };
}
