// What both front doors, `index` and `slim`, export.

export { connect, type Connection, type ConnectOptions } from "./connect.js";
export { decode, Decoder, type LineFault } from "./decoder.js";
export { ChooError } from "./errors.js";
export type { ModuleSource } from "./module.js";
export { RunStore, type RunStoreOptions } from "./store.js";
export type { ConnectionState, ConnectionStatus } from "./status.js";
export type {
  EventFilter,
  GraphLayout,
  HubBye,
  HubEnd,
  HubGap,
  HubHello,
  LogLine,
  LogStream,
  Loss,
  LostRange,
  PlacedNode,
  Point,
  PrState,
  RoutedEdge,
  RunState,
  RunStatus,
  RunSummary,
  SeqRange,
  StoreChanges,
  StoreFault,
  TaskState,
  TaskStatus,
  UnitChanges,
  UnitCounts,
  UnitState,
  UnitStatus,
  WireEvent,
} from "./types.gen.js";
