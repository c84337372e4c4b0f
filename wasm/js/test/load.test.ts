import { readFileSync } from "node:fs";
import { beforeEach, expect, it, vi } from "vitest";

const MODULE = new URL("../pkg/choo_wasm_bg.wasm", import.meta.url);

// Each test meets a package that has loaded nothing yet.
beforeEach(() => vi.resetModules());

it("says what to do when the module is not there", async () => {
  const { decode, Decoder, RunStore } = await import("../src/index.js");
  for (const use of [() => decode("{}"), () => new Decoder(), () => new RunStore()]) {
    expect(use).toThrow(expect.objectContaining({ name: "ChooError", kind: "not-loaded" }));
  }
});

it("loads its own file, once for all who ask", async () => {
  const { load, decode } = await import("../src/index.js");
  await Promise.all([load(), load(), load()]);
  await load();
  expect(decode('{"type":"a"}')).toEqual({ type: "a" });
});

it.each([
  ["an address", () => MODULE],
  ["an address as text", () => MODULE.href],
  ["bytes", () => readFileSync(MODULE)],
  ["a module", () => new WebAssembly.Module(readFileSync(MODULE))],
  ["an answer", () => new Response(readFileSync(MODULE), { headers: { "content-type": "application/wasm" } })],
])("takes %s", async (_, source) => {
  const { load, decode } = await import("../src/slim.js");
  await load(source());
  expect(decode('{"type":"a"}')).toEqual({ type: "a" });
});

it("fails with a reason, and may be tried again", async () => {
  const { load, decode } = await import("../src/slim.js");
  await expect(load(new Response("gone", { status: 404 }))).rejects.toMatchObject({ kind: "load" });
  await expect(load(new Uint8Array([1, 2, 3]))).rejects.toMatchObject({ name: "ChooError", kind: "load" });
  await load(MODULE);
  expect(decode('{"type":"a"}')).toEqual({ type: "a" });
});
