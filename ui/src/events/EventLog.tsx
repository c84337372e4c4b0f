import type { EventFilter, WireEvent } from "@choo/wire";
import { useDeferredValue, useState } from "react";
import { useFeed, useTopic } from "../connection/FeedProvider";
import { plural } from "../format/count";
import { MeasuredList } from "../list/MeasuredList";
import { unitPattern } from "../unit/pattern";
import { EventRow } from "./EventRow";
import { FAMILIES } from "./families";
import "./events.css";

/** Height of a closed row, in CSS pixels; the style sheet says the same. */
const ROW = 26;

/** The events of the run as they came, or of the unit chosen on the page. */
export function EventLog({ unit }: { readonly unit: string | undefined }) {
  const feed = useFeed();
  useTopic("events");
  const [whole, setWhole] = useState(false);
  const [family, setFamily] = useState(FAMILIES[0]);
  const [follow, setFollow] = useState(true);
  const [typed, setTyped] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const text = useDeferredValue(typed.trim());
  const filter: EventFilter = {
    ...(family.types.length > 0 ? { types: [...family.types] } : {}),
    ...(unit !== undefined && !whole ? { units: [unitPattern(unit)] } : {}),
    ...(text === "" ? {} : { q: text }),
  };
  const count = feed.eventCount(filter);
  const every = Object.keys(filter).length === 0;
  const dropped = every ? feed.eventsDropped() : 0;

  function toggle(key: string): void {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
    // Whoever opens a row wants to read it, not to see it move away.
    setFollow(false);
  }

  return (
    <section className="pane events" aria-label="Events">
      <div className="toolbar">
        {unit !== undefined && (
          <div className="segments" role="group" aria-label="Events of">
            <button type="button" aria-pressed={!whole} onClick={() => setWhole(false)} title={unit}>{unit}</button>
            <button type="button" aria-pressed={whole} onClick={() => setWhole(true)}>Whole run</button>
          </div>
        )}
        <select
          className="input"
          aria-label="Types of events"
          value={family.id}
          onChange={(event) => setFamily(FAMILIES.find(({ id }) => id === event.target.value) ?? FAMILIES[0])}
        >
          {FAMILIES.map(({ id, label }) => <option key={id} value={id}>{label}</option>)}
        </select>
        <input
          type="search"
          className="input search"
          placeholder="Search events"
          aria-label="Search events"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <span className="toolbar-count">{plural(count, "event")}</span>
        {dropped > 0 && <span className="toolbar-count">{plural(dropped, "older event")} no longer kept in this page</span>}
        <span className="toolbar-gap" />
        <label className="check"><input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} />Follow</label>
      </div>
      <div className="pane-body">
        <MeasuredList
          key={JSON.stringify(filter)}
          label="Events"
          testId="event-log"
          className="event-log"
          count={count}
          dropped={dropped}
          rowHeight={ROW}
          follow={follow}
          onFollow={setFollow}
          rows={(from, to) => feed.events(from, to - from, filter).map((event, at) => {
            const key = eventKey(event, dropped + from + at);
            return <EventRow event={event} open={open.has(key)} onToggle={() => toggle(key)} />;
          })}
          empty={<p className="pane-empty">{text === "" ? "No events of this kind yet." : "No event contains this."}</p>}
        />
        {!follow && count > 0 && <button type="button" className="button jump" onClick={() => setFollow(true)}>Jump to end</button>}
      </div>
    </section>
  );
}

/** Names a row across renders: by its `seq`, and by its place if it has none of its own. */
function eventKey(event: WireEvent, at: number): string {
  return event.seq === undefined ? `@${at}` : String(event.seq);
}
