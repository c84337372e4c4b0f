import type { UnitState } from "@choo/wire";
import { Link } from "../app/Link";
import { navigate, type Tab } from "../app/route";
import { useFeed, useTopic, useUnit } from "../connection/FeedProvider";
import { useNow } from "../format/clock";
import { plural } from "../format/count";
import { elapsed, formatDuration } from "../format/duration";
import { formatSecond } from "../format/time";
import { isActive, UNIT } from "../status/status";
import { StatusBadge } from "../status/StatusBadge";
import { ErrorText } from "./ErrorText";
import { fullError } from "./fullError";
import { dependenciesOf, tasksOf } from "./parts";
import { TaskRow } from "./TaskRow";
import { UnitLinks } from "./UnitLinks";
import { otherName, taskCount } from "./words";
import "./unit.css";

interface Props {
  readonly run: string;
  readonly id: string;
  readonly tab: Tab | undefined;
}

/** Everything about one unit but its output. */
export function UnitPanel({ run, id, tab }: Props) {
  const unit = useUnit(id);
  const feed = useFeed();
  return (
    <section className="pane unit-panel" data-testid="unit-panel" data-unit={id} aria-label={`Unit ${id}`}>
      <div className="unit-top">
        <Link to={{ run, tab: "units" }} className="back">All units</Link>
      </div>
      <div className="unit-scroll">
        <header className="unit-head">
          <h2 className="mono">{id}</h2>
          {unit && otherName(id, unit) && <p className="quiet">{unit.label}</p>}
          {unit && <StatusBadge look={UNIT[unit.status]} />}
        </header>
        {unit === undefined
          ? <p className="pane-empty">This run has no unit of that name{feed.state === undefined ? " yet" : ""}.</p>
          : <Body run={run} id={id} unit={unit} tab={tab} />}
      </div>
    </section>
  );
}

function Body({ run, id, unit, tab }: Props & { readonly unit: UnitState }) {
  const feed = useFeed();
  useTopic("graph");
  const now = useNow(isActive(unit.status));
  const took = unit.ended || isActive(unit.status) ? elapsed(unit.started, unit.ended, now) : undefined;
  const dependants = feed.layout.edges.filter(({ from }) => from === id).map(({ to }) => to);
  const tasks = tasksOf(unit);
  const blocked = unit.status === "blocked";
  return (
    <>
      <dl className="facts">
        <Fact name="Duration">{took === undefined ? "–" : formatDuration(took)}</Fact>
        <Fact name="Started">{formatSecond(unit.started) || "–"}</Fact>
        <Fact name="Ended">{formatSecond(unit.ended) || "–"}</Fact>
        <Fact name="Tasks">{taskCount(unit)?.replace(/ tasks?$/, "") ?? "–"}</Fact>
        <Fact name="Level">{unit.level}</Fact>
      </dl>
      {unit.error && <ErrorText title={blocked ? "Blocked" : "Error"} text={fullError(feed, id, unit.error)} tone={blocked ? "orange" : "red"} testId="unit-error" />}
      {tasks.length > 0 && (
        <>
          <h3>{plural(tasks.length, "task")}</h3>
          <ol className="tasks">
            {tasks.map(([number, task]) => <TaskRow key={number} number={number} task={task} shownAbove={unit.error ?? ""} />)}
          </ol>
        </>
      )}
      {tasks.length === 0 && !unit.error && <p className="quiet">No task has started yet.</p>}
      <UnitLinks title="Depends on" run={run} ids={dependenciesOf(unit)} tab={tab} />
      <UnitLinks title="Needed by" run={run} ids={dependants} tab={tab} />
      <div className="unit-actions">
        <button type="button" className="button" onClick={() => navigate({ run, unit: id, tab: "logs" })}>Logs of this unit</button>
        <button type="button" className="button" onClick={() => navigate({ run, unit: id, tab: "events" })}>Events</button>
      </div>
    </>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: React.ReactNode }) {
  return <div><dt>{name}</dt><dd>{children}</dd></div>;
}
