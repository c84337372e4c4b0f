import {
  connect, RunStore,
  type Connection, type ConnectionStatus, type EventFilter, type GraphLayout, type HubGap, type LogLine, type RunState,
  type RunSummary, type StoreChanges, type UnitState, type WireEvent,
} from "@choo/wire";
import { Batch } from "./batch";
import { Frame } from "./frame";
import { Topics, type Topic } from "./Topics";

/** The lines of a run kept in this page for the log and event lists, in bytes. Older ones make room. */
const JOURNAL_BYTES = 96 * 1024 * 1024;

/** What the run list needs to fold run and unit statuses; log lines stay at the hub. */
const LIST_TYPES = ["graph", "orch.*", "unit.*", "pr.*"];

/** Gaps remembered at most. */
const MAX_GAPS = 64;

const EMPTY_LAYOUT: GraphLayout = { width: 0, height: 0, node_width: 0, node_height: 0, nodes: [], edges: [] };

export interface FeedOptions {
  /** The run to follow with all its lines. Without it, the statuses of every live run. */
  readonly run?: string;
  readonly token?: string;
}

/**
 * The page's one store and its one streaming connection. Everything is folded in wasm; this keeps the answers to the
 * questions that components ask on every render, reads them again once per frame, and tells only those components
 * whose part moved.
 */
export class Feed {
  /** The run followed, if any. */
  readonly run: string | undefined;
  #status: ConnectionStatus = { state: "connecting", attempt: 0 };
  #state: RunState | undefined;
  #summary: RunSummary | undefined;
  #list: readonly RunSummary[] = [];
  #layout: GraphLayout = EMPTY_LAYOUT;
  #gaps: readonly HubGap[] = [];
  #errors = 0;
  #closed = false;
  #batch = new Batch();
  readonly #units = new Map<string, UnitState>();
  readonly #versions = new Map<Topic, number>();
  readonly #topics = new Topics();
  readonly #frame = new Frame(() => this.#flush());
  readonly #store = new RunStore({ journalBytes: JOURNAL_BYTES });
  readonly #connection: Connection;

  constructor({ run, token }: FeedOptions) {
    this.run = run;
    this.#connection = connect({
      url: new URL("/api/v1/events", location.href).href,
      ...(token === undefined ? {} : { token }),
      ...(run === undefined ? { types: LIST_TYPES } : { run, since: "earliest" }),
      store: this.#store,
      onChange: (changes) => this.#changed(changes),
      onStatus: (status) => this.#statusChanged(status),
    });
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** The state of the run followed, without its units; `undefined` until the hub has told of it. */
  get state(): RunState | undefined {
    return this.#state;
  }

  /** The same run in one line, with its units counted by status. */
  get summary(): RunSummary | undefined {
    return this.#summary;
  }

  /** Every run that the stream told of, as the store orders them. */
  get list(): readonly RunSummary[] {
    return this.#list;
  }

  /** The units of the run followed, by id. The map is the same one throughout; its entries are replaced. */
  get units(): ReadonlyMap<string, UnitState> {
    return this.#units;
  }

  get layout(): GraphLayout {
    return this.#layout;
  }

  /** What the hub said to be missing in this page's stream, oldest first. */
  get gaps(): readonly HubGap[] {
    return this.#gaps;
  }

  /** How many lines could not be read, here or at the hub. */
  get errors(): number {
    return this.#errors;
  }

  /** What was wrong with the last of them. */
  get lastError(): string | undefined {
    return this.#closed ? undefined : this.#store.faults().at(-1)?.message;
  }

  /** Rises with every change under `topic`: a snapshot for `useSyncExternalStore`. */
  version(topic: Topic): number {
    return this.#versions.get(topic) ?? 0;
  }

  subscribe(topic: Topic, listener: () => void): () => void {
    return this.#topics.subscribe(topic, listener);
  }

  eventCount(filter: EventFilter): number {
    return this.#closed || this.run === undefined ? 0 : this.#store.eventCount(this.run, filter);
  }

  events(from: number, count: number, filter: EventFilter): readonly WireEvent[] {
    return this.#closed || this.run === undefined ? [] : this.#store.events(this.run, from, count, filter);
  }

  logCount(unit: string | undefined): number {
    return this.#closed || this.run === undefined ? 0 : this.#store.logCount(this.run, unit);
  }

  logs(unit: string | undefined, from: number, count: number): readonly LogLine[] {
    return this.#closed || this.run === undefined ? [] : this.#store.logs(this.run, unit, undefined, from, count);
  }

  /** How many events have left this page to make room; they stood before the first one of the list. */
  eventsDropped(): number {
    return this.#closed || this.run === undefined ? 0 : this.#store.eventsDropped(this.run);
  }

  /** The same for log lines. */
  logsDropped(unit: string | undefined): number {
    return this.#closed || this.run === undefined ? 0 : this.#store.logsDropped(this.run, unit);
  }

  /** Tries to reconnect at once instead of waiting for the next attempt. */
  retryNow(): void {
    this.#connection.retryNow();
  }

  /** Ends the connection and frees the store. Harmless when repeated. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#frame.cancel();
    this.#connection.close();
    this.#store.free();
  }

  #changed(changes: StoreChanges): void {
    if (this.#closed) return;
    this.#batch.add(changes, this.run);
    this.#frame.ask();
  }

  #statusChanged(status: ConnectionStatus): void {
    if (this.#closed) return;
    this.#status = status;
    this.#moved("status");
  }

  #flush(): void {
    const batch = this.#batch;
    this.#batch = new Batch();
    if (batch.gaps.length > 0) this.#gaps = [...this.#gaps, ...batch.gaps].slice(-MAX_GAPS);
    this.#errors += batch.errors;
    if (this.run === undefined) {
      if (batch.list) {
        this.#list = this.#store.runs();
        this.#moved("list");
      }
      return;
    }
    this.#readUnits(this.run, batch);
    if (batch.run || batch.all || batch.units.size > 0 || batch.gaps.length > 0 || batch.errors > 0) {
      this.#state = this.#store.run(this.run);
      this.#summary = this.#store.runs().find(({ run }) => run === this.run);
      this.#moved("run");
    }
    if (batch.events) this.#moved("events");
  }

  #readUnits(run: string, batch: Batch): void {
    // A unit that was not there before changes the graph as a snapshot does.
    const whole = batch.all || [...batch.units].some((id) => !this.#units.has(id));
    if (!whole && batch.units.size === 0) return;
    const read = Object.entries(this.#store.units(run, whole ? undefined : [...batch.units]));
    if (whole) {
      this.#units.clear();
      this.#layout = this.#store.layout(run);
    }
    for (const [id, unit] of read) this.#units.set(id, unit);
    if (whole) this.#moved("graph");
    this.#moved("units");
    for (const [id] of read) this.#moved(`unit:${id}`);
  }

  #moved(topic: Topic): void {
    this.#versions.set(topic, this.version(topic) + 1);
    this.#topics.publish(topic);
  }
}
