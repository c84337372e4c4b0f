/** Where a scrolling box stands, in CSS pixels. */
export interface Scroll {
  readonly top: number;
  /** Height of everything in it. */
  readonly height: number;
  /** Height of the part that is seen. */
  readonly view: number;
}

/** How far from the end still counts as the end: less than a line, more than a fraction from zooming. */
const NEAR = 8;

/**
 * Whether the list goes on following its end after it was scrolled. Scrolling up turns it off, arriving at the end
 * turns it on; lines that came or went meanwhile move the end and say nothing about what the reader wants.
 */
export function followAfterScroll(following: boolean, before: Scroll, after: Scroll): boolean {
  const resized = after.height < before.height || after.view !== before.view;
  if (after.top < before.top - 1) return resized && following;
  if (after.top > before.top && atEnd(after)) return true;
  return following;
}

export function atEnd({ top, height, view }: Scroll): boolean {
  return height - view - top <= NEAR;
}
