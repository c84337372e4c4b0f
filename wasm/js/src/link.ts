import { backoff } from "./backoff.js";
import { Deadlines } from "./deadlines.js";
import type { StoreChanges } from "./types.gen.js";
import type { ConnectionState, ConnectionStatus } from "./status.js";

/** The hub writes something at least this often, in milliseconds. */
export const KEEP_ALIVE = 15_000;
/** Silence beyond this is `slow`: the keep-alive is late, not merely on its way. In milliseconds. */
export const SLOW_AFTER = KEEP_ALIVE + 5_000;
/** Silence beyond this is a dead connection that nobody has told us of (sleep, a changed network). In milliseconds. */
export const DEAD_AFTER = 3 * KEEP_ALIVE;
/** How often the quality is looked at, in milliseconds. */
export const CHECK_EVERY = 5_000;
/** A connection that lasts this long makes the next failure a first one again, in milliseconds. */
export const HEALTHY_AFTER = 5_000;
/** How long a hub may take to answer, in milliseconds. */
export const ANSWER_WITHIN = 20_000;
/** A hidden tab rests after this, in milliseconds. */
export const REST_AFTER = 30_000;

export interface LinkOptions {
  /** Where to begin: a cursor, `snapshot` (default), `earliest` or `now`. */
  readonly since?: string | undefined;
  /** The one run that is followed: its end is the link's. */
  readonly run?: string | undefined;
  /** After how many failed attempts in a row to give up. Default: never. */
  readonly maxReconnectAttempts?: number | undefined;
  /** Numbers in [0, 1) for the jitter. */
  readonly random: () => number;
}

/** What the driver of a link has to do now. */
export type Command =
  /** Open a connection from there; no other is open. */
  | { readonly do: "open"; readonly since: string }
  /** Cut the connection and tell nothing more of it. */
  | { readonly do: "cut" };

/** What is there: nothing, a request without an answer, or a stream. */
type Wire = "none" | "asked" | "open";
/** What is wanted: a connection, rest until somebody comes back, or nothing any more. */
type Aim = "up" | "resting" | "gave-up" | "ended" | "denied" | "closed";

/** How the hub refuses a request, as far as it matters here. */
export interface Refusal {
  /** The HTTP status. */
  readonly status: number;
  /** What `Retry-After` says, in milliseconds. */
  readonly retryAfter?: number;
  /** What was wrong, for programs, if the hub said so. */
  readonly kind?: string;
  /** The same for people. */
  readonly message: string;
}

/**
 * All decisions of a connection, without clock, timer, network or randomness of its own.
 *
 * A driver reports what happened with `handle…`, with the time in milliseconds on a clock that never goes back where
 * that matters, then does what `poll` says until it says nothing, and comes back with `handleTimeout` at
 * `pollTimeout()`. Of a connection that it was told to cut it reports nothing more.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #deadlines = new Deadlines();
  #aim: Aim = "up";
  #wire: Wire = "none";
  /** The connection is to go; only then another one may come. */
  #cut = false;
  /** The time has come to open one. */
  #due = true;
  /** Failures in a row since the last healthy connection. */
  #failures = 0;
  /** What the hub asked to wait after the next failure, in milliseconds. */
  #wish = 0;
  #cursor: string | undefined;
  /** What is asked for next: the cursor once there is one. */
  #since: string;
  /** When bytes last came. */
  #heard = 0;
  #slow = false;
  #online = true;
  #paused = false;
  #error: string | undefined;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#since = options.since ?? "snapshot";
  }

  /** How it stands; `retryAt` is on the driver's clock. */
  get status(): ConnectionStatus {
    const retryAt = this.#deadlines.get("retry");
    return {
      state: this.#state(),
      attempt: this.#wire === "open" ? 0 : this.#failures,
      ...(retryAt === undefined ? {} : { retryAt }),
      ...(this.#error === undefined ? {} : { error: this.#error }),
      ...(this.#aim === "resting" ? { paused: true as const } : {}),
    };
  }

  /** Up to where the stream has been taken. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** What to do now; ask again after doing it. */
  poll(now: number): Command | undefined {
    if (this.#cut) {
      this.#cut = false;
      this.#wire = "none";
      return { do: "cut" };
    }
    if (!this.#due || !this.#isWaiting()) return undefined;
    this.#due = false;
    this.#wire = "asked";
    this.#deadlines.set("answer", now + ANSWER_WITHIN);
    return { do: "open", since: this.#since };
  }

  /** When to call `handleTimeout`, if nothing else happens before. */
  pollTimeout(): number | undefined {
    return this.#deadlines.next();
  }

  /** The hub has answered; its stream begins. */
  handleOpen(now: number): void {
    this.#wire = "open";
    this.#heard = now;
    this.#slow = false;
    this.#error = undefined;
    this.#deadlines.clear("answer");
    this.#deadlines.set("check", now + CHECK_EVERY);
  }

  /** Bytes came. */
  handleBytes(now: number): void {
    this.#heard = now;
    this.#slow = false;
    // An answer alone proves nothing: proxies give some for hubs that are gone.
    const isProving = this.#deadlines.get("healthy") !== undefined;
    if (this.#failures > 0 && !isProving) this.#deadlines.set("healthy", now + HEALTHY_AFTER);
  }

  /** What the store made of the bytes. */
  handleChanges({ cursor, bye, ended }: Pick<StoreChanges, "cursor" | "bye" | "ended">): void {
    if (cursor !== undefined) this.#since = this.#cursor = cursor;
    if (bye !== undefined) {
      this.#wish = bye.retry_ms;
      this.#error = `the hub closed the stream (${bye.code})`;
    }
    const { run } = this.#options;
    if (run !== undefined && ended.some((end) => end.run === run)) this.#stop("ended");
  }

  /** The hub ended the stream. */
  handleEnd(now: number): void {
    this.#fail(this.#error ?? "the stream ended", now);
  }

  /** The connection broke, or could not be made. */
  handleError(message: string, now: number): void {
    this.#fail(message, now);
  }

  /** The hub answered with something else than a stream. */
  handleRefusal({ status, retryAfter, message }: Refusal, now: number): void {
    this.#wish = retryAfter ?? 0;
    this.#wire = "none";
    switch (status) {
      case 204:
        return this.#stop("ended");
      case 400:
        // Most likely the cursor, the one part that nobody wrote by hand. If it was not, the next answer denies.
        if (!isCursor(this.#since)) return this.#deny(message);
        this.#cursor = undefined;
        this.#since = this.#beginning();
        return this.#fail(message, now);
      case 401:
      case 403:
        return this.#deny(message);
      default:
        return this.#fail(message, now);
    }
  }

  /** The tab was hidden or shown. */
  handleVisibility(hidden: boolean, now: number): void {
    if (!hidden) {
      this.#deadlines.clear("rest");
      if (this.#aim === "resting" ? !this.#paused : this.#isWaiting()) this.#start();
    } else if (this.#aim === "up" && this.#deadlines.get("rest") === undefined) {
      this.#deadlines.set("rest", now + REST_AFTER);
    }
  }

  /** The browser says that there is a network, or none. A hub on this machine is reached all the same. */
  handleOnline(online: boolean): void {
    this.#online = online;
    if (online && this.#isWaiting()) this.#start();
  }

  /** Rests until `handleResume`. */
  handlePause(): void {
    this.#paused = true;
    if (this.#aim === "up") this.#stop("resting");
  }

  /** Takes up again what `handlePause` stopped. */
  handleResume(): void {
    this.#paused = false;
    if (this.#aim === "resting") this.#start();
  }

  /** Somebody does not want to wait. Does nothing while connected or after the end. */
  handleRetryNow(): void {
    if (this.#wire !== "none" || this.#aim === "ended" || this.#aim === "closed") return;
    this.#paused = false;
    this.#start();
  }

  /** Ends it for good. */
  handleClose(): void {
    this.#stop("closed");
  }

  /** The time may have come for something; whether it has is judged by `now`. */
  handleTimeout(now: number): void {
    if (this.#deadlines.take("rest", now)) this.#stop("resting");
    if (this.#deadlines.take("retry", now)) this.#due = true;
    if (this.#deadlines.take("healthy", now)) this.#failures = 0;
    if (this.#deadlines.take("answer", now)) this.#drop("the hub does not answer", now);
    if (this.#deadlines.take("check", now)) this.#check(now);
  }

  #check(now: number): void {
    const silence = now - this.#heard;
    if (silence > DEAD_AFTER) return this.#drop("the hub fell silent", now);
    this.#slow = silence > SLOW_AFTER;
    this.#deadlines.set("check", now + CHECK_EVERY);
  }

  /** Ends a connection that did not end by itself. */
  #drop(message: string, now: number): void {
    this.#fail(message, now);
    this.#cut = true;
  }

  #fail(message: string, now: number): void {
    this.#wire = "none";
    this.#deadlines.clear("answer", "healthy", "check");
    this.#error = message;
    this.#failures += 1;
    const wait = this.#wish + backoff(this.#failures, this.#options.random());
    this.#wish = 0;
    if (this.#failures > (this.#options.maxReconnectAttempts ?? Infinity)) return this.#stop("gave-up");
    this.#deadlines.set("retry", now + wait);
  }

  #deny(message: string): void {
    this.#error = message;
    this.#stop("denied");
  }

  #stop(aim: Exclude<Aim, "up">): void {
    this.#aim = aim;
    this.#cut ||= this.#wire !== "none";
    this.#due = false;
    this.#deadlines.clear("answer", "healthy", "check", "retry", "rest");
  }

  #start(): void {
    this.#aim = "up";
    this.#due = true;
    this.#deadlines.clear("retry");
  }

  #isWaiting(): boolean {
    return this.#aim === "up" && this.#wire === "none";
  }

  /** Where to begin when the cursor is no good: as at first, which at worst reads again what the store then drops. */
  #beginning(): string {
    const { since } = this.#options;
    return since === undefined || isCursor(since) ? "snapshot" : since;
  }

  #state(): ConnectionState {
    switch (this.#aim) {
      case "ended":
      case "closed":
        return "ended";
      case "denied":
        return "denied";
      case "resting":
      case "gave-up":
        return "offline";
      case "up":
        if (this.#wire === "open") return this.#slow ? "slow" : "live";
        if (this.#failures === 0) return "connecting";
        return this.#online ? "reconnecting" : "offline";
    }
  }
}

/** Everything but the words; what a cursor looks like inside is the hub's business. */
function isCursor(since: string): boolean {
  return since !== "snapshot" && since !== "earliest" && since !== "now";
}
