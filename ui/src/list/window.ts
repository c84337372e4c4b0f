/** Rows drawn beyond either edge of the box. */
export const OVERSCAN = 12;

/** Rows `from..to` of a list, the second one excluded. */
export interface RowRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Which rows of one height stand in view. A list that follows draws its last rows whatever the box said when it last
 * scrolled: lines may come faster than scroll events.
 */
export function rowsInView(count: number, rowHeight: number, top: number, view: number, follow: boolean): RowRange {
  const fitting = Math.ceil(view / rowHeight) + 1;
  const first = follow ? count - fitting : Math.floor(top / rowHeight);
  const from = Math.min(Math.max(0, first - OVERSCAN), count);
  return { from, to: Math.min(count, Math.max(0, first) + fitting + OVERSCAN) };
}
