import { Link } from "../app/Link";
import type { Tab } from "../app/route";
import { useUnit } from "../connection/FeedProvider";
import { UNIT } from "../status/status";
import { StatusIcon } from "../status/StatusIcon";

interface Props {
  readonly title: string;
  readonly run: string;
  readonly ids: readonly string[];
  readonly tab: Tab | undefined;
}

/** Units by name, each with how it stands and a way to it. */
export function UnitLinks({ title, run, ids, tab }: Props) {
  if (ids.length === 0) return null;
  return (
    <>
      <h3>{title}</h3>
      <ul className="unit-links">
        {ids.map((id) => <li key={id}><UnitLink run={run} id={id} tab={tab} /></li>)}
      </ul>
    </>
  );
}

function UnitLink({ run, id, tab }: { readonly run: string; readonly id: string; readonly tab: Tab | undefined }) {
  const look = UNIT[useUnit(id)?.status ?? "pending"];
  return (
    <Link to={{ run, unit: id, ...(tab ? { tab } : {}) }} className="chip">
      <StatusIcon look={look} />
      <span>{id}</span>
      <span className="sr-only">, {look.word}</span>
    </Link>
  );
}
