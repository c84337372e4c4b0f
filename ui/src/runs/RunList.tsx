import { useNow } from "../format/clock";
import { plural } from "../format/count";
import { isLive } from "../status/status";
import { EmptyRuns } from "./EmptyRuns";
import { RunRow } from "./RunRow";
import { useRuns } from "./useRuns";
import "./runs.css";

/** The front page: every run, newest first. */
export function RunList() {
  const { rows, loaded, error } = useRuns();
  const live = rows.filter((row) => isLive(row.status)).length;
  const now = useNow(live > 0);
  return (
    <main className="page runs">
      <header className="runs-head">
        <h1>Runs</h1>
        {rows.length > 0 && (
          <p className="quiet">{plural(rows.length, "run")}{live > 0 ? `, ${live} running` : ""}</p>
        )}
      </header>
      {error !== undefined && <p className="notice tone-red" role="alert">Finished runs could not be read: {error}.</p>}
      {rows.length === 0 && loaded && error === undefined && <EmptyRuns />}
      {rows.length > 0 && (
        <ol className="run-list" data-testid="run-list">
          {rows.map((row) => <RunRow key={row.run} row={row} now={now} />)}
        </ol>
      )}
    </main>
  );
}
