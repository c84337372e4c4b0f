import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";

// What others install is the packed archive, not this directory. It has to be built before: `npm run build`.

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));
const LIMIT = 60_000;

let consumer: string;

beforeAll(() => {
  consumer = mkdtempSync(join(tmpdir(), "choo-wire-"));
  const packed = npm(PACKAGE, "pack", "--json", "--pack-destination", consumer);
  const [{ filename }] = JSON.parse(packed) as [{ filename: string }];
  writeFileSync(join(consumer, "package.json"), JSON.stringify({ private: true, type: "module" }));
  npm(consumer, "install", "--offline", "--no-audit", "--no-fund", "--no-package-lock", join(consumer, filename));
}, LIMIT);

afterAll(() => rmSync(consumer, { recursive: true, force: true }));

function npm(directory: string, ...args: string[]): string {
  return execFileSync("npm", args, { cwd: directory, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs a program of the consumer and returns what it prints. */
function run(program: string): unknown {
  const file = join(consumer, "program.js");
  writeFileSync(file, program);
  return JSON.parse(execFileSync(process.execPath, [file], { cwd: consumer, encoding: "utf8" }));
}

it("decodes a line in Node, from nothing but the archive", () => {
  const printed = run(`
    import { decode, load, RunStore } from "@choo/wire";
    await load();
    const store = new RunStore();
    const changes = store.push(new TextEncoder().encode('{"type":"unit.started","unit":"a","run":"r","seq":1}\\n'));
    console.log(JSON.stringify([decode('{"type":"a","data":1}'), changes.units]));
  `);
  expect(printed).toEqual([{ type: "a", payload: 1 }, [{ run: "r", ids: ["a"] }]]);
}, LIMIT);

it("lets a slim page bring the module itself", () => {
  const printed = run(`
    import { readFileSync } from "node:fs";
    import { decode, load } from "@choo/wire/slim";
    await load(readFileSync(new URL(import.meta.resolve("@choo/wire/choo_wasm_bg.wasm"))));
    console.log(JSON.stringify(decode('{"type":"a"}')));
  `);
  expect(printed).toEqual({ type: "a" });
}, LIMIT);
