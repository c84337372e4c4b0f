// A command from the request to what becomes of it.

import { backoff } from "./backoff.js";
import type { Connection, ConnectOptions } from "./connection.js";
import { CommandError } from "./errors.js";
import type { CommandOptions, CommandOutcome } from "./order.js";
import { readRefusal } from "./request.js";
import { RunStore } from "./store.js";
import type { CmdArgs, Command, WireEvent } from "./types.gen.js";

/** What is to be done, and with which run. */
export interface Order extends CommandOptions {
  readonly run: string;
  readonly cmd: Command;
  readonly args?: CmdArgs | undefined;
}

/** Which hub is asked, and how its events come. */
export type Address = Pick<ConnectOptions, "url" | "token" | "transports">;

/** How often a hub is asked that cannot be reached, or has too much to do. */
const ATTEMPTS = 4;

/** Gives a command and waits for what becomes of it. Throws a `CommandError`. */
export async function give(
  order: Order,
  address: Address,
  connect: (options: ConnectOptions) => Connection,
): Promise<CommandOutcome> {
  const key = order.idempotencyKey ?? newKey();
  const given = await ask(order, address, key);
  if ("state" in given) return given;
  const store = new RunStore();
  const over = new AbortController();
  let following: Connection | undefined;
  try {
    return await new Promise<CommandOutcome>((resolve, reject) => {
      const fail = (kind: string, message: string): void => reject(new CommandError(kind, message, { idempotencyKey: key }));
      let looked = 0;
      const look = (gaps: number): void => {
        const count = store.eventCount(order.run);
        for (const event of store.events(order.run, looked, count - looked)) {
          const outcome = outcomeOf(event, given.id);
          if (outcome !== undefined && (outcome.state !== "accepted" || order.until === "accepted")) return resolve(outcome);
        }
        looked = count;
        if (gaps > 0) fail("missing", "the hub no longer has what became of the command");
      };
      order.signal?.addEventListener("abort", () => reject(aborted(order, key)), { signal: over.signal });
      if (order.signal?.aborted) return reject(aborted(order, key));
      following = connect({
        ...addressOf(address),
        run: order.run,
        types: ["cmd.*"],
        since: given.cursor,
        store,
        onChange: ({ gaps }) => look(gaps),
        onStatus: ({ state, error }) => {
          if (state === "ended") fail("ended", "the run ended without a word about the command");
          if (state === "denied") fail("denied", error ?? "the hub does not let the run be followed");
        },
      });
    });
  } finally {
    over.abort();
    following?.close();
    store.free();
  }
}

/** What the hub says to a command that is on its way. */
interface Given {
  readonly id: string;
  /** Behind it the answers are. */
  readonly cursor: string;
}

/** Asks again as long as nobody answers: with the same key it is not done twice. */
async function ask(order: Order, address: Address, key: string): Promise<Given | CommandOutcome> {
  for (let attempt = 1; ; attempt += 1) {
    if (order.signal?.aborted) throw aborted(order, key);
    const last = attempt === ATTEMPTS;
    let wait: number | undefined;
    try {
      const response = await post(order, address, key);
      if (response.ok) return await readGiven(response, key);
      const { status, kind, message, retryAfter } = await readRefusal(response);
      if (kind === "no_producer") return { state: "no_producer", error: message };
      if (status !== 503 || last) throw new CommandError(kind ?? "refused", message, { status, idempotencyKey: key });
      wait = retryAfter;
    } catch (cause) {
      if (cause instanceof CommandError) throw cause;
      if (order.signal?.aborted) throw aborted(order, key);
      if (last) throw new CommandError("unreachable", "the hub did not answer", { idempotencyKey: key, cause });
    }
    await pass(wait ?? backoff(attempt, Math.random()), order.signal);
  }
}

function post(
  { run, cmd, args = {}, if: condition, signal }: Order,
  { url, token }: Address,
  key: string,
): Promise<Response> {
  const headers = {
    "content-type": "application/json",
    "idempotency-key": key,
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
  const body = JSON.stringify({ cmd, args, ...(condition === undefined ? {} : { if: condition }) });
  return fetch(commandsUrl(url, run), { method: "POST", headers, body, cache: "no-store", signal: signal ?? null });
}

/** Where the commands of a run are given, beside the hub's stream. */
function commandsUrl(url: string, run: string): string {
  const address = new URL(url, globalThis.location?.href);
  address.pathname = address.pathname.replace(/events$/, `runs/${encodeURIComponent(run)}/commands`);
  address.search = "";
  address.hash = "";
  return address.href;
}

async function readGiven(response: Response, key: string): Promise<Given> {
  const { id, cursor } = (await response.json()) as Partial<Given>;
  if (typeof id === "string" && typeof cursor === "string") return { id, cursor };
  throw new CommandError("refused", "the answer is not a hub's", { status: response.status, idempotencyKey: key });
}

/** What an event says of the command, if it speaks of it. */
function outcomeOf(event: WireEvent, id: string): CommandOutcome | undefined {
  const error = event.error === undefined ? {} : { error: event.error };
  switch (event.type) {
    case "cmd.accepted":
      return event.payload?.id === id ? { state: "accepted", id } : undefined;
    case "cmd.done":
      return event.payload?.id === id ? { state: "done", id, ...error } : undefined;
    case "cmd.rejected": {
      if (event.payload?.id !== id) return undefined;
      const { reason } = event.payload;
      if (reason === "expired") return { state: "expired", id, ...error };
      if (reason === "no_producer") return { state: "no_producer", id, ...error };
      return { state: "rejected", id, reason, ...error };
    }
    default:
      return undefined;
  }
}

/** Of the caller's options those that say which hub it is. */
function addressOf({ url, token, transports }: Address): Address {
  return { url, ...(token === undefined ? {} : { token }), ...(transports === undefined ? {} : { transports }) };
}

function aborted({ signal }: Order, key: string): CommandError {
  return new CommandError("aborted", "nobody waits for the command any more", { idempotencyKey: key, cause: signal?.reason });
}

/** Waits for so many milliseconds, or until the signal. */
function pass(millis: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, millis);
    signal?.addEventListener("abort", done);
  });
}

/** Also where a page is not served securely, and has no `crypto.randomUUID`. */
function newKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
