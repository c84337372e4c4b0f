import { useSyncExternalStore } from "react";

/** Below this the views do not fit side by side; the style sheets say the same. */
const QUERY = "(max-width: 860px)";

/** Whether the window is as narrow as a phone or a split screen. */
export function useNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => matchMedia(QUERY).matches);
}

function subscribe(listener: () => void): () => void {
  const query = matchMedia(QUERY);
  query.addEventListener("change", listener);
  return () => query.removeEventListener("change", listener);
}
