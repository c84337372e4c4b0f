import type { RunStatus } from "@choo/wire";
import { RUN } from "../status/status";

/** A run as `GET /api/v1/runs` lists it. */
export interface ListedRun {
  readonly run: string;
  readonly status: RunStatus;
  readonly started?: string;
  readonly ended?: string;
  readonly units: number;
  readonly failed: number;
  readonly live: boolean;
}

/** Why the hub gave no answer that can be used. */
export class ApiError extends Error {
  /** HTTP status; 0 if the hub did not answer or answered something else than promised. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "ApiError";
    this.status = status;
  }
}

/** Runs on a page: as many as the hub gives at once. */
const PAGE = "1000";

/** Every run the hub knows, newest first. */
export async function fetchRuns(token: string | undefined, signal: AbortSignal): Promise<ListedRun[]> {
  const runs: ListedRun[] = [];
  const query = new URLSearchParams({ limit: PAGE });
  for (;;) {
    const body = await fetchJson(`/api/v1/runs?${query.toString()}`, token, signal);
    if (!isRecord(body) || !Array.isArray(body["runs"])) throw new ApiError(0, "the hub's run list has an unknown form");
    for (const entry of body["runs"]) {
      const run = parseRun(entry);
      if (run !== undefined) runs.push(run);
    }
    // A page without runs leads nowhere, whatever it says.
    if (typeof body["next"] !== "string" || body["runs"].length === 0) break;
    query.set("from", body["next"]);
  }
  return runs;
}

/** One entry of the list; `undefined` if it is none, so that a newer hub's additions do not empty the page. */
export function parseRun(entry: unknown): ListedRun | undefined {
  if (!isRecord(entry)) return undefined;
  const { run, status, started, ended, units, failed, live } = entry;
  if (typeof run !== "string" || typeof status !== "string" || !isRunStatus(status)) return undefined;
  return {
    run,
    status,
    ...(typeof started === "string" ? { started } : {}),
    ...(typeof ended === "string" ? { ended } : {}),
    units: typeof units === "number" ? units : 0,
    failed: typeof failed === "number" ? failed : 0,
    live: live === true,
  };
}

async function fetchJson(path: string, token: string | undefined, signal: AbortSignal): Promise<unknown> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  const response = await fetch(path, { headers, signal, cache: "no-store" });
  const body: unknown = await response.json().catch(() => undefined);
  if (response.ok) return body;
  throw new ApiError(response.status, errorMessage(body) ?? `the hub answered ${response.status}`);
}

function errorMessage(body: unknown): string | undefined {
  if (!isRecord(body) || !isRecord(body["error"])) return undefined;
  const message = body["error"]["message"];
  return typeof message === "string" ? message : undefined;
}

function isRunStatus(status: string): status is RunStatus {
  return Object.hasOwn(RUN, status);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
