// The WebAssembly module, instantiated once per page.

import instantiate from "../pkg/choo_wasm.js";
import { ChooError } from "./errors.js";

/** Where the module comes from: its address, an answer that carries it, its bytes, or the compiled module. */
export type ModuleSource = URL | string | Response | BufferSource | WebAssembly.Module;

let ready = false;
let loading: Promise<void> | undefined;

/** Instantiates the module. Once that has begun, later calls wait for the same; after a failure one may try again. */
export function instantiateOnce(source: () => ModuleSource | Promise<ModuleSource>): Promise<void> {
  loading ??= start(source).catch((cause: unknown) => {
    loading = undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ChooError("load", `the WebAssembly module could not be loaded: ${reason}`, { cause });
  });
  return loading;
}

/** Throws unless the module is there. */
export function requireModule(): void {
  if (!ready) throw new ChooError("not-loaded", "the WebAssembly module is not loaded: await load() first");
}

async function start(source: () => ModuleSource | Promise<ModuleSource>): Promise<void> {
  await instantiate({ module_or_path: readable(await source()) });
  ready = true;
}

/** Node's `fetch` reads no files. */
function readable(source: ModuleSource): ModuleSource {
  const url = typeof source === "string" && source.startsWith("file:") ? new URL(source) : source;
  if (!(url instanceof URL) || url.protocol !== "file:") return source;
  const fs = host.process?.getBuiltinModule?.("node:fs");
  return fs === undefined ? source : fs.readFileSync(url);
}

/** As much of Node as is needed, asked for at run time so that no bundler looks for it. */
interface Host {
  readonly process?: {
    getBuiltinModule?(name: "node:fs"): { readFileSync(path: URL): Uint8Array<ArrayBuffer> } | undefined;
  };
}

const host = globalThis as Host;
