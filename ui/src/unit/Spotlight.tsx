import { Link } from "../app/Link";
import { useFeed, useTopic } from "../connection/FeedProvider";
import { UNIT } from "../status/status";
import { StatusIcon } from "../status/StatusIcon";
import { tasksOf } from "./parts";
import { pickUnit } from "./pick";
import { taskCount } from "./words";

/** The unit that matters most right now, above the list of all of them. */
export function Spotlight({ run }: { readonly run: string }) {
  const feed = useFeed();
  useTopic("units");
  const pick = pickUnit(feed.units);
  if (pick === undefined) return null;
  const { id, unit, more } = pick;
  const look = UNIT[unit.status];
  const [, task] = tasksOf(unit).find(([, { status }]) => status !== "completed" && status !== "pending") ?? [];
  return (
    <Link to={{ run, unit: id, tab: "units" }} className={`spotlight tone-${look.tone}`}>
      <span className="spotlight-head">
        <StatusIcon look={look} />
        <strong>{id}</strong>
        <span className="spotlight-word">{look.word}{more > 0 ? `, and ${more} more` : ""}</span>
      </span>
      <span className="spotlight-text">{unit.error?.split("\n", 1)[0] || task?.name || taskCount(unit) || ""}</span>
    </Link>
  );
}
