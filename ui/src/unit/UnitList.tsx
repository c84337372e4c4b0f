import type { UnitStatus } from "@choo/wire";
import { useState } from "react";
import { useFeed, useTopic } from "../connection/FeedProvider";
import { formatCount } from "../format/count";
import { FixedList } from "../list/FixedList";
import { ATTENTION, UNIT } from "../status/status";
import { listUnits } from "./listing";
import { Spotlight } from "./Spotlight";
import { UnitRow } from "./UnitRow";
import "./unit.css";

/** Height of a row, in CSS pixels; the style sheet says the same. */
const ROW = 32;

/** Every unit of the run as a list: the graph for those who search, and for narrow screens. */
export function UnitList({ run }: { readonly run: string }) {
  const feed = useFeed();
  useTopic("graph");
  useTopic("units");
  const [text, setText] = useState("");
  const [status, setStatus] = useState<UnitStatus>();
  const ids = listUnits(feed.layout.nodes, feed.units, { text, status });
  const counts = feed.summary?.counts;
  return (
    <section className="pane unit-list-pane" aria-label="Units">
      <Spotlight run={run} />
      <div className="toolbar">
        <input
          type="search"
          className="input search"
          placeholder="Search units"
          aria-label="Search units"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <select
          className="input"
          aria-label="Status"
          value={status ?? ""}
          onChange={(event) => setStatus(ATTENTION.find((one) => one === event.target.value))}
        >
          <option value="">Any status</option>
          {ATTENTION.filter((one) => one === status || (counts?.[one] ?? 0) > 0).map((one) => (
            <option key={one} value={one}>{UNIT[one].word} ({formatCount(counts?.[one] ?? 0)})</option>
          ))}
        </select>
      </div>
      <div className="pane-body">
        <FixedList
          key={`${text}\n${status ?? ""}`}
          label="Units"
          testId="unit-list"
          count={ids.length}
          rowHeight={ROW}
          rows={(from, to) => ids.slice(from, to).map((id) => <UnitRow run={run} id={id} />)}
          empty={<p className="pane-empty">{feed.units.size === 0 ? "No units yet." : "No unit fits."}</p>}
        />
      </div>
    </section>
  );
}
