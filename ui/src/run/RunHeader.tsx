import type { RunState } from "@choo/wire";
import { useFeed } from "../connection/FeedProvider";
import { useNow } from "../format/clock";
import { formatCount, plural } from "../format/count";
import { elapsed, formatDuration } from "../format/duration";
import { formatStart } from "../format/time";
import { plainLines } from "../logs/ansi";
import { isLive, RUN, UNIT } from "../status/status";
import { StatusBadge } from "../status/StatusBadge";
import { StatusIcon } from "../status/StatusIcon";
import { CopyButton } from "../unit/CopyButton";
import { present, ProgressBar } from "./ProgressBar";

/** What a run is, how it stands and how far it has come. */
export function RunHeader({ state }: { readonly state: RunState }) {
  const summary = useFeed().summary;
  const live = isLive(state.status);
  const now = useNow(live);
  const took = live || state.ended ? elapsed(state.started, state.ended, now) : undefined;
  const counts = summary?.counts ?? {};
  return (
    <header className="run-head">
      <div className="run-head-line">
        <StatusBadge look={RUN[state.status]} testId="run-status" />
        <h1 className="run-title mono">{state.run}</h1>
        <CopyButton text={state.run} label="Copy id" />
        <dl className="run-facts">
          <div><dt>Elapsed</dt><dd data-testid="run-elapsed">{took === undefined ? "–" : formatDuration(took)}</dd></div>
          <div><dt>Started</dt><dd>{formatStart(state.started, now) || "not yet"}</dd></div>
          {state.parallelism ? <div className="run-fact-minor"><dt>At once</dt><dd>{state.parallelism}</dd></div> : null}
          <div className="run-fact-minor"><dt>Units</dt><dd>{formatCount(summary?.units ?? 0)}</dd></div>
        </dl>
      </div>
      <div className="run-progress">
        <ProgressBar counts={counts} />
        <ul className="run-counts" aria-label="Units by status" data-testid="run-counts">
          {present(counts).map(({ status, count }) => (
            <li key={status} className={`count tone-${UNIT[status].tone}`} data-status={status} data-count={count}>
              <StatusIcon look={UNIT[status]} />
              <strong>{formatCount(count)}</strong> <span className="count-word">{UNIT[status].word}</span>
            </li>
          ))}
        </ul>
      </div>
      {state.status === "failed" && state.error && (
        <p className="notice run-error tone-red" data-testid="run-error"><strong>The run failed:</strong> {plainLines(state.error)}</p>
      )}
      {state.status === "stale" && (
        <p className="notice tone-orange">
          The orchestrator went away without saying how the run ended. {plural(summary?.counts.in_progress ?? 0, "unit")} stood in progress.
        </p>
      )}
    </header>
  );
}
