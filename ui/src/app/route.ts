import { useSyncExternalStore } from "react";

/** The views of a run that a permalink can name. */
export const TABS = ["graph", "units", "logs", "events"] as const;
export type Tab = (typeof TABS)[number];

/** What the address bar says: nothing (the run list), or a run with an optional unit and view. */
export interface Route {
  readonly run?: string;
  readonly unit?: string;
  readonly tab?: Tab;
}

/** What a run's id looks like (SPEC §3). */
const RUN_ID = /^[A-Za-z0-9._-]{1,64}$/;

/** Reads a query string. Unknown views and impossible runs are ignored, a unit without a run too. */
export function parseRoute(search: string): Route {
  const query = new URLSearchParams(search);
  const run = query.get("run");
  if (run === null || !RUN_ID.test(run)) return {};
  const unit = query.get("unit");
  const tab = TABS.find((name) => name === query.get("tab"));
  return { run, ...(unit ? { unit } : {}), ...(tab ? { tab } : {}) };
}

/** The address of a route: only the query changes, so the hub serves one page. */
export function href(route: Route): string {
  const query = new URLSearchParams();
  if (route.run !== undefined) {
    query.set("run", route.run);
    if (route.unit !== undefined) query.set("unit", route.unit);
    if (route.tab !== undefined) query.set("tab", route.tab);
  }
  const text = query.toString();
  return text === "" ? "/" : `/?${text}`;
}

/** Goes to a route. `replace` for changes that the back button should not walk through. */
export function navigate(route: Route, how: "push" | "replace" = "push"): void {
  const to = href(route);
  if (to === location.pathname + location.search) return;
  if (how === "push") history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  dispatchEvent(new PopStateEvent("popstate"));
}

/** The current route; the component renders again when it changes. */
export function useRoute(): Route {
  useSyncExternalStore(subscribe, search);
  return current();
}

let seen: string | undefined;
let route: Route = {};

/** Parsed once per address, so that effects may depend on the object. */
function current(): Route {
  if (seen !== location.search) {
    seen = location.search;
    route = parseRoute(seen);
  }
  return route;
}

function subscribe(listener: () => void): () => void {
  addEventListener("popstate", listener);
  return () => removeEventListener("popstate", listener);
}

function search(): string {
  return location.search;
}
