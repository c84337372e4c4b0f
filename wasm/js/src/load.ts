import { instantiateOnce, type ModuleSource } from "./module.js";

/**
 * Loads the WebAssembly module; everything else wants it there. Calls after the first wait for the same module.
 *
 * Without `source` it is the file that lies in this package: bundlers know the `new URL` below and bring it along,
 * a browser without a bundler fetches it beside this file, Node reads it from disk. The page's content security
 * policy needs `'wasm-unsafe-eval'`, nothing more.
 */
export function load(source?: ModuleSource | Promise<ModuleSource>): Promise<void> {
  return instantiateOnce(() => source ?? new URL("../pkg/choo_wasm_bg.wasm", import.meta.url));
}
