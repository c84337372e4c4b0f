import { createContext, useCallback, useContext, useEffect, useState, useSyncExternalStore, type ReactNode } from "react";
import type { ConnectionStatus, RunState, UnitState } from "@choo/wire";
import { Feed } from "./Feed";
import type { Topic } from "./Topics";

const Context = createContext<Feed | undefined>(undefined);

interface Props {
  readonly run: string | undefined;
  readonly token: string | undefined;
  readonly children: ReactNode;
}

/** Opens the page's one connection, for a run or for the run list, and closes it when the reader goes elsewhere. */
export function FeedProvider({ run, token, children }: Props) {
  const [feed, setFeed] = useState<Feed>();
  useEffect(() => {
    const opened = new Feed({ ...(run === undefined ? {} : { run }), ...(token === undefined ? {} : { token }) });
    setFeed(opened);
    return () => {
      setFeed(undefined);
      opened.close();
    };
  }, [run, token]);
  // Between two addresses the old feed is not shown under the new one's name.
  if (feed === undefined || feed.run !== run) return null;
  return <Context value={feed}>{children}</Context>;
}

/** The feed around this component. Renders nothing again by itself: see {@link useTopic}. */
export function useFeed(): Feed {
  const feed = useContext(Context);
  if (feed === undefined) throw new Error("a component that reads the feed stands outside FeedProvider");
  return feed;
}

/** Renders again when `topic` moves; answers its version, for memos. */
export function useTopic(topic: Topic): number {
  const feed = useFeed();
  const subscribe = useCallback((listener: () => void) => feed.subscribe(topic, listener), [feed, topic]);
  return useSyncExternalStore(subscribe, () => feed.version(topic));
}

export function useConnectionStatus(): ConnectionStatus {
  useTopic("status");
  return useFeed().status;
}

/** The state of the run followed, `undefined` until known. */
export function useRunState(): RunState | undefined {
  useTopic("run");
  return useFeed().state;
}

/** One unit of the run followed; renders again only when that one moves. */
export function useUnit(id: string): UnitState | undefined {
  useTopic(`unit:${id}`);
  return useFeed().units.get(id);
}
