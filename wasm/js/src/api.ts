// What both front doors, `index` and `slim`, export.

export { connect } from "./connect.js";
export type { Connection, ConnectOptions, Transport } from "./connection.js";
export { decode, Decoder, type LineFault } from "./decoder.js";
export { ChooError, CommandError } from "./errors.js";
export type { ModuleSource } from "./module.js";
export type { CommandOptions, CommandOutcome } from "./order.js";
export type { Selection } from "./request.js";
export type { ConnectionState, ConnectionStatus } from "./status.js";
export { literal, RunStore, type RunStoreOptions } from "./store.js";
export type * from "./types.gen.js";
