import type { Selection } from "./request.js";

/** What a subscription hears. Behind `handleEnd` and `handleRefused` nothing more comes. */
export interface Subscriber {
  /** The hub has taken the subscription. */
  handleOpen(): void;
  /** A message came: whole lines. */
  handleMessage(bytes: Uint8Array): void;
  /** The connection is gone. */
  handleEnd(): void;
  /** The hub does not take the subscription. */
  handleRefused(message: string): void;
  /** There is no WebSocket to be had: the address, a proxy or this program has none, or the hub refuses it. */
  handleUnavailable(): void;
}

/** A subscription that can be given back. */
export interface Subscription {
  close(): void;
}

/** The part of a browser's WebSocket that is used. */
export interface WebSocketLike {
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

/** A socket of which nothing was heard for this long is not used for more, in milliseconds. */
const SILENT_AFTER = 40_000;

/**
 * A socket without subscriptions stays for this long, in milliseconds: a page that turns to something else lets go of one
 * and asks for the next.
 */
const LINGER = 1_000;

const sockets = new Map<string, Socket>();

/**
 * Subscribes over the one WebSocket that all connections of this page to the same hub share: browsers open few
 * connections to a host, but WebSockets do not count among them.
 */
export function subscribe(
  url: string,
  token: string | undefined,
  selection: Selection & { readonly since: string },
  subscriber: Subscriber,
): Subscription | undefined {
  const address = socketUrl(url);
  if (address === undefined || globalThis.WebSocket === undefined) return undefined;
  const key = `${address} ${token ?? ""}`;
  let socket = sockets.get(key);
  if (socket === undefined || socket.isSilent(performance.now())) {
    const protocols = token === undefined ? ["choo.v1"] : ["choo.v1", `choo.token.${token}`];
    let raw: WebSocketLike;
    try {
      raw = new globalThis.WebSocket(address, protocols) as unknown as WebSocketLike;
    } catch {
      // A page's own rules may forbid it.
      return undefined;
    }
    const opened = new Socket(raw, () => {
      if (sockets.get(key) === opened) sockets.delete(key);
    });
    sockets.set(key, opened);
    socket = opened;
  }
  return socket.subscribe(selection, subscriber);
}

/** The WebSocket beside a stream's address; none where that is not the hub's own. */
export function socketUrl(url: string): string | undefined {
  const address = new URL(url, globalThis.location?.href);
  if (!address.pathname.endsWith("/events")) return undefined;
  address.pathname = address.pathname.replace(/events$/, "ws");
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  address.search = "";
  address.hash = "";
  return address.href;
}

/** One WebSocket and its subscriptions. */
class Socket {
  readonly #socket: WebSocketLike;
  readonly #subscribers = new Map<string, Subscriber>();
  /** Whom the hub has answered. */
  readonly #open = new Set<string>();
  readonly #encoder = new TextEncoder();
  readonly #gone: () => void;
  /** What is to be said once it is open. */
  #waiting: string[] | undefined = [];
  #count = 0;
  #farewell: ReturnType<typeof setTimeout> | undefined;
  #heard = performance.now();

  constructor(socket: WebSocketLike, gone: () => void) {
    this.#socket = socket;
    this.#gone = gone;
    socket.onopen = () => {
      this.#heard = performance.now();
      const waiting = this.#waiting ?? [];
      this.#waiting = undefined;
      for (const text of waiting) socket.send(text);
    };
    socket.onmessage = ({ data }) => {
      this.#heard = performance.now();
      if (typeof data === "string") this.#take(data);
    };
    socket.onclose = () => this.#end();
  }

  /** Whether nothing has come for so long that it is not to be trusted. */
  isSilent(now: number): boolean {
    return now - this.#heard > SILENT_AFTER;
  }

  subscribe(selection: Selection & { readonly since: string }, subscriber: Subscriber): Subscription {
    clearTimeout(this.#farewell);
    const id = String((this.#count += 1));
    this.#subscribers.set(id, subscriber);
    const { since, run, types, units } = selection;
    this.#send({ type: "subscribe", payload: { id, run, types, units, since } });
    return {
      close: () => {
        if (!this.#subscribers.delete(id)) return;
        this.#send({ type: "unsubscribe", payload: { id } });
        this.#letGo(id);
      },
    };
  }

  #send(line: object): void {
    const text = JSON.stringify(line);
    if (this.#waiting === undefined) this.#socket.send(text);
    else this.#waiting.push(text);
  }

  /** The last line of a message says whose it is. */
  #take(text: string): void {
    const last = lastLine(text);
    const payload = last?.payload ?? {};
    const subscriber = payload.id === undefined ? undefined : this.#subscribers.get(payload.id);
    if (last === undefined || payload.id === undefined || subscriber === undefined) return;
    if (last.type === "hub.error") {
      this.#subscribers.delete(payload.id);
      this.#letGo(payload.id);
      return subscriber.handleRefused(payload.message ?? "the hub refuses the subscription");
    }
    if (!this.#open.has(payload.id)) {
      this.#open.add(payload.id);
      subscriber.handleOpen();
    }
    subscriber.handleMessage(this.#encoder.encode(`${text}\n`));
  }

  /** Closes it, unless somebody comes, once the last has gone. */
  #letGo(id: string): void {
    this.#open.delete(id);
    if (this.#subscribers.size > 0) return;
    clearTimeout(this.#farewell);
    this.#farewell = setTimeout(() => this.#close(), LINGER);
    // A program need not wait for that.
    (this.#farewell as { unref?(): void }).unref?.();
  }

  #close(): void {
    this.#gone();
    this.#socket.onclose = null;
    this.#socket.onmessage = null;
    this.#socket.close();
  }

  #end(): void {
    clearTimeout(this.#farewell);
    this.#gone();
    const subscribers = [...this.#subscribers.values()];
    this.#subscribers.clear();
    for (const subscriber of subscribers) {
      if (this.#waiting === undefined) subscriber.handleEnd();
      else subscriber.handleUnavailable();
    }
  }
}

interface LastLine {
  readonly type?: string;
  readonly payload?: { readonly id?: string; readonly message?: string };
}

function lastLine(text: string): LastLine | undefined {
  try {
    return JSON.parse(text.slice(text.lastIndexOf("\n") + 1)) as LastLine;
  } catch {
    return undefined;
  }
}

