import { useCallback, useState, type CSSProperties } from "react";
import { Announcer } from "../app/Announcer";
import { navigate, useRoute, type Tab } from "../app/route";
import { useNarrow } from "../app/useNarrow";
import { useConnectionStatus, useFeed, useRunState, useTopic } from "../connection/FeedProvider";
import { EventLog } from "../events/EventLog";
import { Graph } from "../graph/Graph";
import { LogView } from "../logs/LogView";
import { UnitList } from "../unit/UnitList";
import { UnitPanel } from "../unit/UnitPanel";
import { Notices } from "./Notices";
import { RunHeader } from "./RunHeader";
import { Splitter } from "./Splitter";
import { Tabs } from "./Tabs";
import { useTitle } from "./useTitle";
import "./run.css";

/** One run: graph, units, output and events side by side, or one at a time on a narrow screen. */
export function RunPage({ run }: { readonly run: string }) {
  const state = useRunState();
  useTitle(run);
  if (state === undefined) return <Waiting run={run} />;
  return (
    <main className="run-page" data-testid="run-page">
      <RunHeader state={state} />
      <Notices state={state} />
      <Views run={run} />
      <Announcer />
    </main>
  );
}

function Views({ run }: { readonly run: string }) {
  const { unit, tab } = useRoute();
  const narrow = useNarrow();
  return narrow ? <Narrow run={run} unit={unit} tab={tab ?? "graph"} /> : <Wide run={run} unit={unit} tab={tab} />;
}

interface ViewProps<T> {
  readonly run: string;
  readonly unit: string | undefined;
  readonly tab: T;
}

function Wide({ run, unit, tab }: ViewProps<Tab | undefined>) {
  const [share, setShare] = useState(0.52);
  // The address may name a view that stands on the page anyway; then the lower pane keeps what it shows.
  const [lower, setLower] = useState<"logs" | "events">(tab === "events" ? "events" : "logs");
  const named = tab === "logs" || tab === "events" ? tab : lower;
  if (named !== lower) setLower(named);
  const select = useCallback((id: string) => navigate({ run, unit: id, ...(tab ? { tab } : {}) }), [run, tab]);
  return (
    <div className="views wide">
      <div className="views-main" style={{ "--share": share } as CSSProperties}>
        <Graph selected={unit} onSelect={select} />
        <Splitter share={share} onShare={setShare} />
        <div className="dock">
          <Tabs run={run} unit={unit} shown={["logs", "events"]} current={named} />
          {named === "logs" ? <LogView unit={unit} /> : <EventLog unit={unit} />}
        </div>
      </div>
      <aside className="views-side" aria-label="Units">
        {unit === undefined ? <UnitList run={run} /> : <UnitPanel key={unit} run={run} id={unit} tab={tab} />}
      </aside>
    </div>
  );
}

function Narrow({ run, unit, tab }: ViewProps<Tab>) {
  const select = useCallback((id: string) => navigate({ run, unit: id, tab: "units" }), [run]);
  return (
    <div className="views narrow">
      <Tabs run={run} unit={unit} shown={["graph", "units", "logs", "events"]} current={tab} />
      {tab === "graph" && <Graph selected={unit} onSelect={select} />}
      {tab === "units" && (unit === undefined ? <UnitList run={run} /> : <UnitPanel key={unit} run={run} id={unit} tab={tab} />)}
      {tab === "logs" && <LogView unit={unit} />}
      {tab === "events" && <EventLog unit={unit} />}
    </div>
  );
}

/** What stands here until the hub has told of the run. */
function Waiting({ run }: { readonly run: string }) {
  const { state } = useConnectionStatus();
  useTopic("events");
  const feed = useFeed();
  const known = state !== "live" && state !== "ended";
  return (
    <main className="page">
      <section className="empty">
        {known
          ? <h1 className="quiet">Asking the hub…</h1>
          : (
            <>
              <h1>No such run here</h1>
              <p>The hub knows no run <code>{run}</code>. It may have been started with another hub, or its history made room for newer runs.</p>
              <p className="quiet">If it is about to start, it shows up here by itself.{feed.errors > 0 && " Some lines could not be read."}</p>
            </>
          )}
      </section>
    </main>
  );
}
