/** How far out the view goes: ten thousand units fit. */
export const MIN_ZOOM = 0.02;
export const MAX_ZOOM = 2;
/** Small graphs are not blown up beyond this when the whole is shown. */
export const MAX_FIT_ZOOM = 1;

/** Names can still be read at this one. */
export const READABLE_ZOOM = 0.62;

/** How much of a node can be read: everything, its name in larger and larger letters, its sign, or only its colour. */
export type Detail = "full" | "name" | "large" | "sign" | "colour";

export function detailAt(zoom: number): Detail {
  if (zoom >= 0.68) return "full";
  if (zoom >= 0.46) return "name";
  if (zoom >= 0.28) return "large";
  return zoom >= 0.12 ? "sign" : "colour";
}
