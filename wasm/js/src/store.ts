import { RunStore as WasmStore } from "../pkg/choo_wasm.js";
import { guarded } from "./errors.js";
import { requireModule } from "./module.js";
import type {
  DiffState,
  EventFilter,
  GraphLayout,
  LogLine,
  RunState,
  RunSummary,
  StoreChanges,
  StoreFault,
  UnitState,
  WireEvent,
} from "./types.gen.js";

export interface RunStoreOptions {
  /** About how many bytes of lines are kept for event and log lists, of all runs; older ones go. Default 64 MiB. */
  readonly journalBytes?: number;
}

/**
 * Folds a hub's stream: many runs, their units, their events and log lines. Everything stays in WebAssembly memory;
 * objects are made for what is asked for, and are yours.
 */
export class RunStore {
  readonly #wasm: WasmStore;

  constructor({ journalBytes }: RunStoreOptions = {}) {
    requireModule();
    this.#wasm = new WasmStore(journalBytes);
  }

  /** Another connection begins: the torn last line of the one before is forgotten. `connect` does this itself. */
  beginStream(): void {
    this.#wasm.beginStream();
  }

  /** Takes the next bytes, cut anywhere, and says what they changed. */
  push(bytes: Uint8Array): StoreChanges {
    return guarded(() => this.#wasm.push(bytes) as StoreChanges);
  }

  /** All runs, the one that started last first. */
  runs(): RunSummary[] {
    return guarded(() => this.#wasm.runs() as RunSummary[]);
  }

  /** A run's state without its units and files, of which there may be thousands; `undefined` for an unknown run. */
  run(run: string): RunState | undefined {
    return guarded(() => this.#wasm.run(run) as RunState | undefined);
  }

  /** Units of a run by id: those of `ids` that exist, or all. */
  units(run: string, ids?: readonly string[]): Record<string, UnitState> {
    return guarded(() => this.#wasm.units(run, ids && [...ids]) as Record<string, UnitState>);
  }

  /** One unit; `undefined` if it does not exist. */
  unit(run: string, id: string): UnitState | undefined {
    return guarded(() => this.#wasm.unit(run, id) as UnitState | undefined);
  }

  /** The files that differ in a unit's work tree (of no unit for ""), by their path; the texts are in the events. */
  diffs(run: string, unit: string): Record<string, DiffState> {
    return guarded(() => this.#wasm.diffs(run, unit) as Record<string, DiffState>);
  }

  /** The drawing of a run's graph, levels from left to right, in pixels; empty for an unknown run. */
  layout(run: string): GraphLayout {
    return guarded(() => this.#wasm.layout(run) as GraphLayout);
  }

  /** How many events of a run fit the filter. */
  eventCount(run: string, filter?: EventFilter): number {
    return guarded(() => this.#wasm.eventCount(run, text(filter)));
  }

  /** The events that fit, from a place in their list on, oldest first. */
  events(run: string, from: number, count: number, filter?: EventFilter): WireEvent[] {
    return guarded(() => this.#wasm.events(run, from, count, text(filter)) as WireEvent[]);
  }

  /** How many events of a run have gone to make room. */
  eventsDropped(run: string): number {
    return this.#wasm.eventsDropped(run);
  }

  /** How many log lines a run, a unit or a task has. */
  logCount(run: string, unit?: string, task?: number): number {
    return this.#wasm.logCount(run, unit, task);
  }

  /** The log lines of a run, a unit or a task, from a place in their list on, oldest first. */
  logs(run: string, unit: string | undefined, task: number | undefined, from: number, count: number): LogLine[] {
    return guarded(() => this.#wasm.logs(run, unit, task, from, count) as LogLine[]);
  }

  /** How many log lines have gone from the front of that list. */
  logsDropped(run: string, unit?: string, task?: number): number {
    return this.#wasm.logsDropped(run, unit, task);
  }

  /** The last lines that could not be used, at most 100, oldest first. */
  faults(): StoreFault[] {
    return guarded(() => this.#wasm.faults() as StoreFault[]);
  }

  /** Up to where the stream has been taken: the `since` of another connection. */
  get cursor(): string | undefined {
    return this.#wasm.cursor;
  }

  /** Rises with every change. */
  get version(): number {
    return this.#wasm.version;
  }

  /** Gives the memory back. The store cannot be used any more; close its connection first. */
  free(): void {
    this.#wasm.free();
  }
}

function text(filter: EventFilter | undefined): string | undefined {
  return filter && JSON.stringify(filter);
}

/** A pattern for an `EventFilter` or a `Selection` that fits this text and no other: its stars are no patterns. */
export function literal(text: string): string {
  return text.replace(/[\\*]/g, "\\$&");
}
