import { useEffect } from "react";
import { useFeed, useRunState } from "../connection/FeedProvider";
import { RUN } from "../status/status";
import { settled } from "../runs/rows";

const NAME = "choo";

/** Says in the browser's tab how the run stands: `3/10 running · ID`. */
export function useTitle(run: string): void {
  const state = useRunState();
  const summary = useFeed().summary;
  const done = summary === undefined ? "" : `${settled(summary.counts)}/${summary.units} `;
  const title = state === undefined ? `${run} · ${NAME}` : `${done}${RUN[state.status].word} · ${run} · ${NAME}`;
  useEffect(() => {
    document.title = title;
  }, [title]);
  useEffect(() => () => {
    document.title = NAME;
  }, []);
}
