import type { ReactNode, UIEvent } from "react";
import type { Following } from "./useFollowing";
import "./list.css";

/** What a list of any length needs to know. */
export interface ListProps {
  readonly label: string;
  readonly testId: string;
  readonly className?: string;
  /** How many rows there are in all. */
  readonly count: number;
  /** How many rows have gone from the front of the list: what stays keeps its place in the box. */
  readonly dropped?: number;
  /** Height of a row, or what is assumed until it is measured, in CSS pixels. */
  readonly rowHeight: number;
  /** The end is kept in view. */
  readonly follow?: boolean;
  readonly onFollow?: (follow: boolean) => void;
  /** Draws the rows `from..to`, the second one excluded. Asked for together, so that they can be read together. */
  readonly rows: (from: number, to: number) => readonly ReactNode[];
  /** What stands in an empty list. */
  readonly empty?: ReactNode;
}

interface BoxProps extends ListProps {
  readonly following: Following;
  /** Height of all rows, and where the first one drawn begins, in CSS pixels. */
  readonly size: number;
  readonly start: number;
  readonly onScroll?: (event: UIEvent<HTMLDivElement>) => void;
  readonly children: ReactNode;
}

/** The scrolling box of a list: as high inside as all rows together, with the few that exist at their place. */
export function ListBox({ label, testId, className, count, empty, following, size, start, onScroll, children }: BoxProps) {
  return (
    <div
      ref={following.box}
      className={`virtual-list ${className ?? ""}`}
      data-testid={testId}
      data-count={count}
      role="list"
      aria-label={label}
      tabIndex={0}
      {...following.handlers}
      onScroll={(event) => {
        following.handlers.onScroll(event);
        onScroll?.(event);
      }}
    >
      {count === 0 && empty}
      <div className="virtual-space" role="presentation" style={{ height: size }}>
        <div className="virtual-rows" role="presentation" style={{ transform: `translateY(${start}px)` }}>{children}</div>
      </div>
    </div>
  );
}
