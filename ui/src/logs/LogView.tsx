import { useDeferredValue, useState } from "react";
import { useNarrow } from "../app/useNarrow";
import { useFeed, useTopic } from "../connection/FeedProvider";
import { formatCount, plural } from "../format/count";
import { FixedList } from "../list/FixedList";
import { MeasuredList } from "../list/MeasuredList";
import { LogLine } from "./LogLine";
import { countLines, droppedLines, readLines } from "./source";
import "./logs.css";
import "./ansi.css";

/** Height of a line that is not wrapped, in CSS pixels; the style sheet says the same. */
const LINE = 20;

/** The output of the unit chosen on the page, or of the whole run. */
export function LogView({ unit }: { readonly unit: string | undefined }) {
  const feed = useFeed();
  useTopic("events");
  const [whole, setWhole] = useState(false);
  // The end is where a failure stands, so a finished run is opened there too.
  const [follow, setFollow] = useState(true);
  const narrow = useNarrow();
  const [wrap, setWrap] = useState(narrow);
  const [typed, setTyped] = useState("");
  const text = useDeferredValue(typed.trim());
  const query = { unit: whole ? undefined : unit, text };
  const count = countLines(feed, query);
  const dropped = droppedLines(feed, query);
  const showUnit = query.unit === undefined;
  const List = wrap ? MeasuredList : FixedList;

  return (
    <section className="pane logs" aria-label="Logs">
      <div className="toolbar">
        {unit !== undefined && (
          <div className="segments" role="group" aria-label="Lines of">
            <button type="button" aria-pressed={!whole} onClick={() => setWhole(false)} title={unit}>{unit}</button>
            <button type="button" aria-pressed={whole} onClick={() => setWhole(true)}>Whole run</button>
          </div>
        )}
        <input
          type="search"
          className="input search"
          placeholder="Search lines"
          aria-label="Search log lines"
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
        <span className="toolbar-count" aria-live="off">{plural(count, text === "" ? "line" : "match", text === "" ? "lines" : "matches")}</span>
        {dropped > 0 && <span className="toolbar-count" data-testid="dropped-note">{plural(dropped, "older line")} no longer kept in this page</span>}
        <span className="toolbar-gap" />
        <label className="check"><input type="checkbox" checked={wrap} onChange={(event) => setWrap(event.target.checked)} />Wrap</label>
        <label className="check"><input type="checkbox" checked={follow} onChange={(event) => setFollow(event.target.checked)} />Follow</label>
      </div>
      <div className="pane-body">
        <List
          key={`${query.unit ?? ""}\n${text}`}
          label={query.unit === undefined ? "Log of the run" : `Log of ${query.unit}`}
          testId="log-view"
          className={wrap ? "log-view wrap" : "log-view"}
          count={count}
          dropped={dropped}
          rowHeight={LINE}
          follow={follow}
          onFollow={setFollow}
          rows={(from, to) => readLines(feed, query, from, to - from).map((line, at) => (
            <LogLine line={line} number={dropped + from + at + 1} showUnit={showUnit} query={text} />
          ))}
          empty={<p className="pane-empty">{text === "" ? "No output yet." : "No line contains this."}</p>}
        />
        {!follow && count > 0 && (
          <button type="button" className="button jump" onClick={() => setFollow(true)}>
            Jump to end<span className="sr-only"> of {formatCount(count)} lines</span>
          </button>
        )}
      </div>
    </section>
  );
}
