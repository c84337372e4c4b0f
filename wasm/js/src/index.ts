// choo's wire in the browser and in Node. `load()` once, then `connect()` a `RunStore` to a hub, or decode lines with
// a `Decoder`. Decoding, validating, folding and drawing are the hub's own code in WebAssembly; what is here converts,
// calls, and keeps a connection alive. React hooks are in `@choo/wire/react`.

export * from "./api.js";
export { load } from "./load.js";
