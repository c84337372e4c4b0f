import type { Refusal } from "./link.js";

/** What of a hub's events is asked for. Globs such as `task.*`; an event passes if one of each list fits. */
export interface Selection {
  /** One run with all its events; its end ends the connection. Without it, all live runs. */
  readonly run?: string;
  readonly types?: readonly string[];
  readonly units?: readonly string[];
}

/** The address of a stream from a cursor on, or from one of the words `snapshot`, `earliest`, `now`. */
export function streamUrl(url: string, { run, types = [], units = [] }: Selection, since: string): string {
  const address = new URL(url, globalThis.location?.href);
  address.searchParams.set("since", since);
  if (run !== undefined) address.searchParams.set("run", run);
  for (const glob of types) address.searchParams.append("types", item(glob));
  for (const glob of units) address.searchParams.append("units", item(glob));
  return address.href;
}

/** A glob as an item of a list, in which a comma would begin the next one. */
function item(glob: string): string {
  return glob.replaceAll(",", "\\,");
}

/** What is asked for in `accept`, and what has to come. */
export const NDJSON = "application/x-ndjson";

/** The stream, if this is one. */
export function streamOf(
  { status, headers, body }: Response,
  type: string,
): ReadableStream<Uint8Array> | undefined {
  return status === 200 && mediaType(headers) === type && body !== null ? body : undefined;
}

/** Reads why the hub sends no stream. */
export async function readRefusal(response: Response): Promise<Refusal> {
  const { status, headers } = response;
  if (status === 200) {
    // Somebody else's page, or a proxy's: its text says nothing here, and it may be without end.
    await response.body?.cancel();
    return { status, message: `the answer is ${mediaType(headers) || "of no type"}, not a stream of events` };
  }
  const body: unknown = await response.json().catch(() => undefined);
  const retryAfter = retryAfterMillis(headers.get("retry-after"));
  const kind = errorMember(body, "kind");
  return {
    status,
    ...(kind === undefined ? {} : { kind }),
    message: errorMember(body, "message") ?? `the hub answered ${status}`,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

function mediaType(headers: Headers): string {
  return (headers.get("content-type") ?? "").replace(/;.*/, "").trim().toLowerCase();
}

/** Seconds only: the other form, a date, would have to trust two clocks, and no hub of ours sends it. */
function retryAfterMillis(header: string | null): number | undefined {
  return header !== null && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : undefined;
}

function errorMember(body: unknown, name: string): string | undefined {
  if (!isRecord(body) || !isRecord(body["error"])) return undefined;
  const member = body["error"][name];
  return typeof member === "string" ? member : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
