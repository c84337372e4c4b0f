import { Link } from "../app/Link";
import type { Tab } from "../app/route";

const WORDS: Readonly<Record<Tab, string>> = { graph: "Graph", units: "Units", logs: "Logs", events: "Events" };

interface Props {
  readonly run: string;
  readonly unit: string | undefined;
  readonly shown: readonly Tab[];
  readonly current: Tab;
}

/** The views of a run. Each has an address, so these are links. */
export function Tabs({ run, unit, shown, current }: Props) {
  return (
    <nav className="tabs" aria-label="Views">
      {shown.map((tab) => (
        <Link
          key={tab}
          to={{ run, ...(unit ? { unit } : {}), tab }}
          className="tab"
          data-testid={`tab-${tab}`}
          {...(tab === current ? { "aria-current": "page" as const } : {})}
        >
          {tab === "units" && unit !== undefined ? "Unit" : WORDS[tab]}
        </Link>
      ))}
    </nav>
  );
}
