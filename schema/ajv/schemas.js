// The schemas of the repository, compiled by Ajv: strict, and a format it does not know is an error.

import { readFileSync } from "node:fs";
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const ROOT = new URL("../", import.meta.url);
const VECTORS = new URL("../../tests/vectors/", import.meta.url);

export const FILES = ["read/event", "read/line", "read/state", "store", "write/event", "write/state"];

const ajv = new Ajv2020({ strict: true, strictSchema: true, allErrors: true, validateFormats: true });
addFormats(ajv);

/** Every schema by its file. */
export const schemas = Object.fromEntries(
  FILES.map((name) => [name, JSON.parse(readFileSync(new URL(`${name}.schema.json`, ROOT), "utf8"))]),
);
for (const [name, schema] of Object.entries(schemas)) ajv.addSchema(schema, name);

/** Says whether values fit a schema, or one of its definitions. */
export function validator(name, definition) {
  const fragment = definition === undefined ? "" : `#/$defs/${definition}`;
  return ajv.compile({ $ref: `${name}${fragment}` });
}

/** The text of a golden vector. */
export function vector(name) {
  return readFileSync(new URL(name, VECTORS), "utf8");
}
