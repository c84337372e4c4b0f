// React hooks. `useConnection` opens a feed for as long as the component is mounted; the other hooks read from it and
// render again only when what they read has moved. `load()` has to have come to its end before.

import { useCallback, useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { Feed, type FeedOptions } from "./feed.js";
import type { ConnectionStatus } from "./status.js";
import { unitTopic, type Topic } from "./topics.js";
import type { LogLine, RunState, RunSummary, UnitState } from "./types.gen.js";

export { Feed, type FeedOptions } from "./feed.js";

/** What `useConnection` returns: the feed, `undefined` until the component is mounted, and how its connection stands. */
export interface LiveConnection {
  readonly feed: Feed | undefined;
  readonly status: ConnectionStatus;
}

/** Which log lines: a part of the list of a run, of one of its units, or of one of that unit's tasks. */
export interface LogRange {
  readonly unit?: string;
  readonly task?: number;
  /** The place of the first line, from 0. */
  readonly from: number;
  readonly count: number;
}

/** A part of a list of log lines. */
export interface LogPage {
  readonly lines: readonly LogLine[];
  /** How many lines the whole list has. */
  readonly total: number;
  /** How many have gone from its front to make room. */
  readonly dropped: number;
}

const CONNECTING: ConnectionStatus = { state: "connecting", attempt: 0 };

/** Connects while the component is mounted. Options that differ from the last ones make another connection. */
export function useConnection(options: FeedOptions): LiveConnection {
  const [feed, setFeed] = useState<Feed>();
  // Options are plain data and mostly written in place, so that each rendering makes new objects of the same text.
  const text = JSON.stringify(options);
  useEffect(() => {
    const opened = new Feed(JSON.parse(text) as FeedOptions);
    setFeed(opened);
    return () => {
      setFeed(undefined);
      opened.close();
    };
  }, [text]);
  const subscribe = useCallback((listener: () => void) => feed?.subscribe("status", listener) ?? nothing, [feed]);
  const status = useSyncExternalStore(subscribe, () => feed?.status ?? CONNECTING, () => CONNECTING);
  return useMemo(() => ({ feed, status }), [feed, status]);
}

/** All runs that the feed knows of, the one that started last first. */
export function useRuns(feed: Feed | undefined): readonly RunSummary[] {
  return useRead(feed, "runs", useCallback(({ store }: Feed) => store.runs(), [])) ?? NO_RUNS;
}

/** A run's state without its units; `undefined` as long as it is not known. */
export function useRun(feed: Feed | undefined, run: string): RunState | undefined {
  return useRead(feed, `run:${run}`, useCallback(({ store }: Feed) => store.run(run), [run]));
}

/** One unit; renders again only when that one moves. */
export function useUnit(feed: Feed | undefined, run: string, id: string): UnitState | undefined {
  return useRead(feed, unitTopic(run, id), useCallback(({ store }: Feed) => store.unit(run, id), [run, id]));
}

/** A part of a list of log lines, for a scrolling view. */
export function useLogs(feed: Feed | undefined, run: string, { unit, task, from, count }: LogRange): LogPage {
  const read = useCallback(
    ({ store }: Feed): LogPage => ({
      lines: store.logs(run, unit, task, from, count),
      total: store.logCount(run, unit, task),
      dropped: store.logsDropped(run, unit, task),
    }),
    [run, unit, task, from, count],
  );
  return useRead(feed, "lines", read) ?? NO_LOGS;
}

const NO_RUNS: readonly RunSummary[] = [];
const NO_LOGS: LogPage = { lines: [], total: 0, dropped: 0 };

/** Reads once per version of the topic. */
function useRead<T>(feed: Feed | undefined, topic: Topic, read: (feed: Feed) => T): T | undefined {
  const subscribe = useCallback((listener: () => void) => feed?.subscribe(topic, listener) ?? nothing, [feed, topic]);
  const version = useSyncExternalStore(subscribe, () => feed?.version(topic) ?? 0, () => 0);
  // The version stands for the store's contents.
  return useMemo(() => (feed === undefined || feed.closed ? undefined : read(feed)), [feed, read, version]);
}

function nothing(): void {}
