import { useEffect, useMemo, useState } from "react";
import { ApiError, fetchRuns, type ListedRun } from "../connection/api";
import { useConnectionStatus, useFeed, useTopic } from "../connection/FeedProvider";
import { useToken } from "../connection/useToken";
import { mergeRuns, type RunRow } from "./rows";

export interface Runs {
  readonly rows: readonly RunRow[];
  /** Whether the hub has answered once; before that an empty list means nothing. */
  readonly loaded: boolean;
  /** Why the list of finished runs could not be read, in words. */
  readonly error?: string;
}

/** The run list: asked for once per connection, kept current by the stream. */
export function useRuns(): Runs {
  const feed = useFeed();
  const token = useToken();
  const listVersion = useTopic("list");
  const live = useConnectionStatus().state === "live";
  const [listed, setListed] = useState<readonly ListedRun[]>([]);
  const [loaded, setLoaded] = useState(false);
  const [error, setError] = useState<string>();

  // Each time the stream comes back, runs may have come and gone meanwhile.
  useEffect(() => {
    if (!live) return undefined;
    const abort = new AbortController();
    fetchRuns(token, abort.signal).then(
      (runs) => {
        setListed(runs);
        setLoaded(true);
        setError(undefined);
      },
      (reason: unknown) => {
        if (abort.signal.aborted) return;
        setLoaded(true);
        setError(reason instanceof ApiError ? reason.message : "the hub did not answer");
      },
    );
    return () => abort.abort();
  }, [live, token]);

  // The version stands for the feed's list, which is read anew whenever it moves.
  const rows = useMemo(() => mergeRuns(listed, feed.list), [feed, listed, listVersion]);
  return { rows, loaded, ...(error === undefined ? {} : { error }) };
}
