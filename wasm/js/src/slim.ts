// The same as `index` without the address of the module, for pages that bring it themselves:
//
//     import { load } from "@choo/wire/slim";
//     await load(fetch("/static/choo_wasm_bg.wasm"));

import { instantiateOnce, type ModuleSource } from "./module.js";

export * from "./api.js";

/** Loads the WebAssembly module from where the page has it. Calls after the first wait for the same module. */
export function load(source: ModuleSource | Promise<ModuleSource>): Promise<void> {
  return instantiateOnce(() => source);
}
