// The list that `cargo test -p choo-tests --test verdicts` writes and checks, with the bytes of each case.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @import { Case } from "./judge.mjs" */

const VECTORS = fileURLToPath(new URL("../vectors", import.meta.url));
// As Rust's tests find it: beside the checkout.
const SUITE = fileURLToPath(new URL("../../../shared/data/json-test-suite", import.meta.url));

/**
 * All cases, but for those of the public JSONTestSuite where that is not beside this checkout, which is said.
 * @returns {Case[]}
 */
export function cases() {
  const [head = "{}", ...lines] = readFileSync(join(VECTORS, "verdicts.ndjson"), "utf8").trimEnd().split("\n");
  const listed = lines.map((line) => JSON.parse(line));
  // A list that was cut off would test less and less.
  if (listed.length !== JSON.parse(head).cases) throw new Error("verdicts.ndjson does not have the cases it says");
  const here = existsSync(SUITE) ? listed : listed.filter(({ suite }) => suite === undefined);
  if (here.length < listed.length) {
    console.error(`!! SKIPPED: ${listed.length - here.length} verdicts on the public JSONTestSuite: it is not here`);
  }
  return here.map((entry) => ({
    name: entry.case,
    hex: bytesOf(entry).toString("hex"),
    lines: entry.lines,
    runs: entry.runs,
  }));
}

/**
 * @param {{ case: string, text?: string, hex?: string, vectors?: true, suite?: { payload: boolean } }} entry
 * @returns {Buffer}
 */
function bytesOf({ case: name, text, hex, vectors, suite }) {
  if (text !== undefined) return Buffer.from(text);
  if (hex !== undefined) return Buffer.from(hex, "hex");
  if (vectors) return readFileSync(join(VECTORS, name));
  const document = readFileSync(join(SUITE, name));
  const around = suite?.payload ? ['{"type":"a","payload":', "}\n"] : ["", "\n"];
  return Buffer.concat([Buffer.from(around[0] ?? ""), document, Buffer.from(around[1] ?? "")]);
}
