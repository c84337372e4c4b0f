import { give } from "./command.js";
import type { Connection, ConnectOptions, Transport } from "./connection.js";
import { Link } from "./link.js";
import type { CommandOptions, CommandOutcome } from "./order.js";
import { NDJSON, readRefusal, streamOf, streamUrl } from "./request.js";
import { subscribe } from "./socket.js";
import { DataLines, SSE } from "./sse.js";
import type { ConnectionStatus } from "./status.js";
import type { RunStore } from "./store.js";
import { Turns } from "./turns.js";
import type { CmdArgs, Command } from "./types.gen.js";

/** In this order they cost a page least. */
const TRANSPORTS: readonly Transport[] = ["websocket", "ndjson", "sse"];

/**
 * Follows a hub: streams its events into `store`, and when the stream breaks comes back where it
 * stood. A tab that has been hidden for 30 s lets go of the connection and catches up when it is shown again.
 */
export function connect(options: ConnectOptions): Connection {
  return new Driver(options);
}

/** Moves bytes and wakes up on time; what to do when is the link's to decide. */
class Driver implements Connection {
  readonly #options: ConnectOptions;
  readonly #link: Link;
  readonly #listening = new AbortController();
  #stream: AbortController | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #told: ConnectionStatus;

  constructor(options: ConnectOptions) {
    const { since, run, maxReconnectAttempts } = options;
    // A mistake in the address is the caller's and shows at once.
    streamUrl(options.url, options, "now");
    this.#options = options;
    this.#link = new Link({ since, run, maxReconnectAttempts, random: Math.random });
    this.#told = this.status;
    this.#listen();
    this.#drive();
  }

  get status(): ConnectionStatus {
    const { retryAt, ...status } = this.#link.status;
    if (retryAt === undefined) return status;
    return { ...status, retryAt: Math.round(Date.now() + retryAt - performance.now()) };
  }

  get cursor(): string | undefined {
    return this.#link.cursor;
  }

  close(): void {
    this.#listening.abort();
    this.#link.handleClose();
    this.#drive();
  }

  pause(): void {
    this.#link.handlePause();
    this.#drive();
  }

  resume(): void {
    this.#link.handleResume();
    this.#drive();
  }

  retryNow(): void {
    this.#link.handleRetryNow();
    this.#drive();
  }

  command(run: string, cmd: Command, args?: CmdArgs, options?: CommandOptions): Promise<CommandOutcome> {
    return give({ run, cmd, args, ...options }, this.#options, connect);
  }

  /** Does what the link says, sets the one timer, and tells the status if it is another. */
  #drive(): void {
    for (let command = this.#link.poll(now()); command !== undefined; command = this.#link.poll(now())) {
      switch (command.do) {
        case "cut":
          this.#stream?.abort();
          this.#stream = undefined;
          break;
        case "open":
          this.#stream = new AbortController();
          void this.#follow(command.since, this.#stream.signal);
          break;
      }
    }
    clearTimeout(this.#timer);
    const next = this.#link.pollTimeout();
    if (next !== undefined) {
      this.#timer = setTimeout(() => {
        this.#link.handleTimeout(now());
        this.#drive();
      }, Math.max(0, next - now()));
    }
    this.#tell();
  }

  /** One connection from its request to its end. After a cut it touches nothing any more. */
  async #follow(since: string, signal: AbortSignal): Promise<void> {
    const transports = this.#options.transports ?? TRANSPORTS;
    try {
      for (const [n, transport] of transports.entries()) {
        const isLast = n + 1 === transports.length;
        const follow =
          transport === "websocket" ? this.#subscribe(since, signal) : this.#request(transport, since, signal, isLast);
        if ((await follow) || signal.aborted) break;
        if (isLast) this.#link.handleError(`there is no ${transport} to be had`, now());
      }
      if (signal.aborted) return;
    } catch (error) {
      if (signal.aborted) return;
      // If it was not the network that failed, the stream is still there.
      this.#stream?.abort();
      this.#link.handleError(error instanceof Error ? error.message : String(error), now());
    }
    this.#drive();
  }

  /** Over the page's one WebSocket; `false` if there is none. */
  #subscribe(since: string, signal: AbortSignal): Promise<boolean> {
    const { url, token, store, run, types, units } = this.#options;
    const selection = {
      since,
      ...(run === undefined ? {} : { run }),
      ...(types === undefined ? {} : { types }),
      ...(units === undefined ? {} : { units }),
    };
    return new Promise((resolve, reject) => {
      const report = (happened: () => void): void => {
        if (!signal.aborted) happened();
        resolve(true);
      };
      const subscription = subscribe(url, token, selection, {
        handleOpen: () => {
          if (signal.aborted) return;
          this.#begin(store);
        },
        handleMessage: (bytes) => {
          try {
            if (!signal.aborted) this.#take(bytes);
          } catch (error) {
            reject(error);
          }
        },
        handleEnd: () => report(() => this.#link.handleEnd(now())),
        handleRefused: (message) => report(() => this.#link.handleRefusal({ status: 400, message }, now())),
        handleUnavailable: () => resolve(false),
      });
      if (subscription === undefined) return resolve(false);
      signal.addEventListener("abort", () => {
        subscription.close();
        resolve(true);
      });
    });
  }

  /** Over a response of its own; `false` if something else came that another way may do without. */
  async #request(transport: "ndjson" | "sse", since: string, signal: AbortSignal, isLast: boolean): Promise<boolean> {
    const { url, token, store } = this.#options;
    const accept = transport === "sse" ? SSE : NDJSON;
    const headers = { accept, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) };
    const address = new URL(streamUrl(url, this.#options, since));
    if (transport === "sse") address.searchParams.set("batch", "1");
    const response = await fetch(address.href, { headers, signal, cache: "no-store" });
    const stream = streamOf(response, accept);
    if (stream === undefined) {
      if (!isLast && (response.status === 200 || response.status === 406)) {
        await response.body?.cancel();
        return false;
      }
      const refusal = await readRefusal(response);
      if (!signal.aborted) this.#link.handleRefusal(refusal, now());
      return true;
    }
    if (signal.aborted) return true;
    this.#begin(store);
    await this.#read(stream, signal, transport === "sse" ? new DataLines() : undefined);
    if (!signal.aborted) this.#link.handleEnd(now());
    return true;
  }

  #begin(store: RunStore): void {
    this.#link.handleOpen(now());
    this.#drive();
    store.beginStream();
  }

  async #read(body: ReadableStream<Uint8Array>, signal: AbortSignal, lines?: DataLines): Promise<void> {
    const reader = body.getReader();
    const turns = new Turns();
    for (;;) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) return;
      this.#take(lines === undefined ? value : lines.push(value));
      if (signal.aborted) return;
      await turns.next();
      if (signal.aborted) return;
    }
  }

  /** The next bytes of the stream. */
  #take(bytes: Uint8Array): void {
    const changes = this.#options.store.push(bytes);
    this.#link.handleBytes(now());
    this.#link.handleChanges(changes);
    this.#call(() => this.#options.onChange?.(changes));
    this.#drive();
  }

  #listen(): void {
    const { signal } = this.#listening;
    const look = (): void => {
      this.#link.handleVisibility(globalThis.document?.visibilityState === "hidden", now());
      this.#drive();
    };
    const hear = (online: boolean): void => {
      this.#link.handleOnline(online);
      this.#drive();
    };
    globalThis.document?.addEventListener("visibilitychange", look, { signal });
    globalThis.addEventListener?.("online", () => hear(true), { signal });
    globalThis.addEventListener?.("offline", () => hear(false), { signal });
    // Without asking first nobody would learn that the tab was opened in the background.
    if (globalThis.document?.visibilityState === "hidden") this.#link.handleVisibility(true, now());
    if (globalThis.navigator?.onLine === false) this.#link.handleOnline(false);
  }

  #tell(): void {
    const { status } = this;
    if (this.#listening.signal.aborted || isSame(status, this.#told)) return;
    this.#told = status;
    this.#call(() => this.#options.onStatus?.(status));
  }

  /** A mistake in a callback is reported as one of the page's, and does not end the connection. */
  #call(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

/** The clock of the link: it never goes back. */
function now(): number {
  return performance.now();
}

function isSame(a: ConnectionStatus, b: ConnectionStatus): boolean {
  // Two readings of two clocks: the same moment may differ by a millisecond.
  const retry = Math.abs((a.retryAt ?? 0) - (b.retryAt ?? 0)) <= 2;
  return retry && a.state === b.state && a.attempt === b.attempt && a.error === b.error && a.paused === b.paused;
}
