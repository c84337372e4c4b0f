import { useEffect, useRef } from "react";
import { useFeed, useRunState } from "../connection/FeedProvider";
import { settled } from "../runs/rows";
import { RUN } from "../status/status";

const NAME = "choo";
/** The shortest time between two titles, in milliseconds: the browser redraws its tab for each. */
const PAUSE = 1_000;

/** Says in the browser's tab how the run stands: `3/10 running · ID`. */
export function useTitle(run: string): void {
  const state = useRunState();
  const summary = useFeed().summary;
  const done = summary === undefined ? "" : `${settled(summary.counts)}/${summary.units} `;
  const title = state === undefined ? `${run} · ${NAME}` : `${done}${RUN[state.status].word} · ${run} · ${NAME}`;
  const latest = useRef(title);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);

  useEffect(() => {
    latest.current = title;
    if (timer.current !== undefined) return;
    document.title = title;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      document.title = latest.current;
    }, PAUSE);
  }, [title]);

  useEffect(() => () => {
    clearTimeout(timer.current);
    timer.current = undefined;
    document.title = NAME;
  }, []);
}
