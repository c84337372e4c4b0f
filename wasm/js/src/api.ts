// What both front doors, `index` and `slim`, export.

export { connect, type Connection, type ConnectOptions, type Transport } from "./connect.js";
export { decode, Decoder, type LineFault } from "./decoder.js";
export { ChooError } from "./errors.js";
export type { ModuleSource } from "./module.js";
export type { Selection } from "./request.js";
export type { ConnectionState, ConnectionStatus } from "./status.js";
export { literal, RunStore, type RunStoreOptions } from "./store.js";
export type * from "./types.gen.js";
